"""Stands in for names that earlier versions put into pickles, and for what is the same by a plainer one."""

from typing import Any

import numpy as np

from podium.reviewed import FORMER_DEVIANCES, FORMER_LOSSES, FORMER_SGD_LOSSES, RECORDS


class RemainderColumns:
    """In the place of scikit-learn's list of remaining columns of 1.5 and 1.6: its state has the list."""

    data: list[Any]


class FormerLoss:
    """In the place of a loss function that a model was trained by, and that its answers do not need."""

    def __init__(self, *_: Any) -> None:
        pass


def made_anew(kind: type, *_: Any) -> Any:
    """Return an object of a class that has no state, as Cython's own function did in earlier versions."""
    return kind()


FORMER: dict[str, Any] = {
    **{f"sklearn._loss._loss.__pyx_unpickle_{name}": made_anew for name in FORMER_LOSSES},
    **{f"sklearn.ensemble._gb_losses.{name}": FormerLoss for name in FORMER_DEVIANCES},
    **{f"sklearn.linear_model._sgd_fast.{name}": FormerLoss for name in FORMER_SGD_LOSSES},
    "sklearn.compose._column_transformer._RemainderColsList": RemainderColumns,
}
"""What stands in, by the full name; all of these names are on the list of the gate."""
PLAINER: dict[str, Any] = {name: np.void if name.endswith(".record") else np.ndarray for name in RECORDS}
"""What stands in at once: records whose fields are attributes are records, and can be stored."""
