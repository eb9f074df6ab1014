"""Parts of the holdout that are looked at on their own: customers of one contract, of one gender, of one age.

A model may be better on the whole and worse for some. Which parts there are follows from the rows alone, so that every
candidate is measured on the same ones.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from podium.labels import canonical
from podium.names import label_key

MOST_VALUES = 10
"""Values of a column that are slices of their own; rarer ones are one slice together."""
QUARTERS = (0.25, 0.5, 0.75)
MISSING, OTHER = "missing", "other"
PREFIX = "slice_"


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """The rows of the holdout, as indices (m,), that have one value in a column."""

    column: str
    value: str
    rows: npt.NDArray[np.int64]

    @property
    def key(self) -> str:
        """What its metrics are called by: ``slice_<column>.<value>``."""
        return f"{PREFIX}{label_key(self.column)}.{label_key(self.value)}"


def slices_of(column: str, values: Sequence[Any], truth: npt.NDArray[Any], least: int) -> tuple[Slice, ...]:
    """Return the slices of a column, given with its values (n,) and the truth (n,).

    A number with many values is cut at its quartiles. Slices of fewer than ``least`` rows, or in which the truth of
    all rows is the same, say too little and are left out.
    """
    named = np.array(_named(values), dtype=np.str_)
    found = (Slice(column, str(value), np.flatnonzero(named == value)) for value in np.unique(named))
    return tuple(s for s in found if len(s.rows) >= least and len(np.unique(truth[s.rows])) > 1)


def _named(values: Sequence[Any]) -> list[str]:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool) and v == v]
    if len(numbers) + sum(_is_missing(v) for v in values) == len(values) and len(set(numbers)) > MOST_VALUES:
        return _quarters(values, np.quantile(numbers, QUARTERS))
    texts = [MISSING if _is_missing(v) else canonical(v) for v in values]
    often = [value for value, _ in sorted(Counter(texts).items(), key=lambda item: (-item[1], item[0]))]
    kept = set(often if len(often) <= MOST_VALUES else often[: MOST_VALUES - 1])
    return [text if text in kept else OTHER for text in texts]


def _is_missing(value: object) -> bool:
    return value is None or value != value


def _quarters(values: Sequence[Any], edges: npt.NDArray[np.float64]) -> list[str]:
    a, b, c = (f"{edge:g}" for edge in edges)
    names = (f"up to {a}", f"{a} to {b}", f"{b} to {c}", f"above {c}")
    return [MISSING if _is_missing(v) else names[int(np.searchsorted(edges, v))] for v in values]


def slice_values(metrics: Mapping[str, float], metric: str) -> dict[str, dict[str, float]]:
    """Return what was measured of a metric on slices: the value by column and by value of the column."""
    found: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        if name.startswith(PREFIX):
            column, of, measured = name.removeprefix(PREFIX).split(".", 2)
            if measured == metric:
                found.setdefault(column, {})[of] = value
    return found
