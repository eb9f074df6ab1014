"""The paired bootstrap: how sure the difference between two models is, given that they saw the same rows.

Rows are drawn with replacement, and every model is scored on the same drawn rows, so that what is hard about a row
cancels out (Efron and Tibshirani, An Introduction to the Bootstrap, 1993). A metric of labels depends on a row only by
its truth and what the models called it: rows of one such kind are exchangeable, and drawing how many of each kind there
are from the multinomial distribution is the same bootstrap at a cost that does not grow with the rows.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from podium.goals import Goal, NotScorableError
from podium.measurement import Predictions
from podium.panels import Panel, Scores, Weights
from podium.scores import Target, label_codes, label_panel

CHUNK_BYTES = 8 * 1024 * 1024
"""What the weights of one chunk of resamples may take; scoring a chunk takes a few times that."""
EXACT_IN_FLOAT32 = 2**23
"""Rows up to which sums of weights, and of two such sums, are exact whole numbers in single precision."""
ROWS_PER_KIND = 16
"""Rows for each kind from which on drawing the kinds is the faster way."""
WIDEST = 2**62
"""Numbers of kinds that fit a whole number of 64 bits."""
WORK = 20_000_000
"""Weights that are drawn for a figure that stands beside a decision, as long as they are ``FEWEST`` resamples."""
FEWEST = 200
ROUNDING = 1e-12
"""Differences and errors below this are rounding; beyond 1, in relation to what they are differences of."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better the challenger is than the champion, in the metric's unit.

    Above zero the challenger is better: challenger minus champion, or the other way round for a loss. ``low`` and
    ``high`` are the two-sided percentile interval at ``confidence``; ``probability_better`` is the share of resamples
    in which the challenger is strictly better; ``resamples`` are those that allowed a score.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    probability_better: float
    resamples: int
    standard_error: float

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)


