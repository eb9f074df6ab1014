"""Finds the estimators inside a model, wherever it keeps them, and completes their parameters."""

import inspect
from functools import cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from podium.streams import SuspectError

MOST = 1_000_000
"""Objects of a model that are looked at."""
SIMPLE = (str, bytes, bool, int, float, complex, np.generic, type(None), type)
"""Texts and numbers, which hold nothing."""
LIBRARIES = ("sklearn", "xgboost", "lightgbm", "imblearn")


def parts_of(model: Any) -> list[BaseEstimator]:
    """Return every estimator inside a model, itself included, once.

    Raises:
        SuspectError: there is no end of them.
    """
    return [one for one in objects_in(model) if isinstance(one, BaseEstimator)]


def objects_in(model: Any) -> list[Any]:
    """Return every object inside a model, itself included, once; texts and numbers are none.

    Raises:
        SuspectError: there are more than anybody could look at.
    """
    waiting, seen, found = [model], set[int](), list[Any]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        if len(seen) == MOST:
            raise SuspectError(f"it holds more than {MOST:,} objects")
        seen.add(id(one))
        found.append(one)
        waiting += [inner for inner in inside(one) if not isinstance(inner, SIMPLE)]
    return found


def inside(one: Any) -> list[Any]:
    """Return what an object holds."""
    if isinstance(one, dict):
        return list(one.values())
    if isinstance(one, list | tuple):
        return list(one)
    if isinstance(one, np.ndarray):
        return list(one.flat) if one.dtype == object else []
    return list(vars(one).values()) if is_of_library(one) and hasattr(one, "__dict__") else []


def is_of_library(one: Any) -> bool:
    """Whether an object is of a class of the libraries of models."""
    return type(one).__module__.startswith(LIBRARIES)


def add_parameters(part: BaseEstimator) -> None:
    """Give an estimator the constructor parameters that came after its version, at their defaults."""
    if is_of_library(part):
        kind: Any = type(part)
        for name, default in _defaults(kind).items():
            vars(part).setdefault(name, default)


@cache
def _defaults(kind: Any) -> dict[str, Any]:
    """Return the constructor parameters of a class with their defaults, those it passes on to base classes included."""
    found: dict[str, Any] = {}
    for base in kind.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
        found = {p.name: p.default for p in parameters if p.default is not p.empty} | found
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return found
