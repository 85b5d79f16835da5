"""`%aml_runs`, `%aml_best`, `%aml_show`, `%aml_compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from mlflow_aml_magics.errors import ExperimentNotFound, MetricNotFound, QueryError, RunNotFound, UsageError


def test_runs_is_what_search_runs_gives(runs: Any) -> None:
    mine = runs.run("%aml_runs")
    theirs = mlflow.search_runs(experiment_names=["wine"])
    pd.testing.assert_frame_equal(mine[theirs.columns], theirs)


def test_the_query_may_say_or_and_not(runs: Any) -> None:
    frame = runs.run("%aml_runs metrics.rmse < 4 or not params.alpha in ('0.1', '0.5') --order-by 'params.alpha DESC'")
    assert list(frame["tags.mlflow.runName"]) == ["none", "low"]
    assert len(runs.run("%aml_runs run_name like 'l%' --limit 5")) == 1


def test_python_variables_expand(runs: Any) -> None:
    runs.run("limit = 4")
    assert len(runs.run("%aml_runs metrics.rmse < $limit")) == 1
    assert len(runs.run("%aml_runs metrics.rmse < {limit + 2}")) == 2


def test_words_of_queries_stay_as_they_are(runs: Any) -> None:
    assert list(runs.run("%aml_runs run_name RLIKE '^.{3}$'")["tags.mlflow.runName"]) == ["low"]
    assert len(runs.run("%aml_runs metrics.rmse > -1e-5")) == 2
    assert len(runs.run("%aml_runs \"run_name = 'low'\"")) == 1
    assert len(runs.run("%aml_runs metrics.rmse > 0 --limit 5 and alpha < 0.3")) == 1


def test_a_variable_stands_for_its_run_but_no_other_value_does(runs: Any) -> None:
    best = runs.run("best = %aml_best --metric rmse\nbest")
    assert runs.run("%aml_show best").run_id == best.run_id
    assert "low" in repr(runs.run("%aml_compare best high"))
    runs.run("low = 3")
    assert runs.run("%aml_show low").run_name == "low"


def test_reading_where_nothing_is_tracked_makes_no_store(shell: Any) -> None:
    with pytest.raises(UsageError, match="nothing is tracked here"):
        shell.run("%aml_runs")
    assert not Path("mlflow.db").exists()


def test_an_untracked_notebook_follows_the_settings(shell: Any, here: Path) -> None:
    assert len(shell.run("%aml_runs")) == 0
    mlflow.set_tracking_uri(f"sqlite:///{here}/other.db")
    mlflow.set_experiment("elsewhere")
    with mlflow.start_run():
        pass
    assert len(shell.run("%aml_runs --all")) == 1


def test_a_wrong_query_points_at_the_word(runs: Any) -> None:
    with pytest.raises(QueryError) as caught:
        runs.run("%aml_runs metrics.rsme < 4")
    assert "rmse" in (caught.value.hint or "")
    assert any("^" in line for line in caught.value._render_traceback_())


def test_an_unknown_experiment_names_the_nearest(runs: Any) -> None:
    with pytest.raises(ExperimentNotFound, match="wien") as caught:
        runs.run("%aml_runs --experiment wien")
    assert "wine" in (caught.value.hint or "")


def test_best_says_why_lower_is_better(runs: Any) -> None:
    best = runs.run("best = %aml_best --metric rmse\nbest")
    assert (best.run_name, best.goal, best.without) == ("low", "min", 1)
    assert "rmse" in repr(best)
    assert runs.run("%aml_best --metric rmse --max").run_name == "high"
    assert runs.run("%aml_show $best").run_id == best.run_id


def test_best_asks_when_it_cannot_know(runs: Any) -> None:
    with pytest.raises(UsageError, match="which metric"):
        runs.run("%aml_best")
    with pytest.raises(UsageError, match="lower or higher"):
        runs.run("%aml_best --metric oddness")
    with pytest.raises(MetricNotFound, match="rsme") as caught:
        runs.run("%aml_best --metric rsme")
    assert "rmse" in (caught.value.hint or "")
    with pytest.raises(RunNotFound):
        runs.run("%aml_best metrics.rmse > 100 --metric rmse")


def test_the_experiments_goal_wins_over_the_name(runs: Any) -> None:
    experiment = mlflow.get_experiment_by_name("wine")
    client = mlflow.MlflowClient()
    client.set_experiment_tag(experiment.experiment_id, "mlflow.experiment.primaryMetric.name", "rmse")
    client.set_experiment_tag(experiment.experiment_id, "mlflow.experiment.primaryMetric.greaterIsBetter", "true")
    best = runs.run("%aml_best")
    assert (best.run_name, best.goal) == ("high", "max")
    assert "wine" in best.why


def test_show_finds_by_name_and_beginning(runs: Any) -> None:
    by_name = runs.run("%aml_show low")
    assert runs.run(f"%aml_show {by_name.run_id[:8]}").run_id == by_name.run_id
    assert ("alpha", "0.1") in by_name.params
    with pytest.raises(RunNotFound) as caught:
        runs.run("%aml_show lwo")
    assert "low" in (caught.value.hint or "")
    with pytest.raises(RunNotFound):
        runs.run(f"%aml_show {'0' * 32}")


def test_compare_in_a_terminal_is_static(runs: Any) -> None:
    text = repr(runs.run("%aml_compare --metric rmse"))
    assert "low" in text
    assert "alpha" in text


def test_side_by_side_has_the_difference(runs: Any) -> None:
    text = repr(runs.run("%aml_compare high low"))
    assert "−2" in text
    assert "rmse" in text
    with pytest.raises(UsageError, match="one run"):
        runs.run("%aml_compare low")


def test_a_hostile_run_name_is_text(tracked: Any) -> None:
    tracked.run(
        "import mlflow\nfor n in (1, 2):\n  with mlflow.start_run(run_name='<img src=x onerror=alert(1)>'):\n"
        "    mlflow.log_metric('rmse', n); mlflow.log_param('a b', '`x`')"
    )
    for line in ("%aml_compare --metric rmse --static", "%aml_best --metric rmse"):
        html = tracked.run(line)._repr_mimebundle_()["text/html"]
        assert "<img" not in html
        assert "&lt;img" in html
