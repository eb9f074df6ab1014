"""What a look at a batch of recent rows came to: drift of its columns, and how the champion does on labelled rows."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from podium.decision import canonical_json
from podium.drift import Counted, Drift, Numbers, count_numbers, count_texts
from podium.goals import NotScorableError
from podium.intervals import intervals
from podium.measurement import Holdout, Predictions, measure, spelled
from podium.metrics import goodness
from podium.shown import Asked
from podium.superiority import goal_of, shortage

RESAMPLES = 1000
NAMED = 5
"""Columns that a sentence names."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a champion counts as degraded: see the section ``monitoring`` of the configuration."""

    drop: float
    confidence: float
    minimum_rows: int


@dataclass(frozen=True, slots=True)
class Performance:
    """The primary metric on the labelled rows of a batch beside that on the holdout, or why there is none.

    ``low`` and ``high`` are its percentile interval, ``allowed`` is the worst that it may be.
    """

    metric: str
    rows: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reference: float | None = None
    allowed: float | None = None
    degraded: bool = False
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)

    @property
    def is_good(self) -> bool:
        """Whether the number itself is within what is allowed: not to be shown worse is not enough."""
        if self.value is None or self.allowed is None:
            return False
        return goodness(self.metric, self.value) >= goodness(self.metric, self.allowed)

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        if self.value is None or self.low is None or self.high is None or self.reference is None:
            return f"{self.metric} is not known: {self.reason}"
        on = f"{self.metric} is {self.value:.4f} on {self.rows:,} labelled rows"
        return f"{on} ({self.low:.4f} to {self.high:.4f}), and was {self.reference:.4f} on the holdout"


@dataclass(frozen=True, slots=True)
class Batch:
    """Which rows were looked at: the name of their file, the digest of its content, and how many rows it has."""

    name: str
    digest: str
    rows: int
    looked_at: int


@dataclass(frozen=True, slots=True)
class Monitored:
    """What was found of one batch. ``key`` is the same for the same batch, champion, holdout and limits."""

    version: str
    model_id: str
    batch: Batch
    drifts: tuple[Drift, ...]
    performance: Performance
    key: str
    run_id: str | None = None
    dry_run: bool = False

    def dry(self) -> "Monitored":
        """Return what was found by a look that writes nothing."""
        return replace(self, dry_run=True)

    @property
    def drifted(self) -> tuple[Drift, ...]:
        """What has moved, the farthest first."""
        return tuple(sorted((d for d in self.drifts if d.drifted), key=lambda d: (-d.psi, d.column)))

    @property
    def state(self) -> str:
        """What was found, in a word or two."""
        found = (("degraded", self.performance.degraded), ("drifted", bool(self.drifted)))
        return " and ".join(word for word, holds in found if holds) or "as it was"

    @property
    def is_alike(self) -> bool:
        """Whether all columns are within the limit, be it by chance or not."""
        return bool(self.drifts) and all(drift.psi <= drift.limit for drift in self.drifts)

    @property
    def alerts(self) -> tuple[str, ...]:
        """What is wrong, in sentences."""
        found = [f"the champion is degraded: {self.performance.sentence}"] if self.performance.degraded else []
        return (*found, *([self._drift_in_words()] if self.drifted else []))

    def _drift_in_words(self) -> str:
        named = [f"{d.column} (PSI {d.psi:.2f}; {d.detail})" for d in self.drifted[:NAMED]]
        more = [f"and {len(self.drifted) - NAMED} more"] if len(self.drifted) > NAMED else []
        return f"drifted from the holdout: {', '.join([*named, *more])}"

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium monitor``."""
        return {
            "version": self.version,
            "model_id": self.model_id,
            "batch": asdict(self.batch),
            "drift": [drift.as_json() for drift in sorted(self.drifts, key=lambda d: (-d.psi, d.column))],
            "performance": self.performance.as_json(),
            "alerts": list(self.alerts),
            "run_id": self.run_id,
            "dry_run": self.dry_run,
        }


@dataclass(frozen=True, slots=True)
class Look:
    """One earlier look at a batch, as MLflow remembers it. ``at`` is an ISO time in UTC, ``psi`` the largest."""

    at: str
    version: str
    batch: str
    rows: int
    psi: float | None
    metric: str
    value: float | None
    state: str
    run_id: str

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)


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
