"""Holds every state that a pickle sets, and whatever it puts into what it made, to what honest models do.

Like ``tasks.effects.making``, which does so for calls: what the walk judged by stand-ins beforehand is judged here by
the objects themselves.
"""

import math
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np
from joblib.numpy_pickle import NumpyArrayWrapper
from sklearn.base import BaseEstimator

from podium.stand_ins import FLAGS, OF_RECORDS, VERSIONS, is_private
from podium.streams import SuspectError
from tasks.effects.making import PLAIN, Given, is_open, is_private_key, is_type, is_whole


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
        if is_private_key(key):
            raise SuspectError(f"it sets {key}")


def require_growing(target: Any) -> None:
    """Return if something is a list or a set; of anything else a method of its own would be called.

    Raises:
        SuspectError: it is not.
    """
    if type(target) not in {list, set}:
        raise SuspectError(f"items are added to a {type(target).__name__}")


def _require_wrapper(state: Any) -> None:
    if state.get("subclass") not in {np.ndarray, np.memmap, np.matrix} or not is_type(state.get("dtype")):
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
    fits = size > 0 if is_open(target) and type(size) is int else size == target.itemsize
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
    return isinstance(dtype, np.dtype) and not dtype.hasobject and not is_open(dtype)


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
    known = type(state) is tuple and len(state) >= 5 and is_type(state[2]) and type(state[1]) is tuple
    content = (list,) if known and state[2].hasobject else (bytes, bytearray, str)
    if not (known and all(map(is_whole, state[1])) and type(state[4]) in content and _is_full(state)):
        raise SuspectError("the state of an array is none that numpy writes")
