"""Looks for steps that make a single text of all rows before an estimator of XGBoost, which reads the file so named.

XGBoost takes a text in the place of rows for the address of a file of them, and answers what is in it
(https://xgboost.readthedocs.io/en/stable/tutorials/input_format.html): whoever writes a row would read files of whoever
asks. The functions of NumPy that a ``FunctionTransformer`` may hold make one where they leave no dimension.
"""

from collections.abc import Iterable
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from tasks.effects.parts import objects_in

REDUCING = frozenset({"amax", "amin", "max", "min", "sum"})
"""Of many texts they make one, unless they keep the dimensions."""
TAKING = frozenset({"clip", "nan_to_num"})
"""Of an array without dimensions they make what is in it."""
SHAPING = "reshape"
"""Makes such an array; of a frame of one row and one column ``squeeze`` makes the text itself."""
SQUEEZING = "squeeze"
THROUGH = (FunctionTransformer, Pipeline, FrozenEstimator, BaseSearchCV)
"""Steps that pass on whatever they are given, or what one in them makes; all others make a table, or refuse a text."""


def file_named_by(one: Any) -> str | None:
    """Return what is wrong with a pipeline that could hand a text to XGBoost; None of anything else."""
    if not isinstance(one, Pipeline):
        return None
    before: list[FunctionTransformer] = []
    for _, step in one.steps:
        if before and (odd := _named([*before, *_within(step)])) and _has_xgboost(step):
            return f"makes a single text of rows by {odd}, and XGBoost would read the file of that name"
        before = [*before, *_within(step)] if isinstance(step, THROUGH) or step in (None, "passthrough") else []
    return None


def _named(steps: Iterable[FunctionTransformer]) -> str | None:
    """Return the function by which some steps, one after the other, can leave no dimension; None if they cannot."""
    kept = {getattr(step.func, "__name__", ""): _keeps(step) for step in steps}
    whole = [name for name, keeps in kept.items() if name == SQUEEZING or (name in REDUCING and not keeps)]
    taken = kept.keys() & (TAKING | REDUCING) if SHAPING in kept else ()
    return next(iter([*whole, *sorted(taken)]), None)


def _keeps(step: FunctionTransformer) -> bool:
    return bool((step.kw_args or {}).get("keepdims"))


def _within(step: Any) -> list[FunctionTransformer]:
    return [one for one in objects_in(step) if isinstance(one, FunctionTransformer)] if step is not None else []


def _has_xgboost(step: Any) -> bool:
    return any(
        isinstance(one, BaseEstimator) and type(one).__module__.startswith("xgboost") for one in objects_in(step)
    )
