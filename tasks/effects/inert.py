"""Stands in for what lies in models of pandas, PyArrow, SciPy and the calendar, and what no answer needs.

People put column selections of pandas into a ``ColumnTransformer``, and samples, dates and distributions beside what
was trained. PyArrow follows the offsets in a file without a look, and SciPy executes a text that its distributions
bring along; so none of them is made. What was noted of an index becomes a list, of everything else its name remains.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

import numpy as np

from podium.stand_ins import Name
from tasks.effects.parts import MOST, is_of_library
from tasks.effects.prediction import NotUsableError

WIDTHS = {"string": "<i4", "large_string": "<i8"}
"""Offsets of PyArrow's texts by the name of their type."""
OF_TEXTS = ("StringArray", "StringArrayNumpySemantics", "NumpyExtensionArray", "PandasArray")
"""Arrays of pandas that hold what they show, and not the numbers of it."""
NOT_KEPT = ", not kept"
"""What stands behind the name of whatever is not kept."""
ANSWERING = frozenset(
    {
        *("categories", "categories_", "classes", "classes_", "constant", "constant_", "drop", "encoded_missing_value"),
        *("fill_value", "func", "inverse_func", "inv_kw_args", "kw_args", "missing_values", "statistics_"),
        *("unknown_value", "_fit_X", "_BaseLibSVM__Xfit"),
    }
)
"""Attributes of estimators by which they answer: what is not kept there would be missed."""


class Kept:
    """In the place of any object: what it would have been made of, and its state."""

    name = ""
    given: tuple[Any, ...] = ()
    state: Any = None

    def __new__(cls, *given: Any, **_: Any) -> "Kept":
        """Note what it would be made of."""
        made = super().__new__(cls)
        made.given = given
        return made

    def __setstate__(self, state: Any) -> None:
        """Note its state."""
        self.state = state


def stand_in_for(asked: Name) -> type[Kept]:
    """Return a class that notes what the one of a name would be given."""
    return type("Kept", (Kept,), {"name": asked.full})


def plainly(model: Any) -> Any:
    """Return a model with lists in the place of indexes, and names in that of whatever else was stood in for.

    Raises:
        NotUsableError: something is not kept that it answers by.
    """
    return _plain(model, set())


def _plain(value: Any, seen: set[int]) -> Any:
    if _is_kept(value):
        return _told(value)
    if id(value) in seen or len(seen) > MOST:
        return value
    seen.add(id(value))
    if isinstance(value, tuple):
        return _tuple(value, [_plain(item, seen) for item in value])
    if isinstance(value, dict):
        _entries(value, seen)
    elif isinstance(value, list):
        value[:] = [_plain(item, seen) for item in value]
    elif isinstance(value, np.ndarray) and value.dtype == object:
        _each(value, seen)
    elif is_of_library(value) and hasattr(value, "__dict__"):
        _require_answers(value)
        vars(value).update({key: _plain(item, seen) for key, item in vars(value).items()})
    return value


def _is_kept(value: Any) -> bool:
    return isinstance(value, Kept) or (isinstance(value, type) and issubclass(value, Kept))


def _require_answers(model: Any) -> None:
    for name in sorted(ANSWERING & vars(model).keys()):
        if lost := next(_lost(vars(model)[name]), None):
            raise NotUsableError(f"its {type(model).__name__} has a {lost} in its {name}, which is not kept")


def _lost(value: Any, depth: int = 3) -> Iterator[str]:
    """Yield the names of what will be left as something else in a value, and in lists of lists of it."""
    if _is_kept(value):
        # A list is as good as an index; a float is not the number that a row has as a decimal one.
        yield from [] if isinstance(_content(value), list) else [value.name]
    elif depth:
        for item in _items(value):
            yield from _lost(item, depth - 1)


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, np.ndarray):
        return list(value.flat) if value.dtype == object else []
    return value if isinstance(value, list | tuple) else []


