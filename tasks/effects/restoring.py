"""Puts what models need in the place of what stood in for it while they were loaded, where that is harmless.

Histogram gradient boosting converts its numbers by a function of scikit-learn with two settings: NumPy's own conversion
does the same. A method that it holds of itself it has by its class, and nobody who asks a model needs a place in
which to remember what it was trained on, or what was called after each round of its training.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.preprocessing import FunctionTransformer

from podium.histograms import CHECK, METHOD, PARTIAL, SETTINGS, require_check
from podium.streams import SuspectError
from podium.zones import ATTRIBUTE, require_maker
from tasks.effects.inert import Kept
from tasks.effects.parts import objects_in

HISTOGRAMS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
MEMORY = "joblib.memory.Memory"
CALLBACKS = "xgboost.callback."


def stands_in(kind: Any) -> bool:
    """Whether something is a class that stands in for whatever a pickle asked for."""
    return isinstance(kind, type) and issubclass(kind, Kept)


def _is(value: Any, name: str) -> bool:
    return stands_in(value) and bool(value.name == name)


def require_stood_in(name: str, given: Any) -> None:
    """Return if one of the names of which a single form is harmless is called in that form.

    Raises:
        SuspectError: it is not.
    """
    owner = given[0].name if given and stands_in(given[0]) else ""
    if name == CHECK:
        raise SuspectError(f"{CHECK} is called, which models only hold")
    if name == PARTIAL:
        require_check(owner, given)
    elif not (len(given) == 2 and isinstance(given[0], HISTOGRAMS) and given[1] == METHOD):
        require_maker(owner, given)


def require_known_state(target: Kept, state: Any) -> None:
    """Return if what stands in for something of a single form is given the state that belongs to it.

    Raises:
        SuspectError: it is a function with other settings than models have.
    """
    if target.name == PARTIAL and not are_known_settings(state):
        raise SuspectError(f"{PARTIAL} is given another state than that of {CHECK}")


def restored(model: Any) -> Any:
    """Return a model with what it needs in the place of stand-ins of known form; it is changed in place."""
    for one in objects_in(model):
        for kind, restoring in RESTORINGS:
            if isinstance(one, kind):
                restoring(one)
    return model


def _method(part: Any) -> None:
    kept = vars(part).get(METHOD)
    if isinstance(kept, Kept) and kept.name == ATTRIBUTE and kept.given[0] is part:
        delattr(part, METHOD)


def _conversion(part: Any) -> None:
    if _converts(vars(part).get("func")) and not vars(part).get("kw_args"):
        part.func, part.kw_args = np.asarray, {"dtype": np.float64}


def _converts(function: Any) -> bool:
    return isinstance(function, Kept) and function.name == PARTIAL and are_known_settings(function.state)


def are_known_settings(state: Any) -> bool:
    """Whether a function with settings is the one that makes numbers of anything, infinite ones and gaps too."""
    if not (type(state) is tuple and len(state) == 4 and type(state[2]) is dict):
        return False
    check, given, settings, more = state
    known = _is(check, CHECK) and given == () and more is None and settings.keys() in SETTINGS
    return known and settings["dtype"] == [np.float64] and all(v is False for k, v in settings.items() if k != "dtype")


def _memory(part: Any) -> None:
    kept = vars(part).get("memory")
    if isinstance(kept, Kept) and kept.name == MEMORY:
        part.memory = None


def _callbacks(part: Any) -> None:
    held = vars(part).get("callbacks")
    if isinstance(held, list | tuple):
        left = [one for one in held if not (isinstance(one, Kept) and one.name.startswith(CALLBACKS))]
        part.callbacks = held if len(left) == len(held) else left or None


RESTORINGS: tuple[tuple[type | tuple[type, ...], Callable[[Any], None]], ...] = (
    (HISTOGRAMS, _method),
    (FunctionTransformer, _conversion),
    (BaseEstimator, _memory),
    (BaseEstimator, _callbacks),
)
