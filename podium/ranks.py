"""ROC AUC and average precision under weights of the rows, for many weightings at once.

The order of the scores does not depend on the weights: it is found once, and each weighting is then a running sum
along it. Rows of equal score are one step of the curve, as in scikit-learn.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from podium.panels import Codes, Score, Scores, Whole, ratio

Truth = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


def roc_auc(positive: Truth, value: Values) -> Score:
    """Return the function that takes weights (resamples, rows) to the area under the ROC curve (resamples,).

    The area is the share of pairs of a positive and a negative row that are in order, ties counted half (Mann and
    Whitney, 1947). NaN where only one class was drawn.
    """
    low, high = (_sorted(np.flatnonzero(rows), value) for rows in (~positive, positive))
    below, upto = (np.searchsorted(value[low], value[high], side) for side in ("left", "right"))

    def score(weights: Whole) -> Scores:
        passed = _running(np.take(weights, low, axis=1))
        drawn = np.take(weights, high, axis=1)
        wins = np.take(passed, below, axis=1) + np.take(passed, upto, axis=1)
        pairs = drawn.sum(axis=1, dtype=np.float64) * passed[:, -1]
        return ratio(_dot(drawn, wins) / 2, pairs, np.nan)

    return score


def average_precision(positive: Truth, value: Values) -> Score:
    """Return the function that takes weights (resamples, rows) to the average precision (resamples,).

    It is the mean over the positive rows of the precision at their score: the sum of precision times the step of recall
    that scikit-learn defines it by. NaN where no positive row was drawn.
    """
    low, high = (_sorted(np.flatnonzero(rows), -value) for rows in (~positive, positive))
    wrong_upto, right_upto = (np.searchsorted(-value[o], -value[high], "right") for o in (low, high))

    def score(weights: Whole) -> Scores:
        drawn = np.take(weights, high, axis=1)
        right = np.take(_running(drawn), right_upto, axis=1)
        said = right + np.take(_running(np.take(weights, low, axis=1)), wrong_upto, axis=1)
        precision = np.divide(right, said, out=np.zeros(said.shape), where=said > 0)
        return ratio(_dot(drawn, precision), drawn.sum(axis=1, dtype=np.float64), np.nan)

    return score


def ranked_once(negative: Values, positive: Values) -> dict[str, float]:
    """Return ROC AUC and average precision of the scores of either class, each row counted once.

    The same as by weights of one, from sorted values instead of an order of rows: sorting values is much the faster.
    """
    low, high = np.sort(negative), np.sort(positive)
    below, upto = (np.searchsorted(low, high, side) for side in ("left", "right"))
    right = len(high) - np.searchsorted(high, high, "left")
    wins = float(below.sum() + upto.sum()) / 2
    precision = right / (right + len(low) - below)
    return {"roc_auc": wins / (len(low) * len(high)), "average_precision": float(precision.mean())}


def one_against_rest(truth: Codes, chances: Values) -> Score:
    """Return the function that takes weights to the ROC AUC of each class against the rest, weighted by its rows."""
    each = [(truth == c, roc_auc(truth == c, chances[:, c])) for c in range(chances.shape[1])]

    def score(weights: Whole) -> Scores:
        support = np.stack([weights[:, own].sum(axis=1, dtype=np.float64) for own, _ in each], axis=1)
        values = np.where(support > 0, np.stack([area(weights) for _, area in each], axis=1), 0.0)
        return ratio((values * support).sum(axis=1), support.sum(axis=1), np.nan)

    return score


def _sorted(rows: npt.NDArray[np.int64], value: Values) -> npt.NDArray[np.int64]:
    return rows[np.argsort(value[rows], kind="stable")]


def _running(along: Whole) -> npt.NDArray[np.int32]:
    """Return running sums with a leading zero, shape (resamples, n + 1); exact up to a billion rows."""
    sums = np.zeros((along.shape[0], along.shape[1] + 1), np.int32)
    np.cumsum(along, axis=1, dtype=np.int32, out=sums[:, 1:])
    return sums


def _dot(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Scores:
    product: Scores = np.multiply(a, b, dtype=np.float64).sum(axis=1)
    return product
