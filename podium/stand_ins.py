"""What the walk through a pickle puts in the place of objects, and what can be told of an array from it."""

import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from dataclasses import dataclass
from typing import Any

from podium.streams import SuspectError

MOVED = {
    "_loss": "sklearn._loss._loss",
    "numpy.core._multiarray_umath": "numpy",
    "numpy._core._multiarray_umath": "numpy",
}
"""Modules that compiled code names otherwise in some versions: NumPy its functions, scikit-learn its losses."""
LARGEST = 1 << 50
"""Items of an array that nobody has."""
DIMENSIONS = 64
DEEPEST_RECORD = 2
"""Records within records that are looked into: many fields of many fields would have no end."""
ITEM = re.compile(r"[<>|=]?([a-zA-Z?])(\d*)")


@dataclass(frozen=True, slots=True)
class Name:
    """A name that a pickle would import."""

    module: str
    name: str

    @property
    def full(self) -> str:
        """The name with its module."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Made:
    """An object that a pickle would make: by what, from what, and with which state."""

    by: Any
    given: Any = None
    state: Any = None


class Opaque:
    """A value that does not matter."""


OPAQUE, MARK = Opaque(), Opaque()


def current(module: str, name: str) -> Name:
    """Return a name as it is known today: protocols 0 to 2 write those of Python 2."""
    module, name = NAME_MAPPING.get((module, name), (module, name))
    return Name(MOVED.get(module) or IMPORT_MAPPING.get(module, module), name)


def class_of(made: Made) -> str:
    """Return the class that an object would have: the one that makes it, or the one that its maker is given."""
    by = made.by
    if isinstance(by, Name) and by.full == "copyreg._reconstructor" and isinstance(made.given, tuple) and made.given:
        by = made.given[0]
    return by.full if isinstance(by, Name) else ""


def count_of(shape: Any) -> int:
    """Return the number of items of an array.

    Raises:
        SuspectError: its shape is not written down as numbers.
    """
    if not (isinstance(shape, tuple) and all(isinstance(n, int) and n >= 0 for n in shape)):
        raise SuspectError("the size of an array cannot be told")
    count = 1
    for length in shape:
        count *= min(length, LARGEST)
        if count > LARGEST or len(shape) > DIMENSIONS:
            raise SuspectError("an array is larger than any")
    return count


def item_size(dtype: Any, depth: int = 0) -> int | None:
    """Return the bytes of one item of an array; None if its items are objects, which lie in a pickle of their own.

    Raises:
        SuspectError: its type is not written down as numpy writes it, or has records in records in records.
    """
    if depth > DEEPEST_RECORD:
        raise SuspectError("the type of an array cannot be told")
    known = isinstance(dtype, Made) and class_of(dtype) == "numpy.dtype" and isinstance(dtype.given, tuple)
    written = ITEM.fullmatch(dtype.given[0]) if known and isinstance(dtype.given[0], str) else None
    if written is None:
        raise SuspectError("the type of an array cannot be told")
    kind, size = written.group(1), int(written.group(2) or 1)
    if kind == "O":
        return None
    if kind == "V" and dtype.state is not None:
        _refuse_objects(dtype.state, depth)
    return size * 4 if kind == "U" else size


def _refuse_objects(state: Any, depth: int) -> None:
    """Refuse a record type with objects in it: joblib would store those otherwise than plain bytes."""
    fields = state[4] if isinstance(state, tuple) and len(state) > 4 else None
    described = fields.values() if isinstance(fields, dict) else (None,)
    for entry in described:
        if not (isinstance(entry, tuple) and entry and item_size(entry[0], depth + 1) is not None):
            raise SuspectError("the type of an array cannot be told")
