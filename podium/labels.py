"""One spelling for class labels, so that a model that says ``1``, ``1.0``, ``True`` or ``Yes`` is scored fairly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.str_]
ONES = frozenset({"0", "1"})


@dataclass(frozen=True, slots=True)
class Aligned:
    """Predicted labels in the holdout's spelling, or the reason why that is impossible."""

    labels: Labels | None
    classes: tuple[str, ...]
    reason: str | None = None


def canonical(value: object) -> str:
    """Return the spelling of a label: booleans and whole numbers as digits, anything else as its stripped text."""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def canonical_labels(values: Iterable[object]) -> Labels:
    """Return an array of str labels, shape (n,)."""
    return np.array([canonical(v) for v in values], dtype=np.str_)


def align(truth: Labels, predicted: Labels, classes: Sequence[str], positive: str | None) -> Aligned:
    """Return ``predicted`` and ``classes`` in the spelling of ``truth``.

    A model of 0 and 1 facing a binary holdout of other labels is read as 1 for the positive class. Any other
    mismatch is refused: scoring it would call a spelling an error rate.
    """
    known = tuple(sorted(set(truth.tolist())))
    said = set(predicted.tolist()) | set(classes)
    if said <= set(known):
        return Aligned(predicted, tuple(classes))
    if said <= ONES and len(known) == 2 and positive in known:
        other = next(k for k in known if k != positive)
        spelled = {"1": positive or "", "0": other}
        return Aligned(np.array([spelled[p] for p in predicted.tolist()]), tuple(spelled[c] for c in classes))
    strange = ", ".join(sorted(said - set(known))[:3])
    return Aligned(None, tuple(classes), f"it predicts {strange}; the holdout's labels are {', '.join(known[:5])}")
