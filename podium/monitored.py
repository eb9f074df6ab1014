"""What a look at a batch came to: the values alone, for those who tell of them and need no statistics for it."""

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from podium.metrics import goodness

if TYPE_CHECKING:
    from podium.drift import Drift

NAMED = 5
"""Columns that a sentence names."""


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
    drifts: "tuple[Drift, ...]"
    performance: Performance
    key: str
    run_id: str | None = None
    dry_run: bool = False

    def dry(self) -> "Monitored":
        """Return what was found by a look that writes nothing."""
        return replace(self, dry_run=True)

    @property
    def drifted(self) -> "tuple[Drift, ...]":
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
