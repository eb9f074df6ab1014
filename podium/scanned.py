"""What a selection remembers of the models it has seen, so that the next one looks only at what came since."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from typing import Any

from podium.candidate import Candidate
from podium.metrics import BASES, goodness

FORM = 1
"""Raised when something else is remembered: what is of another form counts for nothing."""
MOST_CLAIMS = 3
"""Highest claims that are kept of each metric, for the highest may be gone by the next time."""
Claim = tuple[float, str, str]
"""What is claimed, by whom, and that one's logged model id."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """Where the list of an experiment's models, oldest first, was left for one holdout.

    ``page`` is the server's own mark of the last model seen, and ``last`` that model's id: if another stands there by
    now, the list has changed before it. ``measured`` counts the candidates that were measured, ``claims`` are the
    highest by metric.
    """

    page: str | None = None
    last: str | None = None
    measured: int = 0
    claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return it as the text of a tag."""
        return json.dumps({"form": FORM, **asdict(self)}, sort_keys=True)

    def seen(self, candidates: Iterable[Candidate]) -> "Scanned":
        """Return it with some candidates that are measured now."""
        added = list(candidates)
        claims = {base: _highest(base, self.claims.get(base, ()), added) for base in BASES}
        return replace(self, measured=self.measured + len(added), claims={k: v for k, v in claims.items() if v})

    def claimants(self, metric: str) -> tuple[str, ...]:
        """Return the logged models that claim most of a metric, highest first."""
        return tuple(model for _, _, model in self.claims.get(metric, ()))


def _highest(base: str, before: Iterable[Claim], added: Iterable[Candidate]) -> tuple[Claim, ...]:
    new = [
        (c.recorded[base], c.model_id, c.logged_model_id) for c in added if isfinite(c.recorded.get(base, float("nan")))
    ]
    known = {claim[2]: claim for claim in (*before, *new)}
    return tuple(sorted(known.values(), key=lambda c: (goodness(base, c[0]), c[1]), reverse=True)[:MOST_CLAIMS])


def parse_scanned(text: str | None) -> Scanned:
    """Return what a tag remembers; one that cannot be read remembers nothing, so that everything is looked at."""
    try:
        found: dict[str, Any] = json.loads(text or "{}")
        if found.pop("form") != FORM:
            return Scanned()
        claims = {base: tuple((float(v), str(n), str(m)) for v, n, m in rows) for base, rows in found["claims"].items()}
        return Scanned(found["page"], found["last"], int(found["measured"]), claims)
    except (ValueError, TypeError, KeyError, AttributeError):
        return Scanned()
