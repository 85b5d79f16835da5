"""Functional ANOVA of boosted trees: how a target varies along each column by itself, all others averaged over.

F. Hutter, H. Hoos, K. Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance", ICML 2014: exact
for trees, from the boxes that their leaves are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Array", "explained"]

Array = np.ndarray[Any, Any]

TREES, DEPTH, RATE = 30, 5, 0.2
GRID = 64  # places of a marginal


def explained(x: Array, target: Array, drawn: Array, cube: Array, *, seed: int) -> tuple[Array, Array, Array]:
    """Boosted trees fitted to the drawn rows: what they predict for all rows and for the cube, and their marginals.

    Boosted, as a forest's greedy trees hide what is small or has its best in the middle behind the first param.

    Args:
        x: a row a run, a column a param, from 0 to 1 by rank.
        target: of each row.
        drawn: the rows to fit to, some of them several times.
        cube: points at random in the unit cube, as wide as ``x``.
        seed: of the trees.

    Returns:
        Predictions for ``x``, those for ``cube``, and of each param its `GRID` places' means (param x place).
    """
    from sklearn.tree import ExtraTreeRegressor

    everywhere = np.vstack([x, cube]).astype(np.float32)
    fitted = np.full(len(everywhere), target[drawn].mean())
    marginals = np.zeros((x.shape[1], GRID))
    leaf = max(2, len(drawn) // 100)
    for i in range(TREES):
        tree = ExtraTreeRegressor(
            max_depth=DEPTH, min_samples_leaf=leaf, max_features=None, random_state=seed * TREES + i
        )
        tree.fit(everywhere[drawn], target[drawn] - fitted[drawn])
        fitted += RATE * tree.predict(everywhere)
        _add_marginals(marginals, tree.tree_)
    return fitted[: len(x)], fitted[len(x) :], marginals


def _add_marginals(marginals: Array, tree: Any) -> None:
    """A tree's mean along each param, all others averaged over, added at the `GRID` places of each.

    Each leaf is a box in the unit cube of ranks. To the marginal of a param it gives its value times its extent in all
    others, between its two edges there.
    """
    low, high, values = _boxes(tree, len(marginals))
    widths = high - low
    weights = RATE * values * widths.prod(axis=1)
    for param in np.unique(tree.feature[tree.feature >= 0]):
        heights = weights / widths[:, param]
        steps = np.zeros(GRID + 1)
        np.add.at(steps, np.ceil(low[:, param] * GRID - 0.5).astype(int), heights)
        np.add.at(steps, np.ceil(high[:, param] * GRID - 0.5).astype(int), -heights)
        marginals[param] += np.cumsum(steps)[:-1]


def _boxes(tree: Any, params: int) -> tuple[Array, Array, Array]:
    """Lower and upper corners of the leaves, and their values."""
    left, right, feature, threshold = tree.children_left, tree.children_right, tree.feature, tree.threshold
    low, high = np.zeros((tree.node_count, params)), np.ones((tree.node_count, params))
    for node in np.flatnonzero(left >= 0):  # parents come before their children
        children = [left[node], right[node]]
        low[children], high[children] = low[node], high[node]
        high[left[node], feature[node]] = low[right[node], feature[node]] = threshold[node]
    leaves = left < 0
    return low[leaves], high[leaves], tree.value[leaves, 0, 0]
