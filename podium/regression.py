"""The metrics of predicted numbers: definitions as scikit-learn has them.

https://scikit-learn.org/stable/modules/model_evaluation.html#regression-metrics
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Of = Callable[[Numbers, Numbers], float]
SMALLEST = float(np.finfo(np.float64).eps)


def as_numbers(values: Sequence[Any] | npt.NDArray[Any]) -> Numbers | None:
    """Return values as finite numbers (n,), None if one of them is none."""
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return found if found.ndim == 1 and np.isfinite(found).all() else None


def share_off(truth: Numbers, said: Numbers) -> Numbers:
    """Return by which share of the truth each prediction is off (n,); a truth of 0 is taken for a tiny one."""
    return np.abs(said - truth) / np.maximum(np.abs(truth), SMALLEST)


def r2(truth: Numbers, said: Numbers) -> float:
    """Return the share of the variance that is predicted, NaN where the truth does not vary."""
    spread = float(((truth - truth.mean()) ** 2).sum())
    return 1 - float(((said - truth) ** 2).sum()) / spread if spread > 0 else math.nan


MEASURED: dict[str, Of] = {
    "rmse": lambda truth, said: float(np.sqrt(((said - truth) ** 2).mean())),
    "mae": lambda truth, said: float(np.abs(said - truth).mean()),
    "r2": r2,
    "median_absolute_error": lambda truth, said: float(np.median(np.abs(said - truth))),
    "mape": lambda truth, said: float(share_off(truth, said).mean()),
    "max_error": lambda truth, said: float(np.abs(said - truth).max()),
}
"""Every metric that is measured of predicted numbers, beside scikit-learn's scorers, with its function."""


def number_metrics(truth: Numbers, said: Numbers) -> dict[str, float]:
    """Return the metrics of some predictions; both arrays have shape (n,)."""
    return {name: of(truth, said) for name, of in MEASURED.items()}
