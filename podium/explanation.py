"""What the champion looks at: how much each column moves its answers, and in which direction."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from podium.report import page

Values = npt.NDArray[np.float64]
CLEAR = 0.3
"""Rank correlation from which on a column is said to push one way."""
LEVEL = 0.01


@dataclass(frozen=True, slots=True)
class Feature:
    """How much a column moves the answers: the mean of its absolute Shapley values, and its share of all columns'.

    ``direction`` is the rank correlation of a column of numbers with its effect; None of texts.
    """

    column: str
    effect: float
    share: float
    direction: float | None

    @property
    def tendency(self) -> str:
        """The direction in words."""
        if self.direction is None or abs(self.direction) < CLEAR:
            return ""
        return "more raises it" if self.direction > 0 else "more lowers it"

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return {**asdict(self), "tendency": self.tendency}


@dataclass(frozen=True, slots=True)
class Sampled:
    """Shapley values (n, p) of some rows' columns, and the answers (n,) they add up to together with ``bases`` (n,).

    ``values`` (n, p) are the rows themselves, NaN where they are texts. ``steady`` is whether it is the same question
    for each row, so that more and less mean something.
    """

    columns: tuple[str, ...]
    effects: Values
    bases: Values
    values: Values
    what: str
    steady: bool = True

    @property
    def doubt(self) -> str | None:
        """What is wrong with it, if anything: it comes from a process in which somebody else's model ran."""
        shape = (len(self.bases), len(self.columns))
        if self.bases.ndim != 1 or self.effects.shape != shape or self.values.shape != shape or not shape[0]:
            return "what came of it has another shape than its rows and columns"
        finite = np.isfinite(self.effects).all() and np.isfinite(self.bases).all()
        return None if finite else "its answers are not all numbers"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a version looks at, on some rows of the holdout. ``base`` is its mean answer to rows drawn at random."""

    version: str
    model_id: str
    what: str
    rows: int
    base: float
    features: tuple[Feature, ...]
    run_id: str | None = None
    dry_run: bool = False

    def noted_in(self, run_id: str) -> "Explanation":
        """Return the explanation with the run that keeps it."""
        return replace(self, run_id=run_id)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium explain``."""
        return {**asdict(self), "features": [feature.as_json() for feature in self.features]}


def explained(version: str, model_id: str, found: Sampled, dry_run: bool = False) -> Explanation:
    """Return what is said of a version, the columns that move its answers most first."""
    means = np.abs(found.effects).mean(axis=0)
    total = float(means.sum()) or 1.0
    features = [
        Feature(column, float(means[i]), float(means[i]) / total, _direction(found, i))
        for i, column in enumerate(found.columns)
    ]
    ordered = tuple(sorted(features, key=lambda f: (-f.effect, f.column)))
    base = float(found.bases.mean())
    return Explanation(version, model_id, found.what, len(found.effects), base, ordered, dry_run=dry_run)


def _direction(found: Sampled, place: int) -> float | None:
    """Return Spearman's correlation of a column, None if it has no meaning or chance alone would give it."""
    values, effects = found.values[:, place], found.effects[:, place]
    known = np.isfinite(values)
    rows = int(known.sum())
    if not found.steady or rows < 10 or np.ptp(values[known]) == 0 or np.ptp(effects[known]) == 0:
        return None
    # A second of imports, for explanations alone.
    from scipy.stats import spearmanr

    correlation = float(spearmanr(values[known], effects[known]).statistic)
    chance = float(special.ndtri(1 - LEVEL / 2)) / np.sqrt(rows - 1)
    return correlation if abs(correlation) > chance else None


def rows_json(found: Sampled) -> list[dict[str, Any]]:
    """Return the effects of each row, JSON-ready: ``base`` and the effects add up to ``answer``."""
    return [
        {"answer": float(b + e.sum()), "base": float(b), "effects": dict(zip(found.columns, e.tolist(), strict=True))}
        for b, e in zip(found.bases, found.effects, strict=True)
    ]


def effects_page(found: Explanation) -> str:
    """Return an HTML page that shows an explanation: self-contained, escaped, readable offline."""
    widest = max((feature.share for feature in found.features), default=0.0) or 1.0
    return page("explanation.html.j2", found=found, widest=widest)
