"""What a look at a batch of recent rows came to: drift of its columns, and how the champion does on labelled rows."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from podium.decision import canonical_json
from podium.drift import Counted, Drift, Numbers, count_numbers, count_texts
from podium.intervals import intervals
from podium.measurement import Holdout, Predictions, measure, spelled
from podium.metrics import goodness
from podium.shown import Asked

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

    ``low`` and ``high`` are its percentile interval.
    """

    metric: str
    rows: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reference: float | None = None
    degraded: bool = False
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)

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

    It is degraded when the whole interval of its metric is worse than on the holdout by more than ``limits.drop``:
    a bad number of few rows shows nothing.
    """
    metric, rows = holdout.wanted.primary, 0 if truth is None else len(truth)
    if truth is None or rows < limits.minimum_rows:
        reason = "the batch has no labels" if not rows else f"{rows} labelled rows; {limits.minimum_rows} are asked for"
        return Performance(metric, rows, reason=reason)
    if lacking := _lacking(holdout, truth):
        return Performance(metric, rows, reason=lacking)
    now = Holdout("batch", "", truth, holdout.positive, replace(holdout.wanted, slices=()), task=holdout.task)
    there, here = measure(holdout, before), measure(now, said)
    asked = Asked(limits.confidence, 0.0, RESAMPLES)
    given = {"": spelled(now, said)}
    found = intervals(truth, given, metric, holdout.positive, asked, holdout.profits(), holdout.task)
    if metric not in here.metrics or metric not in there.metrics or not found:
        return Performance(metric, rows, reason=here.reason or there.reason or f"{metric} cannot be measured")
    reference, value, (low, high) = there.metrics[metric], here.metrics[metric], found[""]
    best = max(goodness(metric, low), goodness(metric, high))
    degraded = best < goodness(metric, reference) - limits.drop
    return Performance(metric, rows, value, low, high, reference, degraded)


def monitoring_key(version: str, digest: str, batch: Batch, section: Mapping[str, Any]) -> str:
    """Return what is the same for two looks that must find the same: champion, holdout, batch and limits."""
    rules = {name: value for name, value in section.items() if name != "batches"}
    return hashlib.sha256(canonical_json([version, digest, batch.digest, rules]).encode()).hexdigest()[:32]


def _lacking(holdout: Holdout, truth: npt.NDArray[Any]) -> str | None:
    """Return which of the holdout's classes no labelled row has, or which strange one some have."""
    if holdout.task != "classification":
        return None
    there = set(truth.tolist())
    if strange := sorted(there - set(holdout.labels)):
        return f"the label {strange[0]!r} is not among those of the holdout, {', '.join(holdout.labels[:5])}"
    missing = sorted(set(holdout.labels) - there)
    return f"no labelled row is of class {missing[0]!r}" if missing else None


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
    if said.probabilities is None or said.probabilities.shape[1] != 2:
        return None
    return said.probabilities[:, 1]