def _entries(held: Any, seen: set[int]) -> None:
    """Set the entries of a dictionary one by one: to update one that counts would add to it."""
    told = [(_plain(key, seen), _plain(item, seen)) for key, item in held.items()]
    if any(map(_is_kept, held)):
        held.clear()
    for key, item in told:
        held[key] = item


def _each(array: Any, seen: set[int]) -> None:
    flat = array.reshape(-1)
    for place, item in enumerate(flat.tolist()):
        flat[place] = _plain(item, seen)
    array[...] = flat.reshape(array.shape)


def _tuple(old: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    if all(new is item for new, item in zip(items, old, strict=True)):
        return old
    return old._make(items) if hasattr(old, "_make") else tuple(items)


def _told(kept: Any) -> Any:
    content = _content(kept)
    return f"{kept.name}{NOT_KEPT}" if content is None else content


def is_note(value: Any) -> bool:
    """Whether a value is no more than the name of what was not kept."""
    return isinstance(value, str) and value.endswith(NOT_KEPT)


def _content(kept: Any) -> Any:
    """Return what something holds, as far as it can be told: an index as a list, a number, a text; None else."""
    maker = kept.name.rpartition(".")[2]
    if maker == "_new_Index" and len(kept.given) == 2 and isinstance(kept.given[1], dict):
        return _values(kept.given[1])
    try:
        return TELLING[maker](kept) if maker in TELLING else None
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def _path(kept: Kept) -> str:
    kind = PureWindowsPath if "Windows" in kept.name else PurePosixPath
    return str(kind(*(_plainly(part, str) for part in kept.given)))


def _plainly(value: Any, kind: type) -> Any:
    """Return a value that is nothing but a text or a number: of anything else a method of its own would be asked."""
    if type(value) is not kind:
        raise TypeError(f"{type(value).__name__} is no {kind.__name__}")
    return value


TELLING: dict[str, Callable[[Kept], Any]] = {
    "Decimal": lambda kept: float(_plainly(kept.given[0], str)),
    "UUID": lambda kept: str(UUID(int=_plainly(kept.state["int"], int))),
    **dict.fromkeys(("Path", "PosixPath", "PurePath", "PurePosixPath", "PureWindowsPath", "WindowsPath"), _path),
}


def _values(described: dict[str, Any]) -> list[Any] | None:
    """Return what an index holds, as far as it can be told."""
    if {"start", "stop", "step"} <= described.keys():
        return list(range(*(int(described[part]) for part in ("start", "stop", "step")))[:MOST])
    data = described.get("data")
    if isinstance(data, np.ndarray):
        return [_plain(item, set()) for item in data.tolist()]
    if not isinstance(data, Kept):
        return None
    if isinstance(data.state, dict) and isinstance(arrow := data.state.get("_pa_array"), Kept):
        return _texts(arrow)
    if data.name.endswith("NDArrayBacked") and not getattr(data.given[0], "name", "").endswith(OF_TEXTS):
        return None
    arrays = [part for part in _parts(data.state) if isinstance(part, np.ndarray)]
    return list(arrays[0].tolist()) if arrays else None


def _parts(state: Any) -> list[Any]:
    if isinstance(state, dict):
        return list(state.values())
    return list(state) if isinstance(state, tuple) else []


def _texts(arrow: Kept) -> list[str] | None:
    """Return the texts of a PyArrow array, which are slices of one buffer by the offsets in another."""
    try:
        kind, length, _, start, buffers, *_ = arrow.given[0]
        (_, offsets, data), width = (_bytes(buffer) for buffer in buffers), WIDTHS[kind.given[0]]
        bounds = np.frombuffer(offsets, width)[start : start + length + 1].tolist()
        return [data[a:b].decode("utf-8") for a, b in pairwise(bounds)]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def _bytes(buffer: Any) -> bytes:
    return bytes(buffer.given[0]) if isinstance(buffer, Kept) else b""
