"""Holds what a pickle does while it is loaded to what honest models do: what is called with what.

The walk judges the same beforehand, by stand-ins. Should it have been led astray, the objects themselves are judged
here, before the call; what is set then is judged by ``tasks.effects.states``.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.impute._iterative import _ImputerTriplet

from podium.calls import LOSSES, RECONSTRUCTOR, is_held_alone, takes_arguments
from podium.reviewed import FORMER
from podium.stand_ins import ITEM, is_private
from podium.streams import SuspectError

Given = tuple[Any, ...]


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, be it Python's or NumPy's."""
    return isinstance(value, Integral)


def _types(*kinds: type) -> Callable[[Given], bool]:
    return lambda given: tuple(map(type, given)) == kinds


def _encoded(given: Given) -> bool:
    return _types(str, str)(given) and given[1] in {"latin1", "latin-1"}


def _bounds(given: Given) -> bool:
    return len(given) <= 3 and all(map(is_whole, given))


def _slice(given: Given) -> bool:
    return len(given) <= 3 and all(part is None or isinstance(part, int | float | str | np.number) for part in given)


def _triplet(given: Given) -> bool:
    return len(given) == 3 and isinstance(given[2], BaseEstimator)


def _made_of_class(given: Given) -> bool:
    if len(given) != 3 or not isinstance(given[0], type):
        return False
    if given[1] is object:
        return given[2] is None
    if given[0] is _ImputerTriplet:
        return given[1] is tuple and type(given[2]) is tuple
    plain = given[1] is dict and type(given[2]) is dict and issubclass(given[0], dict)
    return plain and not any(is_private_key(key) for key in given[2])


def is_private_key(key: Any) -> bool:
    """Whether a key is a name that Python itself may look at."""
    return isinstance(key, str) and is_private(key)


def _type_of_items(given: Given) -> bool:
    """Whether a type is made of its name, as a copy: the type itself is everybody's, and a state would change it."""
    if len(given) != 3 or given[1:] != (0, 1):
        return False
    return given[0] is np.void or (type(given[0]) is str and ITEM.fullmatch(given[0]) is not None)


def _empty_array(given: Given) -> bool:
    return len(given) == 3 and given[0] in {np.ndarray, np.matrix} and given[1:] in {((0,), b"b"), ((0,), "b")}


def is_type(value: Any) -> bool:
    """Whether a value is the type of the items of an array, and will stay what it is."""
    return isinstance(value, np.dtype) and value.subdtype is None and not is_open(value)


def is_open(dtype: "np.dtype[Any]") -> bool:
    """Whether a type of records has no state yet, which tells its size."""
    return dtype.kind == "V" and not dtype.itemsize


def _scalar(given: Given) -> bool:
    return bool(given) and is_type(given[0]) and len(given) <= 2


def _bytes_of_items(given: Given) -> bool:
    if len(given) != 4 or type(given[0]) not in {bytes, bytearray} or not is_type(given[1]):
        return False
    shape = type(given[2]) is tuple and all(map(is_whole, given[2]))
    return shape and given[3] in {"C", "F"} and not given[1].hasobject


def _masked(given: Given) -> bool:
    kinds = given[:2] == (np.ma.MaskedArray, np.ndarray)
    return len(given) == 4 and kinds and given[2:] in {((0,), "b"), ((0,), b"b")}


def _generator(given: Given) -> bool:
    """Whether a source of random numbers is made of one of NumPy's, or of its name and the maker of these."""
    if not 1 <= len(given) <= 2:
        return False
    source = type(given[0]) is str or isinstance(given[0], np.random.BitGenerator)
    return source and (len(given) == 1 or getattr(given[1], "__name__", "") == "__bit_generator_ctor")


def _bit_generator(given: Given) -> bool:
    (kind,) = given if len(given) == 1 else (None,)
    return type(kind) is str or (isinstance(kind, type) and issubclass(kind, np.random.BitGenerator))


def _unpickled(given: Given) -> bool:
    """Whether a compiled object is made of its class, the digest of its members, and these."""
    return (
        len(given) == 3 and isinstance(given[0], type) and is_whole(given[1]) and type(given[2]) in {tuple, type(None)}
    )


def _of_compiled_class(given: Given) -> bool:
    return len(given) == 1 and isinstance(given[0], type) and given[0].__module__.startswith("sklearn.")


def _tree(given: Given) -> bool:
    return len(given) == 3 and is_whole(given[0]) and type(given[1]) is np.ndarray and is_whole(given[2])


def _numbers(given: Given) -> bool:
    return all(isinstance(part, int | float | np.number) for part in given)


def _factory(given: Given) -> bool:
    return len(given) == 1 and (given[0] is None or getattr(given[0], "__name__", "") in {"OrderedDict", *BUILT_IN})


PLAIN = (dict, OrderedDict, defaultdict)
"""Dictionaries whose entries are nothing but entries: people's own words, of whatever form."""
BUILT_IN = ("bool", "dict", "float", "int", "list", "set", "str", "tuple")
FORMS: Mapping[str, Callable[[Given], bool]] = {
    RECONSTRUCTOR: _made_of_class,
    "_codecs.encode": _encoded,
    "builtins.bytearray": lambda given: _types(bytes)(given) or _encoded(given),
    "builtins.complex": _types(float, float),
    "builtins.frozenset": _types(list),
    "builtins.range": _bounds,
    "builtins.set": _types(list),
    "builtins.slice": _slice,
    "collections.Counter": _types(dict),
    "collections.defaultdict": _factory,
    "numpy.dtype": _type_of_items,
    "numpy.ma.core._mareconstruct": _masked,
    "numpy.random._pickle.__bit_generator_ctor": _bit_generator,
    "numpy.random._pickle.__generator_ctor": _generator,
    "numpy.random._pickle.__randomstate_ctor": _generator,
    "sklearn.impute._iterative._ImputerTriplet": _triplet,
    "sklearn.tree._tree.Tree": _tree,
}
"""What those few are given that are given anything, by name; the others by the way they are called."""
OF_ARRAYS = {"_reconstruct": _empty_array, "scalar": _scalar, "_frombuffer": _bytes_of_items}


def require_call(full: str, given: Any, named: Any = None) -> None:
    """Return if an honest pickle calls what has this name with these arguments.

    Raises:
        SuspectError: it does not.
    """
    if type(given) is not tuple or named or is_held_alone(full):
        raise SuspectError(f"{full} is called in a way that no honest model does")
    if given and not (takes_arguments(full) and _form(full)(given)):
        raise SuspectError(f"{full} is given {_kinds(given)}, which no honest model does")


def _form(full: str) -> Callable[[Given], bool]:
    last = full.rpartition(".")[2]
    if full in FORMS:
        return FORMS[full]
    if full.startswith("numpy."):
        return OF_ARRAYS.get(last, _unpickled)
    if last == "newObj":
        return _of_compiled_class
    if last.startswith("__pyx_unpickle_"):
        return _unpickled
    return _numbers if full.startswith(LOSSES) or full in FORMER else lambda given: False


def _kinds(given: Given) -> str:
    return ", ".join(type(part).__name__ for part in given[:5])
