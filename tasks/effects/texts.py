"""Looks for steps that can make one text of all rows before an estimator of XGBoost, which reads the file so named.

XGBoost takes a text in the place of rows for the address of a file of them, and answers what is in it
(https://xgboost.readthedocs.io/en/stable/tutorials/input_format.html): whoever writes a row would read files of whoever
asks. The functions of NumPy that a ``FunctionTransformer`` may hold make one where they leave no dimension.
"""

from enum import Enum, auto
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from tasks.effects.parts import SIMPLE, inside

REDUCING = frozenset({"amax", "amin", "max", "min", "sum"})
"""Of many texts they make one, unless they keep the dimensions."""
TAKING = REDUCING | {"clip", "nan_to_num"}
"""Of an array without dimensions they make what is in it."""
SHAPES = ("shape", "newshape")
"""What ``reshape`` is told, by its names of two versions."""
MEND = "let the last step before it make a table, as np.reshape to two dimensions does"


class Made(Enum):
    """What may be left of rows, at the worst."""

    TABLE = auto()
    POINT = auto()
    """An array without dimensions."""
    TEXT = auto()


def file_named_by(one: Any) -> str | None:
    """Return what is wrong with a pipeline that could hand a text to XGBoost; None of anything else."""
    # One within another that is given a table is looked at by itself.
    if not isinstance(one, Pipeline) or not _reads(one, Made.TABLE):
        return None
    return f"can make a single text of rows, and XGBoost would read the file of that name: {MEND}"


def _reads(one: Any, given: Made) -> bool:
    """Whether an estimator of XGBoost is asked with a text, where this is what its pipeline, or it, is given."""
    if isinstance(one, Pipeline):
        return any(_reads(step, before) for step, before in _steps(one, given) if before is not Made.TABLE)
    if isinstance(one, BaseEstimator) and type(one).__module__.startswith("xgboost"):
        return given is Made.TEXT
    return any(_reads(inner, given) for inner in inside(one) if not isinstance(inner, SIMPLE))


def _steps(pipeline: Pipeline, given: Made) -> list[tuple[Any, Made]]:
    """Return the steps of a pipeline, each with what it may be given."""
    found = []
    for _, step in pipeline.steps:
        found.append((step, given))
        given = _after(step, given)
    return found


def _after(step: Any, given: Made) -> Made:
    """Return what a step makes of what it is given: a table, if it is none of those that pass on whatever there is."""
    if isinstance(step, FunctionTransformer):
        return _called(getattr(step.func, "__name__", ""), step.kw_args or {}, given)
    if isinstance(step, Pipeline):
        steps = _steps(step, given)
        return _after(*steps[-1]) if steps else given
    if isinstance(step, FrozenEstimator):
        return _after(step.estimator, given)
    if isinstance(step, BaseSearchCV):
        # What it holds itself: whatever is frozen in it hands on any attribute.
        return _after(vars(step).get("best_estimator_", step.estimator), given)
    # A sampler is left out where answers are asked.
    return Made.TABLE if hasattr(step, "transform") and not hasattr(step, "fit_resample") else given


def _called(function: str, arguments: dict[str, Any], given: Made) -> Made:
    """Return what a function of NumPy makes of it."""
    if function == "ravel":
        return Made.TABLE
    if function == "reshape":
        shape = next((arguments[name] for name in SHAPES if name in arguments), ())
        return Made.TABLE if isinstance(shape, int) or (isinstance(shape, tuple | list) and shape) else Made.POINT
    if function == "squeeze" or (function in REDUCING and not arguments.get("keepdims")):
        # Of a frame of one row and one column ``squeeze`` makes the text itself.
        return Made.TEXT
    return Made.TEXT if function in TAKING and given is Made.POINT else given
