"""Judges a batch of recent rows: how the champion does on those that are labelled, and what it says of all."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from podium.decision import canonical_json
from podium.drift import Counted, Numbers, count_numbers, count_texts
from podium.goals import NotScorableError
from podium.intervals import intervals
from podium.measurement import Holdout, Predictions
from podium.measures import measure, spelled
from podium.metrics import goodness
from podium.monitored import Batch, Performance
from podium.shown import Asked
from podium.superiority import goal_of, shortage

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a champion counts as degraded: see the section ``monitoring`` of the configuration."""

    drop: float
    confidence: float
    minimum_rows: int


def performance_of(
    holdout: Holdout, before: Predictions, truth: npt.NDArray[Any] | None, said: Predictions, limits: Limits
) -> Performance:
    """Return how the champion does on labelled rows (n,) of a batch, given what it said of the holdout and of them.

    It is degraded when it is shown to be worse by more than ``limits.drop``, as far as the errors of both numbers go:
    a bad number of few rows shows nothing. The bound of the difference is made of the two intervals (Zou and Donner,
    Construction of confidence limits about effect measures, Statistics in Medicine 2008).
    """
    metric, rows = holdout.wanted.primary, 0 if truth is None else len(truth)
    if truth is None or rows < limits.minimum_rows:
        reason = "the batch has no labels" if not rows else f"{rows} labelled rows; {limits.minimum_rows} are asked for"
        return Performance(metric, rows, reason=reason)
    plain = replace(holdout.wanted, slices=())
    now = Holdout("batch", "", truth, holdout.positive, plain, task=holdout.task)
    if lacking := _lacking(holdout, now):
        return Performance(metric, rows, reason=lacking)
    there, here = _ranged(replace(holdout, wanted=plain), before, limits), _ranged(now, said, limits)
    if isinstance(there, str) or isinstance(here, str):
        return Performance(metric, rows, reason=there if isinstance(there, str) else str(here))
    allowed = there.value - limits.drop * goodness(metric, 1.0)
    degraded = here.is_beyond(there, metric, limits.drop)
    return Performance(metric, rows, here.value, *here.ends, there.value, allowed, degraded)


@dataclass(frozen=True, slots=True)
class _Ranged:
    """A number with its interval."""

    value: float
    ends: tuple[float, float]

    def is_beyond(self, other: "_Ranged", metric: str, drop: float) -> bool:
        """Whether this is shown to be worse than the other by more than ``drop``."""
        worse = goodness(metric, other.value) - goodness(metric, self.value)
        theirs = goodness(metric, other.value) - min(goodness(metric, end) for end in other.ends)
        ours = max(goodness(metric, end) for end in self.ends) - goodness(metric, self.value)
        return worse - math.hypot(max(0.0, theirs), max(0.0, ours)) > drop


def _ranged(rows: Holdout, said: Predictions, limits: Limits) -> _Ranged | str:
    """Return the primary metric with its interval, or why there is none."""
    metric, measured = rows.wanted.primary, measure(rows, said)
    if measured.reason or metric not in measured.metrics:
        return measured.reason or f"{metric} cannot be measured"
    asked, profit = Asked(limits.confidence, 0.0, RESAMPLES), rows.profits()
    given = {"": spelled(rows, said)}
    found = intervals(rows.truth, given, metric, rows.positive, asked, profit, rows.task)
    return _Ranged(measured.metrics[metric], found[""]) if found else f"{metric} has no interval"


def monitoring_key(champion: Sequence[str], holdout: Holdout, batch: Batch, section: Mapping[str, Any]) -> str:
    """Return what is the same for two looks that must find the same: champion, holdout, metric, batch and limits.

    ``champion`` is all that names it: experiment, registered model and version.
    """
    rules = {name: value for name, value in section.items() if name != "batches"}
    parts = [list(champion), holdout.digest, holdout.wanted.primary, batch.digest, rules]
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()[:32]


def _lacking(holdout: Holdout, now: Holdout) -> str | None:
    """Return what the labelled rows lack for their metric to be known."""
    strange = sorted({*now.labels} - {*holdout.labels})
    if strange:
        return f"the label {strange[0]!r} is not among those of the holdout, {', '.join(holdout.labels[:5])}"
    if missing := sorted({*holdout.labels} - {*now.labels}):
        return f"no labelled row is of class {missing[0]!r}"
    try:
        found = shortage(goal_of(now.task, now.wanted.primary, now.truth, now.positive, now.profits()))
    except NotScorableError as error:
        return str(error)
    return found and found.replace("the holdout has", "of the labelled rows there are", 1)


def count_answers(before: Predictions, now: Predictions) -> Counted:
    """Return what the champion said of the holdout and of a batch, counted: by its chances, numbers, or labels."""
    chances = [_chances(said) for said in (before, now)]
    if chances[0] is not None and chances[1] is not None:
        return count_numbers(chances[0], chances[1])
    return count_texts(*(Counter(said.labels.tolist()) for said in (before, now)))


def _chances(said: Predictions) -> Numbers | None:
    """Return the one number (n,) for each row that a regressor or a classifier of two classes gives."""
    if said.numbers is not None:
        return np.asarray(said.numbers, dtype=np.float64)
    if said.probabilities is None or said.probabilities.ndim != 2 or said.probabilities.shape[1] != 2:
        return None
    return said.probabilities[:, 1]
