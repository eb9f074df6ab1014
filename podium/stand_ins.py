"""What the walk through a pickle puts in the place of objects, and what can be told of an array from it."""

import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from dataclasses import dataclass
from typing import Any

from podium.reviewed import RECORDS
from podium.streams import SuspectError

MOVED = {
    "_loss": "sklearn._loss._loss",
    "numpy.core._multiarray_umath": "numpy",
    "numpy._core._multiarray_umath": "numpy",
}
"""Modules that compiled code names otherwise in some versions: NumPy its functions, scikit-learn its losses."""
SCORER = "_CurveScorer"
MOVED_ALONE = {("sklearn.model_selection._classification_threshold", SCORER): ("sklearn.metrics._scorer", SCORER)}
"""Names that stood in another module before, scikit-learn 1.6 here; they are judged as what they are now."""
LARGEST = 1 << 50
"""Items of an array that nobody has."""
DIMENSIONS = 64
DEEPEST_RECORD = 2
"""Records within records that are looked into: many fields of many fields would have no end."""
ITEM = re.compile(r"([biufcmMOSUV])(\d{1,9})")
"""A type as numpy writes it: its kind, and its bytes, or characters of text. There are other spellings of the same."""
FLAGS = {"O": 63, "U": 8}
"""What numpy says of how the items of a type are to be handled, where that is not 0."""
OF_RECORDS = 0x98
"""What it may say of records: that they are aligned, that they are to be emptied before use, and how they are read."""
VERSIONS = frozenset({3, 4})
"""In which numpy writes the state of a type; of an earlier one it would work out the flags by itself."""
LONGEST_NAME = 200
"""Characters of a name that anybody would import or set."""
DUNDER = re.compile(r"__(?!(?:doc|name)__)\w+__")
"""Attributes that Python itself looks at, but for the two that are texts about an object."""
KEPT = 64
"""Entries of a dictionary that are remembered beside those that describe an array."""
DESCRIBING = frozenset({"shape", "dtype", "numpy_array_alignment_bytes"})


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
    is_built: bool = False


def is_private(key: str) -> bool:
    """Whether Python itself looks at an attribute of this name; not so at two that are texts about an object."""
    return len(key) <= LONGEST_NAME and DUNDER.fullmatch(key) is not None


class Entries(dict[str, Any]):
    """A dictionary as far as it is remembered.

    ``unclear`` is whether its keys cannot all be told, ``private`` whether Python itself would look at one of them.
    """

    unclear = private = False

    def note(self, key: Any, value: Any) -> None:
        """Note an entry: one whose key is no text, or that describes an array a second time, makes all unclear."""
        if not isinstance(key, str) or (key in DESCRIBING and key in self):
            self.unclear = True
        elif is_private(key):
            self.private = True
        elif key in DESCRIBING or len(self) < KEPT:
            self[key] = value


class Opaque:
    """A value that does not matter."""


OPAQUE, MARK = Opaque(), Opaque()


def current(module: str, name: str) -> Name:
    """Return a name as it is known today: protocols 0 to 2 write those of Python 2."""
    module, name = NAME_MAPPING.get((module, name), (module, name))
    module, name = MOVED_ALONE.get((module, name), (module, name))
    return Name(MOVED.get(module) or IMPORT_MAPPING.get(module, module), name)


def class_of(made: Made) -> str:
    """Return the full name of the class that an object would have, empty if it is not known."""
    kind = kind_of(made)
    return kind.full if kind else ""


def kind_of(made: Made) -> Name | None:
    """Return the class that an object would have: the one that makes it, or the one that its maker is given."""
    by = made.by
    if isinstance(by, Name) and by.full == "copyreg._reconstructor" and isinstance(made.given, tuple) and made.given:
        by = made.given[0]
    return by if isinstance(by, Name) else None


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
    kind, size = _named(dtype)
    if dtype.state is not None:
        _require_same(dtype.state, kind, size)
        if kind == "V":
            _refuse_objects(dtype.state, size, depth)
    return None if kind == "O" else size


def _named(dtype: Any) -> tuple[str, int]:
    """Return the kind of a type and its bytes, from its name; those of a record with attributes from its state."""
    known = isinstance(dtype, Made) and class_of(dtype) == "numpy.dtype" and isinstance(dtype.given, tuple)
    name = dtype.given[0] if known and dtype.given else None
    if isinstance(name, Name) and name.full in RECORDS and isinstance(dtype.state, tuple):
        return "V", _size_in(dtype.state)
    written = ITEM.fullmatch(name) if isinstance(name, str) else None
    if written is None:
        raise SuspectError("the type of an array cannot be told")
    kind, size = written.group(1), int(written.group(2))
    return kind, size * 4 if kind == "U" else size


def _size_in(state: tuple[Any, ...]) -> int:
    size = state[5] if len(state) in {8, 9} else None
    if not (isinstance(size, int) and 0 < size < LARGEST):
        raise SuspectError("the type of an array cannot be told")
    return size


def _require_same(state: Any, kind: str, size: int) -> None:
    """Return if the state of a type says of it what its name does."""
    if not (isinstance(state, tuple) and len(state) in {8, 9}):
        raise SuspectError("the type of an array cannot be told")
    version, _, within, _, _, bytes_, _, flags, *_ = state
    sized = bytes_ == (size if kind in "SUV" else -1) and version in VERSIONS
    handled = flags & ~OF_RECORDS == 0 if kind == "V" and isinstance(flags, int) else flags == FLAGS.get(kind, 0)
    if not (sized and handled and (within is None or kind == "V")):
        raise SuspectError("the type of an array is not what its name says")


def _refuse_objects(state: tuple[Any, ...], size: int, depth: int) -> None:
    """Refuse a record type with objects in it: joblib would store those otherwise than plain bytes."""
    _, _, within, names, fields, *_ = state
    if within is not None:
        _require_filled(within, size, depth)
    elif isinstance(fields, dict):
        for entry in fields.values():
            if not (isinstance(entry, tuple) and entry and item_size(entry[0], depth + 1) is not None):
                raise SuspectError("the type of an array cannot be told")
    elif not (fields is None and names is None):
        raise SuspectError("the type of an array cannot be told")


def _require_filled(within: Any, size: int, depth: int) -> None:
    """Return if an array within a record is of plain items, as many as fit."""
    if not (isinstance(within, tuple) and len(within) == 2):
        raise SuspectError("the type of an array cannot be told")
    item = item_size(within[0], depth + 1)
    if item is None or item * count_of(within[1]) != size:
        raise SuspectError("the type of an array is not what its name says")
