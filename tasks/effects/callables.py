"""Looks at what a model would call or open when it is asked: a setting may make it read files, or call anything."""

from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from sklearn.gaussian_process.kernels import Kernel
from sklearn.model_selection import BaseCrossValidator

from podium.calls import WITH_ARGUMENTS
from tasks.effects.parts import LIBRARIES

ASKING = ("stack_method_", "response_method", "chain_method_", "_response_method")
"""Attributes that name methods of a model which are called."""
HELPERS = frozenset(full.rpartition(".")[2] for full in WITH_ARGUMENTS)
"""Functions that make objects of a pickle, and are of no use to a model."""
CALLED = ("func", "inverse_func", "tokenizer", "preprocessor", "analyzer", "metric", "score_func", "importance_getter")
"""Attributes that an estimator calls if they can be called."""
SPLITTER = BaseCrossValidator
"""Of these a repeated one holds the class."""
FUNCTIONS = (FunctionType, BuiltinFunctionType, np.ufunc, Kernel)
FILES = ("file", "filename")
"""What a vectorizer of texts is told if its rows are not texts but where these are."""
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
    for name in CALLED:
        if callable(value := held.get(name)) and not _is_function(value):
            return f"calls a {getattr(value, '__name__', type(value).__name__)} as its {name}"
    return next((f"holds the class {v.__name__}" for v in held.values() if _is_class(v)), None)


def _asking(method: Any) -> str | None:
    named = method if isinstance(method, list | tuple) else (method,)
    odd = [name for name in named if isinstance(name, str) and name not in RESPONSES]
    return f"would call {odd[0]!r:.60} of a model" if odd else None


def _is_function(value: Any) -> bool:
    """Whether a value is a function that computes, or of a class of somebody's own, who answers for it."""
    if getattr(value, "__name__", "") in HELPERS:
        return False
    of_library = isinstance(value, type) or type(value).__module__.startswith(LIBRARIES)
    return isinstance(value, FUNCTIONS) or type(value).__name__ == "cython_function_or_method" or not of_library


def _is_class(value: Any) -> bool:
    return isinstance(value, type) and value.__module__.startswith(LIBRARIES) and not issubclass(value, SPLITTER)
