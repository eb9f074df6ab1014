"""Looks at what a model would call or open when it is asked: a setting may make it read files, or call anything."""

import sys
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.gaussian_process.kernels import Kernel
from sklearn.model_selection import BaseCrossValidator

from podium.calls import WITH_ARGUMENTS
from podium.reviewed import KNOWN_PACKAGES
from tasks.effects.parts import LIBRARIES, inside, objects_in
from tasks.effects.prediction import is_booster

ASKING = ("stack_method_", "response_method", "chain_method_", "_response_method")
"""Attributes that name methods of a model which are called."""
KNOWN = frozenset({*KNOWN_PACKAGES, *sys.stdlib_module_names, "_loss", "tasks"})
"""Packages whose functions are nobody's own; one of scikit-learn's compiled modules says that it is ``_loss``."""
HELPERS = frozenset(full.rpartition(".")[2] for full in WITH_ARGUMENTS)
"""Functions that make objects of a pickle, and are of no use to a model."""
DISTANCES = ("metric", "effective_metric_")
"""Attributes that are a distance of two rows, or its name."""
CALLED = (
    *DISTANCES,
    "func",
    "inverse_func",
    "tokenizer",
    "preprocessor",
    "analyzer",
    "score_func",
    "importance_getter",
)
"""Attributes that an estimator calls if they can be called."""
OF_DISTANCES = ("metric_params", "metric_kwds", "effective_metric_params_")
"""Attributes that hold what is given to a distance."""
KEYWORDS = (*OF_DISTANCES, "kw_args", "inv_kw_args", "kernel_params", "_kwargs")
"""Attributes that hold what is given to what is called."""
ELSEWHERE = frozenset({"out", "where"})
"""Arguments with which NumPy writes its results into what it is given, or gives back memory that it did not write."""
CALLING = ELSEWHERE | {"func"}
"""Those of a distance: the one that is told a function calls it with two rows, of which it may write into one."""
SPLITTER = BaseCrossValidator
"""Of these a repeated one holds the class."""
FUNCTIONS = (FunctionType, BuiltinFunctionType, np.ufunc, Kernel)
KERNELS = "sklearn.metrics.pairwise"
"""Where the functions are that a machine of support vectors may be told as its kernel."""
FILES = ("file", "filename")
"""What a vectorizer of texts is told if its rows are not texts but where these are."""
ARRAYS = (np.ndarray, np.dtype)
"""Classes whose call gives back memory that nobody wrote."""
BOOSTER = "_Booster"
"""Where the estimators of XGBoost and LightGBM have their raw booster."""
OF_BOOSTERS = ("xgboost", "lightgbm")
RESPONSES = frozenset({"auto", "default", "decision_function", "predict", "predict_log_proba", "predict_proba"})
"""Methods of a model that scikit-learn's own scorers ask."""


def meddling(one: Any) -> str | None:
    """Return what an object of a model would do beside computing; None if it computes."""
    if not hasattr(one, "__dict__") or not type(one).__module__.startswith(LIBRARIES):
        return None
    held = vars(one)
    for name in ASKING:
        if odd := _asking(held.get(name, ())):
            return odd
    if shadowed := next((name for name, v in held.items() if callable(v) and hasattr(type(one), name)), None):
        return f"has something else in the place of its {shadowed}"
    if held.get("input", "content") in FILES:
        return f"opens the files that its rows name (input={held['input']!r:.40})"
    return _calling(held) or next((f"holds the {odd}" for value in held.values() if (odd := _maker(value))), None)


def misplaced(one: Any) -> str | None:
    """Return what is wrong with an object that has a raw booster and is no estimator of one.

    A booster takes a text in the place of rows for the name of a file, and its estimator looks at what it is given.
    """
    if isinstance(one, BaseEstimator) and type(one).__module__.startswith(OF_BOOSTERS):
        held = [value for name, value in vars(one).items() if name != BOOSTER]
    else:
        held = inside(one)
    return "has a raw booster in it: save its classifier or regressor" if any(map(is_booster, held)) else None


def _calling(held: Mapping[str, Any]) -> str | None:
    """Return what an estimator calls that is no function, or what it would give to one."""
    for name in CALLED:
        if callable(value := held.get(name)) and not _is_function(value, name):
            return f"calls a {getattr(value, '__name__', type(value).__name__)} as its {name}"
    odd = {name: CALLING if name in OF_DISTANCES else ELSEWHERE for name in KEYWORDS}
    given = {name: odd[name] & held[name].keys() for name in KEYWORDS if isinstance(held.get(name), dict)}
    return next((f"gives {min(keys)!r} to a function, in its {name}" for name, keys in given.items() if keys), None)


def _maker(value: Any) -> str | None:
    """Return what a value would make if it were called by its name as a method: an object of a class, or an array."""
    if isinstance(value, type):
        of_library = value.__module__.startswith(LIBRARIES) and not issubclass(value, SPLITTER)
        return f"class {value.__name__}" if of_library or issubclass(value, ARRAYS) else None
    return f"helper {value.__name__}" if _is_helper(value) else None


def is_kernel(value: Any) -> bool:
    """Whether a function or an object gives a number for each pair of rows; somebody's own is taken at their word."""
    if isinstance(value, Kernel):
        held = [inner for one in objects_in(value) if isinstance(one, Kernel) for inner in vars(one).values()]
        return all(isinstance(inner, Kernel) or not callable(inner) for inner in held)
    return getattr(value, "__module__", None) == KERNELS or _is_own(value)


def _is_own(value: Any) -> bool:
    """Whether a function is of nobody's package that is known here: such a name was told in the config."""
    module = str(getattr(value, "__module__", None) or type(value).__module__)
    return module.partition(".")[0] not in KNOWN


def _is_helper(value: Any) -> bool:
    return callable(value) and getattr(value, "__name__", "") in HELPERS and not _is_own(value)


def _asking(method: Any) -> str | None:
    named = method if isinstance(method, list | tuple) else (method,)
    odd = [name for name in named if isinstance(name, str) and name not in RESPONSES]
    return f"would call {odd[0]!r:.60} of a model" if odd else None


def _is_function(value: Any, name: str) -> bool:
    """Whether a value is a function that computes, or of a class of somebody's own, who answers for it.

    Of two rows NumPy's write into the second: under the ``name`` of a distance they are none.
    """
    if _is_helper(value) or (name in DISTANCES and isinstance(value, np.ufunc)):
        return False
    of_library = isinstance(value, type) or type(value).__module__.startswith((*LIBRARIES, "scipy"))
    return isinstance(value, FUNCTIONS) or type(value).__name__ == "cython_function_or_method" or not of_library
