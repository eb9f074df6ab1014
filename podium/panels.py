"""Scores a panel of models on the same rows under many weightings at once: what every resampling of a holdout needs.

The weight of a row is how often a resample drew it; weights of one give the metric as ``podium.measurement`` has it.
Metrics of labels are functions of counts per class, and counts and means are sums over rows, so that one matrix product
scores all models in all resamples. ROC AUC and average precision follow the order of the scores, model by model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

BLOCK_BYTES = 1024 * 1024
"""What the indicators of as many rows as are counted at once may take."""
Weights = npt.NDArray[np.floating[Any]]
Scores = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int16]
Whole = npt.NDArray[np.unsignedinteger[Any]]
Score = Callable[[Whole], Scores]


class Panel(Protocol):
    """Some models, to be scored on the same rows."""

    def score(self, weights: Weights) -> Scores:
        """Take weights (resamples, rows), return scores (resamples, models): NaN where the drawn rows allow none."""

    def only(self, models: Sequence[int]) -> "Panel":
        """Return the panel of some of the models, by index."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each class was predicted rightly (``hits``), predicted at all, and true; (resamples, models, classes).

    ``support`` is the same for all models, with one for the axis of models.
    """

    hits: Scores
    predicted: Scores
    support: Scores


@dataclass(frozen=True, slots=True)
class OfLabels:
    """Models that are scored by counts of their labels.

    ``said`` has shape (models, rows). Rows stand in the order of their true classes, ``edges`` (classes + 1,) apart.
    """

    said: Codes
    edges: npt.NDArray[np.int64]
    value: Callable[[Counts], Scores]

    def only(self, models: Sequence[int]) -> "OfLabels":
        """Return the panel of some of the models."""
        return OfLabels(self.said[models], self.edges, self.value)

    def score(self, weights: Weights) -> Scores:
        """Return the scores (resamples, models), counted one true class after the other."""
        classes = len(self.edges) - 1
        hits, predicted = (np.zeros((len(weights), len(self.said), classes)) for _ in range(2))
        support = np.zeros((len(weights), 1, classes))
        for i in range(classes):
            own = slice(self.edges[i], self.edges[i + 1])
            support[:, 0, i] = weights[:, own].sum(axis=1, dtype=np.float64)
            found = _called(weights[:, own], self.said[:, own], support[:, :, i], classes)
            hits[:, :, i] = found[:, :, i]
            predicted += found
        return self.value(Counts(hits, predicted, support))


def _called(weights: Weights, said: Codes, total: Scores, classes: int) -> Scores:
    """Return how often rows of one true class were called each class, shape (resamples, models, classes).

    What was called the first class is what is left of the rows. Indicators are made of as many rows at once as stay in
    the processor's cache.
    """
    models, rows = said.shape
    others = np.zeros((len(weights), models * (classes - 1)), weights.dtype)
    most = max(1, BLOCK_BYTES // (others.shape[1] * others.itemsize))
    for start in range(0, rows, most):
        block = said[:, start : start + most]
        indicators = np.empty((models, classes - 1, block.shape[1]), weights.dtype)
        np.equal(block[:, None], np.arange(1, classes, dtype=said.dtype)[:, None], out=indicators)
        others += weights[:, start : start + most] @ indicators.reshape(-1, block.shape[1]).T
    each = others.reshape(len(weights), models, classes - 1).astype(np.float64)
    return np.concatenate([(total - each.sum(axis=2))[:, :, None], each], axis=2)


@dataclass(frozen=True, slots=True)
class OfMeans:
    """Models that are scored by the mean of one value per row; ``values`` has shape (rows, models)."""

    values: npt.NDArray[np.float64]

    def only(self, models: Sequence[int]) -> "OfMeans":
        """Return the panel of some of the models."""
        return OfMeans(self.values[:, models])

    def score(self, weights: Weights) -> Scores:
        """Return the means (resamples, models)."""
        sums = weights.astype(np.float64) @ self.values
        return ratio(sums, weights.sum(axis=1, keepdims=True, dtype=np.float64), np.nan)


@dataclass(frozen=True, slots=True)
class OfRanks:
    """Models that are scored one by one, each from weights as small whole numbers: they are read out of order."""

    models: tuple[Score, ...]

    def only(self, models: Sequence[int]) -> "OfRanks":
        """Return the panel of some of the models."""
        return OfRanks(tuple(self.models[i] for i in models))

    def score(self, weights: Weights) -> Scores:
        """Return the scores (resamples, models)."""
        small = weights.astype(np.min_scalar_type(int(weights.max(initial=0))))
        return np.stack([model(small) for model in self.models], axis=1)


def accuracy(counts: Counts) -> Scores:
    """Return the share of rows that are predicted rightly."""
    return ratio(counts.hits.sum(axis=2), counts.support.sum(axis=2), np.nan)


def matthews(counts: Counts) -> Scores:
    """Return Matthews' correlation (Gorodkin, 2004); 0 where all rows are, or are called, one class."""
    rows, hits = counts.support.sum(axis=2), counts.hits.sum(axis=2)
    support, predicted = np.broadcast_arrays(counts.support, counts.predicted)
    below = (rows**2 - (predicted**2).sum(axis=2)) * (rows**2 - (support**2).sum(axis=2))
    return ratio(hits * rows - (support * predicted).sum(axis=2), np.sqrt(below), 0.0)


def averaged(base: str, average: str, positive: int | None) -> Callable[[Counts], Scores]:
    """Return the precision, recall or F1 of counts, averaged or of one class; a class without a row counts for nothing.

    Zero where nothing can be divided by, as in ``podium.measurement``.
    """

    def value(counts: Counts) -> Scores:
        below = {"precision": counts.predicted, "recall": counts.support, "f1_score": counts.predicted + counts.support}
        above = 2 * counts.hits if base == "f1_score" else counts.hits
        each = ratio(above, below[base], 0.0)
        if positive is not None:
            return each[:, :, positive]
        share = counts.support if average == "weighted" else (counts.support > 0).astype(np.float64)
        return ratio((each * share).sum(axis=2), share.sum(axis=2), np.nan)

    return value


def ratio(above: Scores, below: Scores, otherwise: float) -> Scores:
    """Return the quotients, and something else where there is nothing to divide by."""
    wide = np.broadcast_to(below, above.shape)
    found: Scores = np.divide(above, wide, out=np.full(above.shape, otherwise), where=wide > 0)
    return found
