"""One spelling for class labels, so that a model that says ``1``, ``1.0``, ``True`` or ``Yes`` is scored fairly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.str_]
Codes = npt.NDArray[np.integer[Any]]
NO_CODES: Codes = np.array([], dtype=np.int64)
FEW = 16
"""Labels up to which comparing every row with each is faster than looking each row up."""
ONES = frozenset({"0", "1"})


@dataclass(frozen=True, slots=True)
class Aligned:
    """Predicted labels in the holdout's spelling, or the reason why that is impossible.

    ``codes`` (n,) are the labels as places among those of the holdout.
    """

    labels: Labels | None
    classes: tuple[str, ...]
    reason: str | None = None
    codes: Codes = field(default_factory=lambda: NO_CODES)


def canonical(value: object) -> str:
    """Return the spelling of a label: booleans and whole numbers as digits, anything else as its stripped text."""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def canonical_labels(values: Iterable[object]) -> Labels:
    """Return an array of str labels, shape (n,)."""
    given = list(values)
    # Equal values are spelled the same (1, 1.0 and True), and there are few labels to many rows.
    spelled = {value: canonical(value) for value in set(given)}
    return np.array([spelled[value] for value in given], dtype=np.str_)


def align(known: Sequence[str], predicted: Labels, classes: Sequence[str], positive: str | None) -> Aligned:
    """Return ``predicted`` and ``classes`` in the spelling of the holdout's labels, which are ``known`` and sorted.

    A model of 0 and 1 facing a binary holdout of other labels is read as 1 for the positive class. Any other
    mismatch is refused: scoring it would call a spelling an error rate.
    """
    said = {*classes, *np.unique(predicted).tolist()}
    if said <= set(known):
        return Aligned(predicted, tuple(classes), codes=_codes(known, predicted))
    if said <= ONES and len(known) == 2 and positive in known:
        other = next(k for k in known if k != positive)
        spelled = {"1": positive or "", "0": other}
        labels = np.where(predicted == "1", spelled["1"], spelled["0"])
        return Aligned(labels, tuple(spelled[c] for c in classes), codes=_codes(known, labels))
    strange = ", ".join(sorted(said - set(known))[:3])
    return Aligned(None, tuple(classes), f"it predicts {strange}; the holdout's labels are {', '.join(known[:5])}")


def _codes(known: Sequence[str], labels: Labels) -> Codes:
    """Return the place (n,) of each label among the known ones, which are sorted and all there are."""
    if len(known) > FEW:
        return np.searchsorted(np.array(known), labels)
    codes = np.zeros(len(labels), dtype=np.int64)
    for place, label in enumerate(known):
        codes[labels == label] = place
    return codes
