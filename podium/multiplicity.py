"""Accounts for the number of challengers: the best of many is good partly by luck.

All challengers are scored on the same drawn rows. From that come bounds that hold for all of them together (max-T:
Romano and Wolf, Econometrica 2005, after White's reality check, 2000), and what the winner is worth on rows that did
not choose it (Tsamardinos, Greasidou and Borboudakis, Machine Learning 2018). No challenger is left out beforehand:
each one that was compared counts, so that nothing need be shown of a filter.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from podium.bootstrap import ROUNDING, Draws, Rows, against, drawn, expanded
from podium.panels import Panel, Scores, Weights

REPLAYED = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
"""Confidences of which a record says what they would have asked for, so that they can be replayed."""
BEYOND = 5
"""Resamples that must lie beyond a bound."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower bounds (k,) that all hold at once with the confidence, and the number of standard errors they lie below.

    ``criticals`` are such numbers of other confidences, where there are resamples enough for one.
    """

    lower: Scores
    critical: float
    criticals: Mapping[float, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shrunken:
    """What the winner gains over the champion on rows that did not choose it.

    ``naive`` is its difference on all rows, ``estimate`` the shrunken one, ``optimism`` what lies between.
    ``chosen_again`` is the share of resamples that choose the same winner; ``resamples`` those that allowed a score.
    """

    naive: float
    estimate: float
    optimism: float
    chosen_again: float
    resamples: int

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Joint:
    """Draws of several challengers, with the best of each draw and how that one does on the rows the draw left out.

    ``left_out`` is NaN where those rows allow no score.
    """

    draws: Draws
    chosen: npt.NDArray[np.int64]
    left_out: Scores


def joint_differences(rows: Rows, models: Panel, sign: int, resamples: int, seed: int) -> Joint:
    """Return the differences of all models to the first, in the resamples and on the rows each of them left out.

    The rows must be drawn one by one, not by kind. Memory stays within a few times ``bootstrap.CHUNK_BYTES`` and
    ``panels.BLOCK_BYTES``, what the panel holds, and 8 bytes per resample and challenger.
    """
    found = [_inside_and_outside(models, weights, sign) for weights in drawn(rows, resamples, seed)]
    draws, chosen, left_out = (np.concatenate(parts) for parts in zip(*found, strict=True))
    whole = against(models, np.ones((1, rows.total), rows.dtype), sign)[0]
    scored = np.isfinite(draws).all(axis=1)
    return Joint(Draws(whole, draws[scored]), chosen[scored], left_out[scored])


def _inside_and_outside(models: Panel, weights: Weights, sign: int) -> tuple[Scores, npt.NDArray[np.int64], Scores]:
    """Return the differences, the best of each resample, and its difference on the rows that were not drawn."""
    inside = against(models, weights, sign)
    chosen = inside.argmax(axis=1)
    missed = (weights == 0).astype(weights.dtype)
    outside = np.full(len(chosen), np.nan)
    for index in np.unique(chosen):
        where = chosen == index
        outside[where] = against(models.only([0, int(index) + 1]), missed[where], sign)[:, 0]
    return inside, chosen, outside


def simultaneous_bounds(draws: Draws, confidence: float, rows: int, among: int = 0) -> Bounds:
    """Return lower bounds that all hold at once: at most 1 - confidence of times is a difference below its own.

    Each difference is measured in its standard error, and the largest deviation of a resample over all challengers is
    what is bounded, expanded where few ``rows`` carry the score (``Target.effective_rows``). A difference that does not
    vary is its own bound. Where ``among`` says that there are more than were drawn, the bounds are wide enough for all
    of them by Bonferroni's inequality, which asks nothing of how they vary together.
    """
    errors = draws.draws.std(axis=0, ddof=1)
    varies = errors > ROUNDING
    if not varies.any():
        return Bounds(draws.estimates.copy(), 0.0)
    largest = ((draws.draws[:, varies] - draws.estimates[varies]) / errors[varies]).max(axis=1)

    def critical_of(confidence: float) -> float:
        every = float(special.ndtri(1 - (1 - confidence) / among)) if among > len(errors) else 0.0
        return expanded(max(0.0, _upper_quantile(largest, confidence), every), rows)

    critical = critical_of(confidence)
    lower = draws.estimates.copy()
    lower[varies] -= critical * errors[varies]
    return Bounds(lower, critical, {c: critical_of(c) for c in REPLAYED if has_enough(len(largest), c)})


def has_enough(resamples: int, confidence: float) -> bool:
    """Whether some resamples lie beyond a bound of this confidence, so that it is not one of the most extreme few."""
    return (resamples + 1) * (1 - confidence) >= BEYOND


def _upper_quantile(values: Scores, confidence: float) -> float:
    """Return the order statistic of an exact Monte Carlo test (Davison and Hinkley, 1997), infinite if too few."""
    place = math.ceil(round((len(values) + 1) * confidence, 9))
    return float(np.partition(values, place - 1)[place - 1]) if place <= len(values) else math.inf


def shrink(joint: Joint, winner: int) -> Shrunken | None:
    """Return what the winner is worth on rows that did not choose it, None if no resample left enough out to say.

    Each resample chooses its best anew and scores it on the rows it did not draw; the mean of these is the estimate. It
    is never above the naive one: choosing cannot make a model better.
    """
    known = joint.left_out[np.isfinite(joint.left_out)]
    if not len(known):
        return None
    naive = float(joint.draws.estimates[winner])
    estimate = min(naive, float(known.mean()))
    return Shrunken(naive, estimate, naive - estimate, float(np.mean(joint.chosen == winner)), len(known))


def shrink_best(rows: Rows, models: Panel, sign: int, resamples: int, seed: int) -> Shrunken | None:
    """Return what the best of some models is worth by itself on rows that did not choose it; more is better.

    As for a difference to a champion, where there is none. None if no resample left enough out to say.
    """
    whole = sign * models.score(np.ones((1, rows.total), rows.dtype))[0]
    if not np.isfinite(whole).all():
        return None
    winner = int(np.argmax(whole))
    found = [_best_outside(models, weights, sign) for weights in drawn(rows, resamples, seed)]
    chosen, outside = (np.concatenate(parts) for parts in zip(*found, strict=True))
    known = np.isfinite(outside)
    if not known.any():
        return None
    naive = float(whole[winner])
    estimate = min(naive, float(outside[known].mean()))
    return Shrunken(naive, estimate, naive - estimate, float(np.mean(chosen[known] == winner)), int(known.sum()))


def _best_outside(models: Panel, weights: Weights, sign: int) -> tuple[npt.NDArray[np.int64], Scores]:
    """Return the best of each resample, and its score on the rows that were not drawn: NaN where there is none."""
    inside = sign * models.score(weights)
    usable = np.isfinite(inside).all(axis=1)
    chosen = np.where(usable, np.nan_to_num(inside, nan=-math.inf).argmax(axis=1), -1)
    missed = (weights == 0).astype(weights.dtype)
    outside = np.full(len(chosen), np.nan)
    for index in np.unique(chosen[usable]):
        where = chosen == index
        outside[where] = sign * models.only([int(index)]).score(missed[where])[:, 0]
    return chosen, outside
