"""Which way a metric gets better, by its name."""

from __future__ import annotations

import pytest

from mlflow_aml_magics.frames.goals import goal_of

LOWER = """rmse val_rmse training_root_mean_squared_error eval/loss mean_absolute_error logLoss log_loss
    brier_score perplexity valLoss error_rate max_error training-mae test.mape davies_bouldin_score neg_log_likelihood
    cross_entropy"""
HIGHER = """accuracy val_acc ROC_AUC roc_auc_score f1 f1_score test_f1_macro r2 val_r2 r2_score best_cv_score ndcg
    precision_at_5 recall explained_variance average_precision neg_mean_squared_error eval/mean_reward training_score
    top5_accuracy"""
UNKNOWN = "alpha mean_fit_time std_test_score system/cpu_utilization epoch lossy scoreboard errorless n_estimators"


@pytest.mark.parametrize("metric", LOWER.split())
def test_lower_is_better(metric: str) -> None:
    assert (goal_of(metric) or ("?",))[0] == "min"


@pytest.mark.parametrize("metric", HIGHER.split())
def test_higher_is_better(metric: str) -> None:
    assert (goal_of(metric) or ("?",))[0] == "max"


@pytest.mark.parametrize("metric", UNKNOWN.split())
def test_the_name_does_not_say(metric: str) -> None:
    assert goal_of(metric) is None


def test_the_reason_names_the_word() -> None:
    assert goal_of("val_rmse") == ("min", "lower rmse is better")
