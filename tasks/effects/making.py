"""Holds what a pickle does while it is loaded to what honest models do: what is called with what, and every state.

The walk judges the same beforehand, by stand-ins. Should it have been led astray, the objects themselves are judged
here, before the call and before the state is set.
"""

import math
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from numbers import Integral
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np
from joblib.numpy_pickle import NumpyArrayWrapper
from sklearn.base import BaseEstimator
from sklearn.impute._iterative import _ImputerTriplet

from podium.calls import LOSSES, RECONSTRUCTOR, is_held_alone, takes_arguments
from podium.safety import FORMER
from podium.stand_ins import FLAGS, ITEM, OF_RECORDS, VERSIONS, is_private
from podium.streams import SuspectError

Given = tuple[Any, ...]


def _whole(value: Any) -> bool:
    return isinstance(value, Integral)


def _types(*kinds: type) -> Callable[[Given], bool]:
    return lambda given: tuple(map(type, given)) == kinds


def _encoded(given: Given) -> bool:
    return _types(str, str)(given) and given[1] in {"latin1", "latin-1"}


def _bounds(given: Given) -> bool:
    return len(given) <= 3 and all(map(_whole, given))


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
    return plain and not any(_is_private(key) for key in given[2])


def _is_private(key: Any) -> bool:
    return isinstance(key, str) and is_private(key)


def _type_of_items(given: Given) -> bool:
    """Whether a type is made of its name, as a copy: the type itself is everybody's, and a state would change it."""
    if len(given) != 3 or given[1:] != (0, 1):
        return False
    return given[0] is np.void or (type(given[0]) is str and ITEM.fullmatch(given[0]) is not None)


def _empty_array(given: Given) -> bool:
    return len(given) == 3 and given[0] in {np.ndarray, np.matrix} and given[1:] in {((0,), b"b"), ((0,), "b")}


def _is_type(value: Any) -> bool:
    """Whether a value is the type of the items of an array, and will stay what it is."""
    return isinstance(value, np.dtype) and value.subdtype is None and not _is_open(value)


def _is_open(dtype: "np.dtype[Any]") -> bool:
    """Whether a type of records has no state yet, which tells its size."""
    return dtype.kind == "V" and not dtype.itemsize


def _scalar(given: Given) -> bool:
    return bool(given) and _is_type(given[0]) and len(given) <= 2


def _bytes_of_items(given: Given) -> bool:
    if len(given) != 4 or type(given[0]) not in {bytes, bytearray} or not _is_type(given[1]):
        return False
    shape = type(given[2]) is tuple and all(map(_whole, given[2]))
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
    return len(given) == 3 and isinstance(given[0], type) and _whole(given[1]) and type(given[2]) in {tuple, type(None)}


def _of_compiled_class(given: Given) -> bool:
    return len(given) == 1 and isinstance(given[0], type) and given[0].__module__.startswith("sklearn.")


def _tree(given: Given) -> bool:
    return len(given) == 3 and _whole(given[0]) and type(given[1]) is np.ndarray and _whole(given[2])


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


def require_state(target: Any, state: Any) -> None:
    """Return if an object may be given a state: a dictionary of its attributes, or what its own class takes.

    Raises:
        SuspectError: it is no object of a class, or the state would do more than set what it holds.
    """
    if isinstance(target, type | FunctionType | BuiltinFunctionType | ModuleType | np.ufunc):
        raise SuspectError(f"{getattr(target, '__name__', 'something')} is given a state")
    if isinstance(target, np.dtype):
        _require_type(target, state)
    elif isinstance(target, np.ndarray):
        _require_array(state)
    elif type(state) is dict:
        _require_names(state)
    elif isinstance(target, BaseEstimator) or type(state) is not tuple or not hasattr(type(target), "__setstate__"):
        raise SuspectError(f"a {type(target).__name__} is given a {type(state).__name__} as its state")
    if isinstance(target, NumpyArrayWrapper):
        _require_wrapper(state)


def _require_names(state: Mapping[Any, Any]) -> None:
    for key in state:
        if type(key) is not str or is_private(key):
            raise SuspectError(f"a state has {key!r:.60} as a key")


