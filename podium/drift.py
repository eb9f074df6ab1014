"""How far a column has moved since the holdout: the population stability index, and whether chance would do that.

The index and its usual limits of 0.1 and 0.25 are those of credit scoring (Siddiqi, Credit Risk Scorecards, 2006). Of
few rows it is large by chance alone: times n m / (n + m) it follows a chi-squared distribution where nothing has moved
(Yurdakul and Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation 2020),
so that a column counts as drifted only if its index is beyond that, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

BINS = 10
"""Bins of a column of numbers, with as many rows of the holdout in each."""
MOST_CATEGORIES = 30
"""Most frequent texts that count by themselves; what is rarer counts as one bin."""
HALF_A_ROW = 0.5
"""What is added to each count, so that a bin that nobody was in does not make the index infinite."""
LEVEL = 0.01
"""How often any column of a batch from which nothing has moved may be beyond chance."""
FEWEST_OF_A_TEXT = 10
"""Rows of the holdout that a text must have to count by itself: those picked as frequent are so by luck else."""
MISSING, OTHERS = "missing", "others"
PREDICTIONS = "(predictions)"
"""What the champion's answers are called among the columns; no column is called so."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a column has moved.

    Its index must exceed ``limit``, which the policy sets, and ``beyond_chance``, what it may be by chance.
    """

    column: str
    psi: float
    limit: float
    beyond_chance: float
    drifted: bool
    detail: str

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows of the holdout and of the batch are in each bin, with the names of the bins."""

    bins: tuple[str, ...]
    before: Numbers
    now: Numbers


def count_numbers(before: Numbers, now: Numbers) -> Counted:
    """Return the rows (n,) and (m,) counted by deciles of the first; NaN counts as missing."""
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.array([])
    names = [f"below {edges[0]:g}"] if len(edges) else ["known"]
    names += [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    names += [f"{edges[-1]:g} and more"] if len(edges) else []
    return Counted((*names, MISSING), *(_binned(values, edges) for values in (before, now)))


def _binned(values: Numbers, edges: Numbers) -> Numbers:
    missing = np.isnan(values)
    counts = np.bincount(np.searchsorted(edges, values[~missing], side="right"), minlength=len(edges) + 1)
    return np.append(counts, missing.sum()).astype(np.float64)


def count_texts(before: Mapping[str | None, int], now: Mapping[str | None, int]) -> Counted:
    """Return the rows counted by text; what was rare or not there at all in the first is one bin."""
    frequent = [text for text in before if text is not None and before[text] >= FEWEST_OF_A_TEXT]
    named = sorted(frequent, key=lambda text: (-before[text], text))[:MOST_CATEGORIES]
    return Counted((*named, OTHERS, MISSING), *(_by_text(counts, named) for counts in (before, now)))


def _by_text(counts: Mapping[str | None, int], named: Sequence[str]) -> Numbers:
    known, missing = [counts.get(text, 0) for text in named], counts.get(None, 0)
    return np.array([*known, sum(counts.values()) - sum(known) - missing, missing], dtype=np.float64)


def psi_parts(counted: Counted) -> Numbers:
    """Return what each bin adds to the population stability index; bins that nobody was in add nothing."""
    used = (counted.before + counted.now) > 0
    parts = np.zeros(len(used))
    shares = [(c[used] + HALF_A_ROW) / (c[used] + HALF_A_ROW).sum() for c in (counted.before, counted.now)]
    parts[used] = (shares[1] - shares[0]) * np.log(shares[1] / shares[0])
    return parts


def drift_of(column: str, counted: Counted, limit: float, columns: int = 1) -> Drift:
    """Return how far a column has moved, where ``columns`` are looked at together (Bonferroni's correction)."""
    parts = psi_parts(counted)
    total, used = float(parts.sum()), int(((counted.before + counted.now) > 0).sum())
    rows = 1 / counted.before.sum() + 1 / counted.now.sum()
    chance = float(special.chdtri(max(1, used - 1), LEVEL / columns) * rows)
    worst = int(parts.argmax())
    shares = [counts[worst] / counts.sum() for counts in (counted.before, counted.now)]
    detail = f"{counted.bins[worst]}: {shares[0]:.1%} of rows, now {shares[1]:.1%}"
    return Drift(column, total, limit, chance, total > max(limit, chance), detail)
