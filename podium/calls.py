"""Which calls the pickle of an honest model makes: not only of what, but with what.

A class that computes is harmless by itself, and still does harm if it is given the right things: a constructor that
opens a file, a function that calls its argument. Objects of models are made empty and given their state, so that few
names are ever given arguments; those stand here, and everything else is made without any.
"""

from functools import cache
from typing import Any

from podium.histograms import CHECK, PARTIAL, is_own_method, require_check
from podium.inert import is_inert
from podium.reviewed import FORMER, FUNCTIONS, OF_ARRAYS
from podium.safety import rule_on
from podium.stand_ins import Entries, Made, Name, class_of, kind_of
from podium.streams import SuspectError
from podium.zones import ATTRIBUTE, require_maker

RECONSTRUCTOR = "copyreg._reconstructor"
TRIPLET = "sklearn.impute._iterative._ImputerTriplet"
"""A named tuple, which is made of its items."""
PLAIN = frozenset({"collections.Counter", "collections.OrderedDict", "collections.defaultdict"})
"""Dictionaries whose entries are nothing but entries."""
LOSSES = "sklearn._loss._loss.Cy"
"""Losses are given their numbers."""
WITH_ARGUMENTS = (
    frozenset(
        {
            RECONSTRUCTOR,
            "_codecs.encode",
            "builtins.bytearray",
            "builtins.complex",
            "builtins.frozenset",
            "builtins.range",
            "builtins.set",
            "builtins.slice",
            "collections.Counter",
            "collections.defaultdict",
            "numpy.dtype",
            "numpy.ma.core._mareconstruct",
            "numpy.random._pickle.__bit_generator_ctor",
            "numpy.random._pickle.__generator_ctor",
            "numpy.random._pickle.__randomstate_ctor",
            "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
            TRIPLET,
            "sklearn.metrics._dist_metrics.newObj",
            "sklearn.neighbors._ball_tree.newObj",
            "sklearn.neighbors._kd_tree.newObj",
            "sklearn.tree._tree.Tree",
            "sklearn.tree._tree.__pyx_unpickle_Tree",
        }
    )
    | OF_ARRAYS
    | FORMER
)
"""Names that honest pickles give arguments to, each its own kind, which whoever loads them checks."""


STOOD_IN = frozenset({ATTRIBUTE, CHECK, PARTIAL})
"""Names of one harmless form each, which the walk judges: something that notes what it is given stands in for them."""


@cache
def is_judged(function: Name) -> bool:
    """Whether a name is listed and will be what it says: what stands in for others takes anything."""
    return rule_on(function.module, function.name).allowed and not is_inert(function.module, function.name)


def takes_arguments(full: str) -> bool:
    """Whether honest pickles give arguments to what has this name."""
    return full in WITH_ARGUMENTS or full.startswith(LOSSES)


def is_held_alone(full: str) -> bool:
    """Whether what has this name is a function of models, which a pickle refers to and never calls."""
    return full in FUNCTIONS


def require_call(function: Name, given: Any) -> None:
    """Return if an honest pickle may call a name so.

    Raises:
        SuspectError: it would be given something, and is made of nothing; or it is not there to be called.
    """
    if function.full in STOOD_IN:
        _require_stood_in(function.full, given)
    if not is_judged(function):
        return
    if is_held_alone(function.full):
        raise SuspectError(f"it calls {function.full}, which models only hold")
    if not isinstance(given, tuple):
        raise SuspectError(f"what it calls {function.full} with is not written down")
    if given and not takes_arguments(function.full):
        raise SuspectError(f"it gives arguments to {function.full}, which no honest model does")
    if function.full == RECONSTRUCTOR and not _is_plain(given):
        raise SuspectError(f"it makes an object by {RECONSTRUCTOR} from more than its class")


def _require_stood_in(full: str, given: Any) -> None:
    owner = given[0].full if isinstance(given, tuple) and given and isinstance(given[0], Name) else ""
    if full == CHECK:
        raise SuspectError(f"it calls {CHECK}, which models only hold")
    if full == PARTIAL:
        require_check(owner, given)
    elif not is_own_method(given):
        require_maker(owner, given)


def _is_plain(given: tuple[Any, ...]) -> bool:
    """Whether an object is made of its class alone, or a dictionary of a class of its own of a dictionary."""
    if len(given) != 3 or not (isinstance(given[0], Name) and isinstance(given[1], Name)):
        return False
    if given[1].full == "builtins.object":
        return given[2] is None
    if not is_judged(given[0]) or given[0].full == TRIPLET:
        return True
    return given[1].full == "builtins.dict" and isinstance(given[2], Entries) and not given[2].private


def is_plain(made: Any) -> bool:
    """Whether something is a dictionary of which no entry means more than it says."""
    return isinstance(made, Made) and class_of(made) in PLAIN


def is_made_of_names(made: Any) -> bool:
    """Whether an object is of a class of the list, whose content is its state and nothing else."""
    kind = kind_of(made) if isinstance(made, Made) else None
    return kind is not None and is_judged(kind)