def paired_bootstrap(
    goal: Goal, champion: Predictions, challenger: Predictions, *, confidence: float, resamples: int, seed: int
) -> Difference:
    """Return the difference of a challenger to the champion; raises NotScorableError where there is none."""
    rows, models = compressed(goal, [champion, challenger])
    found = differences(rows, models, goal.sign, resamples, seed)
    if len(found.draws) < 2:
        raise NotScorableError(f"{len(found.draws)} of {resamples} resamples allow a score")
    return summary(found.estimates[0], found.draws[:, 0], confidence, goal.effective_rows)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that are drawn from: ``counts`` (kinds,) says how many there are of each kind."""

    counts: npt.NDArray[np.int64]

    @property
    def total(self) -> int:
        """How many rows there are."""
        return int(self.counts.sum())

    @property
    def dtype(self) -> Any:
        """The narrowest type in which sums of weights are exact."""
        return np.float32 if self.total <= EXACT_IN_FLOAT32 else np.float64


@dataclass(frozen=True, slots=True)
class Draws:
    """Differences of some challengers to one champion: ``estimates`` (k,) on the rows, ``draws`` (resamples, k)."""

    estimates: Scores
    draws: Scores


def one_by_one(goal: Goal) -> Rows:
    """Return the rows as they are, each of its own kind."""
    return Rows(np.ones(len(goal.truth), dtype=np.int64))


def compressed(goal: Goal, said: Sequence[Predictions]) -> tuple[Rows, Panel]:
    """Return the kinds of rows there are, and the panel that scores the models on them.

    Only for a metric of labels is there more than one row of a kind, and only where the kinds are few is it worth it:
    models that agree on most rows make few kinds, however many the models are.
    """
    if not isinstance(goal, Target) or not goal.of_labels:
        return one_by_one(goal), goal.panel(said)
    codes = [goal.truth, *(label_codes(goal, one) for one in said)]
    _, first, counts = np.unique(_kinds(codes, len(goal.classes)), return_index=True, return_counts=True)
    if len(first) * ROWS_PER_KIND > len(goal.truth):
        return one_by_one(goal), goal.panel(said)
    truth, *labels = (one[first].astype(np.int16) for one in codes)
    return Rows(counts), label_panel(replace(goal, truth=truth), np.stack(labels))


def _kinds(codes: Sequence[npt.NDArray[Any]], classes: int) -> npt.NDArray[np.int64]:
    """Return a number (n,) for each row that two rows share if all the codes (n,) do; in the order of the codes."""
    kinds, width = np.zeros(len(codes[0]), dtype=np.int64), 1
    for one in codes:
        if width * classes > WIDEST:
            found, kinds = np.unique(kinds, return_inverse=True)
            width = len(found)
        kinds, width = kinds * classes + one, width * classes
    return kinds


def affordable(rows: int, resamples: int) -> int:
    """Return how many resamples are drawn where each is dear: fewer on many rows, which tell more each."""
    return min(resamples, max(FEWEST, WORK // rows))


def differences(rows: Rows, models: Panel, sign: int, resamples: int, seed: int) -> Draws:
    """Return the differences of all models to the first, on the rows and in each resample.

    Resamples that allow no score, because a class was not drawn, are left out; they are the same for all.
    """
    draws = np.vstack([against(models, weights, sign) for weights in drawn(rows, resamples, seed)])
    whole = against(models, rows.counts[None, :].astype(rows.dtype), sign)[0]
    return Draws(whole, draws[np.isfinite(draws).all(axis=1)])


def against(models: Panel, weights: Weights, sign: int) -> Scores:
    """Return how much better each model but the first is than the first, shape (resamples, models - 1)."""
    scores = models.score(weights)
    found = sign * (scores[:, 1:] - scores[:, :1])
    return np.where(np.abs(found) < ROUNDING * np.maximum(1.0, np.abs(scores[:, :1])), 0.0, found)


def drawn(rows: Rows, resamples: int, seed: int) -> Iterator[Weights]:
    """Yield how often each kind of row was drawn, in chunks (some resamples, kinds).

    The same seed draws the same rows whatever is scored on them, and however large the chunks are.
    """
    generator = np.random.default_rng(seed)
    width = len(rows.counts)
    most = max(1, CHUNK_BYTES // (width * np.dtype(rows.dtype).itemsize))
    for start in range(0, resamples, most):
        size = min(most, resamples - start)
        if width < rows.total:
            yield generator.multinomial(rows.total, rows.counts / rows.total, size).astype(rows.dtype)
        else:
            yield _row_draws(generator, width, size).astype(rows.dtype)


def _row_draws(generator: np.random.Generator, n: int, size: int) -> npt.NDArray[np.int64]:
    return np.stack([np.bincount(generator.integers(0, n, n), minlength=n) for _ in range(size)])


def expanded(quantile: float, rows: int) -> float:
    """Return the number of standard errors for a normal ``quantile`` when the error itself was estimated from few rows.

    The bootstrap's spread is too narrow by the root of (n - 1) / n, and is itself not known well. Student's t in place
    of the normal quantile mends that (Hesterberg, The American Statistician 2015, expanded percentile intervals).
    """
    if rows < 2:
        return math.inf
    return math.sqrt(rows / (rows - 1)) * float(special.stdtrit(rows - 1, special.ndtr(quantile)))


def summary(estimate: float, draws: Scores, confidence: float, rows: int) -> Difference:
    """Return the difference with its percentile interval, from its value on the rows and in the resamples.

    ``rows`` is how many rows carry the score (``Target.effective_rows``): the fewer, the wider the interval.
    """
    low, high = percentiles(draws, confidence, rows)
    better = float(np.mean(draws > 0))
    return Difference(float(estimate), low, high, confidence, better, len(draws), float(draws.std(ddof=1)))


def percentiles(draws: Scores, confidence: float, rows: int) -> tuple[float, float]:
    """Return the two-sided percentile interval of what was drawn, expanded where few ``rows`` carry the score."""
    wide = expanded(float(special.ndtri((1 + confidence) / 2)), rows)
    tail = float(special.ndtr(-wide))
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)
