"""What pickles write of histogram gradient boosting beside its trees: a function with settings, a method of its own.

Where some columns hold categories it prepares the others by ``functools.partial(check_array, dtype=[float64],
ensure_all_finite=False)``, and one that looked at a score in training holds ``getattr(model, "_raw_predict")``. Neither
is made: both are stood in for, must have just this form, and are called by nothing.
"""

from typing import Any

from podium.stand_ins import Entries, Made, Name, class_of
from podium.streams import SuspectError

PARTIAL, CHECK, METHOD = "functools.partial", "sklearn.utils.validation.check_array", "_raw_predict"
BOOSTING = "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoosting"
MODELS = frozenset({f"{BOOSTING}Classifier", f"{BOOSTING}Regressor"})
SETTINGS = (frozenset({"dtype", "ensure_all_finite"}), frozenset({"dtype", "force_all_finite"}))
"""What the function is given; before scikit-learn 1.6 under another name."""


def is_own_method(given: Any) -> bool:
    """Whether an attribute is asked for as histogram gradient boosting has it: its own method, of a model."""
    told = isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], Made)
    return told and class_of(given[0]) in MODELS and given[1] == METHOD


def require_check(owner: str, given: Any) -> None:
    """Return if a function is given settings as it is there. ``owner`` is the full name of the first of ``given``.

    Raises:
        SuspectError: it is any other function, or is given anything to begin with.
    """
    if not (isinstance(given, tuple) and len(given) == 1 and owner == CHECK):
        raise SuspectError(f"it calls {PARTIAL}, which models do for {CHECK} alone")


def require_settings(state: Any) -> None:
    """Return if these settings are those two of that function.

    Raises:
        SuspectError: they are of another function, or others.
    """
    told = isinstance(state, tuple) and len(state) == 4 and state[1] == () and state[3] is None
    known = told and isinstance(state[0], Name) and state[0].full == CHECK and isinstance(state[2], Entries)
    if not (known and not state[2].unclear and not state[2].private and state[2].keys() in SETTINGS):
        raise SuspectError(f"it gives other settings to {CHECK} than models do")
