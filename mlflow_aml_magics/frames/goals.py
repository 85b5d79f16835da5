"""Whether lower or higher is better, told from a metric's name."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["goal_of", "held_out"]

# Words that decide, the more telling first: "brier_score" is no score to raise, "neg_mean_squared_error" none to lower.
_UNKNOWN = "std stdev stddev time seconds count epoch step lr size samples weight"
_MIN = (
    "rmse mse mae mape smape wape msle rmsle rmspe medae mase crps logloss loss perplexity ppl error err errors wer "
    "cer mer ter ece nll brier hinge deviance crossentropy entropy pinball fid kld divergence distance latency regret "
    "cost fpr fnr aic bic davies rank"
)
_MAX = (
    "auc auroc auprc roc accuracy acc f1 f2 fbeta r2 precision recall sensitivity specificity ndcg mrr map iou miou "
    "dice jaccard kappa mcc bleu rouge meteor silhouette calinski ari nmi likelihood elbo psnr ssim reward throughput "
    "correlation pearson spearman gini tpr tnr hits lift explained score"
)
_PHRASES: dict[str, Literal["min", "max"]] = {
    "log loss": "min",
    "cross entropy": "min",
    "false positive": "min",
    "false negative": "min",
    "r squared": "max",
    "true positive": "max",
    "true negative": "max",
    "average precision": "max",
    "explained variance": "max",
}
_WORDS: dict[str, Literal["min", "max"]] = {
    **dict.fromkeys(_MAX.split(), "max"),
    **dict.fromkeys(_MIN.split(), "min"),
}
_NEUTRAL = frozenset(_UNKNOWN.split())
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")


def goal_of(metric: str) -> tuple[Literal["min", "max"], str] | None:
    """Which way a metric gets better, and the reason, or None where its name does not say.

    Whole words count, in whatever style they are joined: val_rmse, training_root_mean_squared_error, eval/loss,
    bestCvScore. A negated error (scikit-learn's ``neg_mean_squared_error``) is to be raised.

    >>> goal_of("val_rmse")
    ('min', 'lower rmse is better')
    """
    words = [word.lower() for word in _WORD.findall(metric)]
    if _NEUTRAL.intersection(words):
        return None
    text = " ".join(words)
    found = next(((phrase, goal) for phrase, goal in _PHRASES.items() if f" {phrase} " in f" {text} "), None)
    if found is None:
        known = [word for word in words if word in _WORDS]
        # An error in the name outweighs a score in it; of two equals the last is what is measured.
        known.sort(key=lambda word: (_WORDS[word] == "min", word != "score"))
        if not known:
            return None
        found = known[-1], _WORDS[known[-1]]
    word, goal = found
    if "neg" in words or "negative" in words[:1]:
        return (
            ("min", f"lower negative {word} is better")
            if goal == "max"
            else ("max", f"higher negative {word} is better")
        )
    return (goal, f"{'lower' if goal == 'min' else 'higher'} {word} is better")


def held_out(metric: str) -> bool:
    """Whether the name says that it was measured on data which the model was not fitted to: val_rmse, cv/score."""
    return not {"val", "valid", "validation", "test", "eval", "cv", "oob", "holdout"}.isdisjoint(
        word.lower() for word in _WORD.findall(metric)
    )