def require_keys(target: Any, keys: Any) -> None:
    """Return if entries may be set: in a dictionary, and under no name that Python itself looks at in one of its own.

    Raises:
        SuspectError: they may not.
    """
    if not isinstance(target, dict):
        raise SuspectError(f"entries are set in a {type(target).__name__}")
    if type(target) in PLAIN:
        return
    for key in keys:
        if _is_private(key):
            raise SuspectError(f"it sets {key}")


def require_growing(target: Any) -> None:
    """Return if something is a list or a set; of anything else a method of its own would be called.

    Raises:
        SuspectError: it is not.
    """
    if type(target) not in {list, set}:
        raise SuspectError(f"items are added to a {type(target).__name__}")


def _require_wrapper(state: Any) -> None:
    if state.get("subclass") not in {np.ndarray, np.memmap, np.matrix} or not _is_type(state.get("dtype")):
        raise SuspectError("an array of joblib's is not described as joblib does")


def _require_type(target: "np.dtype[Any]", state: Any) -> None:
    """Return if the state of a type of items says what its name does; raw bytes would pass for objects else."""
    if type(state) is not tuple or len(state) not in {8, 9}:
        raise SuspectError("the type of an array has a state of another form")
    version, _, within, names, fields, size, _, flags, *_ = state
    if target.kind == "V":
        plain = type(flags) is int and flags & ~OF_RECORDS == 0 and _is_record(target, size, within, names, fields)
    else:
        wanted = target.itemsize if target.kind in "SU" else -1
        handled = type(flags) is int and flags == FLAGS.get(target.kind, 0)
        plain = size == wanted and handled and within is names is fields is None
    if not (plain and type(version) is int and version in VERSIONS):
        raise SuspectError(f"the type {target.str} has the state of another")


def _is_record(target: "np.dtype[Any]", size: Any, within: Any, names: Any, fields: Any) -> bool:
    """Whether a record has the size that its type says, or says it for the first time, and what is in it fits."""
    fits = size > 0 if _is_open(target) and type(size) is int else size == target.itemsize
    if not fits:
        return False
    if within is None:
        return _are_within(names, fields, size)
    return names is fields is None and _is_filled(within, size)


def _is_filled(within: Any, size: int) -> bool:
    """Whether an array within a record is of plain items, as many as fit."""
    if type(within) is not tuple or len(within) != 2 or not _is_plain(within[0]) or type(within[1]) is not tuple:
        return False
    counted = all(type(length) is int and length > 0 for length in within[1])
    return counted and within[0].itemsize * math.prod(within[1]) == size


def _is_plain(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and not dtype.hasobject and not _is_open(dtype)


def _are_within(names: Any, fields: Any, size: int) -> bool:
    """Whether all fields of a record hold plain values and lie within it; some are there under a title as well."""
    if fields is None:
        return names is None
    if type(fields) is not dict or type(names) is not tuple or not all(type(name) is str for name in (*names, *fields)):
        return False
    if not all(_is_within(entry, size) for entry in fields.values()):
        return False
    return set(names) <= fields.keys() <= {*names, *(entry[2] for entry in fields.values() if len(entry) == 3)}


def _is_within(entry: Any, size: int) -> bool:
    if type(entry) is not tuple or len(entry) not in {2, 3} or type(entry[1]) is not int:
        return False
    fits = _is_plain(entry[0]) and 0 <= entry[1] <= entry[1] + entry[0].itemsize <= size
    return fits and (len(entry) == 2 or type(entry[2]) is str)


def _is_full(state: Given) -> bool:
    """Whether an array has as many objects as its shape says; of bytes numpy itself sees to that."""
    return min(state[1], default=0) >= 0 and (type(state[4]) is not list or len(state[4]) == math.prod(state[1]))


def _require_array(state: Any) -> None:
    known = type(state) is tuple and len(state) >= 5 and _is_type(state[2]) and type(state[1]) is tuple
    content = (list,) if known and state[2].hasobject else (bytes, bytearray, str)
    if not (known and all(map(_whole, state[1])) and type(state[4]) in content and _is_full(state)):
        raise SuspectError("the state of an array is none that numpy writes")
