"""What is asked of a comparison of challengers with the champion, and what comes of it: values, JSON-ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from podium.bootstrap import Difference
from podium.multiplicity import Shrunken
from podium.paired_tests import DeLong, McNemar

Shown = Literal["better", "not shown better", "not enough data"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: at which confidence, and by how much a challenger must be better, in the metric's unit.

    ``among`` is how many challengers there are, where not all of them are compared.
    """

    confidence: float = 0.95
    minimum_improvement: float = 0.0
    resamples: int = 2000
    seed: int = 0
    among: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """One challenger against the champion. What could not be computed is None, and ``reason`` says why.

    ``lower_bound`` is simultaneous for all challengers; ``differing_rows`` are those on which the two say not the same.
    """

    candidate: str
    verdict: Shown
    reason: str
    difference: Difference | None = None
    lower_bound: float | None = None
    differing_rows: int | None = None
    mcnemar: McNemar | None = None
    delong: DeLong | None = None

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return {
            "candidate": self.candidate,
            "verdict": self.verdict,
            "reason": self.reason,
            "difference": self.difference and self.difference.as_json(),
            "lower_bound": self.lower_bound,
            "differing_rows": self.differing_rows,
            "mcnemar": self.mcnemar and self.mcnemar.as_json(),
            "delong": self.delong and self.delong.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Superiority:
    """Whether some challenger is shown to be better, with all that it was decided from.

    ``best`` is the challenger that is shown better and gains most, None without one; ``leading`` gains most, shown or
    not, and ``shrunken`` is what its lead is worth. ``challengers`` come best first. ``critical`` is how many standard
    errors below its difference the bound of each lies, ``criticals`` how many they would at other confidences.
    """

    verdict: Shown
    reason: str
    metric: str
    rows: int
    asked: Asked
    best: str | None = None
    leading: str | None = None
    challengers: tuple[Compared, ...] = ()
    shrunken: Shrunken | None = None
    critical: float | None = None
    criticals: Mapping[float, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "metric": self.metric,
            "rows": self.rows,
            "confidence": self.asked.confidence,
            "minimum_improvement": self.asked.minimum_improvement,
            "resamples": self.asked.resamples,
            "among": max(self.asked.among, len(self.challengers)),
            "seed": self.asked.seed,
            "best": self.best,
            "leading": self.leading,
            "challengers": [c.as_json() for c in self.challengers],
            "shrunken": self.shrunken and self.shrunken.as_json(),
            "critical": self.critical,
            "criticals": {f"{confidence:g}": found for confidence, found in self.criticals.items()},
        }
