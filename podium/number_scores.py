"""What regressors are compared by: the metrics of predicted numbers under weights of the rows, for resampling.

Most follow from one loss per row, whose weighted mean is the score or its square. They stand beside the metrics of
labels in ``podium.scores`` and are used through the same ``podium.goals.Goal``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from podium.goals import NotScorableError
from podium.measurement import Predictions
from podium.metrics import LOWER_IS_BETTER, SCORER
from podium.paired_tests import DeLong, McNemar
from podium.panels import OfMeans, OfRanks, Panel, Score, Scores, Weights, Whole, ratio
from podium.regression import MEASURED, Numbers, as_numbers, share_off
from podium.scorers import scored_numbers

LOSSES: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "rmse": lambda truth, said: (said - truth) ** 2,
    "mae": lambda truth, said: np.abs(said - truth),
    "mape": share_off,
    "r2": lambda truth, said: (said - truth) ** 2,
}
"""What each row loses, by the metrics that are means of such losses or follow from one."""
NEVER_SHOWN = frozenset({"max_error"})
"""Metrics that hang on a single row: resampling the rows says nothing of how sure they are."""
KNOWN = tuple(sorted({*MEASURED} - NEVER_SHOWN))


@dataclass(frozen=True, slots=True)
class NumberTarget:
    """What predicted numbers are scored against: a metric, and the true numbers (n,)."""

    metric: str
    truth: Numbers

    @property
    def sign(self) -> int:
        """Return -1 for a metric of which less is better, else 1."""
        return -1 if self.metric in LOWER_IS_BETTER else 1

    @property
    def rarest(self) -> tuple[str, int] | None:
        """There are no classes."""
        return None

    @property
    def effective_rows(self) -> int:
        """How many rows carry the score: all of them."""
        return len(self.truth)

    def check(self, said: Predictions) -> None:
        """Raise NotScorableError if some predictions do not fit the truth."""
        self._numbers(said)

    def panel(self, models: Sequence[Predictions]) -> Panel:
        """Return the panel that scores some predictions; raises NotScorableError for those that cannot be."""
        numbers = [self._numbers(said) for said in models]
        if self.metric not in LOSSES:
            ranked = _median if self.metric == "median_absolute_error" else self._scorer
            return OfRanks(tuple(ranked(self.truth, said) for said in numbers))
        losses = OfMeans(np.stack([LOSSES[self.metric](self.truth, said) for said in numbers], axis=1))
        if self.metric == "r2":
            return OfVariance(losses, self.truth)
        return OfRoots(losses) if self.metric == "rmse" else losses

    def differing(self, one: Predictions, other: Predictions) -> int:
        """Return on how many rows two models do not say the same."""
        return int(np.sum(self._numbers(one) != self._numbers(other)))

    def opinions(
        self, champion: Predictions, challenger: Predictions, confidence: float
    ) -> tuple[McNemar | None, DeLong | None]:
        """Return nothing: McNemar's test is of decisions and DeLong's of ranks, and numbers are neither."""
        return None, None

    def _numbers(self, said: Predictions) -> Numbers:
        if said.numbers is None:
            raise NotScorableError("it predicts labels, and not numbers")
        if len(said.numbers) != len(self.truth):
            raise NotScorableError(f"it predicted {len(said.numbers)} of {len(self.truth)} rows")
        numbers = as_numbers(said.numbers)
        if numbers is None:
            raise NotScorableError("some of its predictions are not finite")
        return numbers

    def _scorer(self, truth: Numbers, said: Numbers) -> Score:
        """Return the function that asks a scorer about each resample, row by row."""

        def score(weights: Whole) -> Scores:
            drawn = (np.repeat(np.arange(len(truth)), w) for w in weights)
            found = (scored_numbers((self.metric,), truth[rows], said[rows]) for rows in drawn)
            return np.array([values.get(self.metric, np.nan) for values in found])

        return score


def number_target(metric: str, truth: npt.NDArray[Any]) -> NumberTarget:
    """Return what predicted numbers are scored against; raises NotScorableError for a metric that is none of them."""
    if metric in NEVER_SHOWN:
        raise NotScorableError(f"{metric} hangs on a single row: resampling cannot show who is better by it")
    if metric not in KNOWN and not metric.startswith(SCORER):
        raise NotScorableError(f"metric {metric} is not known of a regression; known are {', '.join(KNOWN)}")
    numbers = as_numbers(truth)
    if numbers is None or len(np.unique(numbers)) < 2:
        raise NotScorableError("the holdout's target does not vary")
    return NumberTarget(metric, numbers)


@dataclass(frozen=True, slots=True)
class OfRoots:
    """Models that are scored by the root of a mean."""

    losses: OfMeans

    def only(self, models: Sequence[int]) -> "OfRoots":
        """Return the panel of some of the models."""
        return OfRoots(self.losses.only(models))

    def score(self, weights: Weights) -> Scores:
        """Return the roots of the means (resamples, models)."""
        roots: Scores = np.sqrt(self.losses.score(weights))
        return roots


@dataclass(frozen=True, slots=True)
class OfVariance:
    """Models that are scored by the share of the variance of the truth (rows,) that they predict."""

    losses: OfMeans
    truth: Numbers

    def only(self, models: Sequence[int]) -> "OfVariance":
        """Return the panel of some of the models."""
        return OfVariance(self.losses.only(models), self.truth)

    def score(self, weights: Weights) -> Scores:
        """Return the shares (resamples, models); NaN where the drawn truth does not vary."""
        # Numbers near zero, for the variance from means of squares is inexact far from it.
        truth = self.truth - self.truth.mean()
        first, second = OfMeans(np.stack([truth, truth**2], axis=1)).score(weights).T
        spread = (second - first**2)[:, None]
        return 1 - ratio(self.losses.score(weights), spread, np.nan)


def _median(truth: Numbers, said: Numbers) -> Score:
    """Return the function that takes weights (resamples, rows) to the median absolute error (resamples,)."""
    errors = np.abs(said - truth)
    order = np.argsort(errors, kind="stable")
    ordered = errors[order]

    def score(weights: Whole) -> Scores:
        upto = np.cumsum(np.take(weights, order, axis=1), axis=1, dtype=np.int64)
        middle = ((upto[:, -1] - 1) // 2, upto[:, -1] // 2)
        places = [[int(np.searchsorted(c, k, "right")) for c, k in zip(upto, of, strict=True)] for of in middle]
        found: Scores = ordered[places].mean(axis=0)
        return found

    return score
