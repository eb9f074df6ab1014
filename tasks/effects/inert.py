"""Stands in for what lies in models of pandas, PyArrow, SciPy and the calendar, and what no answer needs.

People put column selections of pandas into a ``ColumnTransformer``, and samples, dates and distributions beside what
was trained. PyArrow follows the offsets in a file without a look, and SciPy executes a text that its distributions
bring along; so none of them is made. What was noted of an index becomes a list, of everything else its name remains.
"""

from itertools import pairwise
from typing import Any

import numpy as np

from podium.stand_ins import Name
from tasks.effects.parts import MOST, is_of_library

WIDTHS = {"string": "<i4", "large_string": "<i8"}
"""Offsets of PyArrow's texts by the name of their type."""


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
    """Return a model with lists in the place of indexes, and names in that of whatever else was stood in for."""
    return _plain(model, set())


def _plain(value: Any, seen: set[int]) -> Any:
    if isinstance(value, Kept):
        return _told(value)
    if id(value) in seen or len(seen) > MOST:
        return value
    seen.add(id(value))
    if isinstance(value, tuple):
        return _tuple(value, [_plain(item, seen) for item in value])
    if isinstance(value, dict):
        value.update({key: _plain(item, seen) for key, item in value.items()})
    elif isinstance(value, list):
        value[:] = [_plain(item, seen) for item in value]
    elif isinstance(value, np.ndarray) and value.dtype == object:
        _each(value, seen)
    elif is_of_library(value) and hasattr(value, "__dict__"):
        vars(value).update({key: _plain(item, seen) for key, item in vars(value).items()})
    return value


def _each(array: Any, seen: set[int]) -> None:
    flat = array.reshape(-1)
    for place, item in enumerate(flat.tolist()):
        flat[place] = _plain(item, seen)
    array[...] = flat.reshape(array.shape)


def _tuple(old: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    if all(new is item for new, item in zip(items, old, strict=True)):
        return old
    return old._make(items) if hasattr(old, "_make") else tuple(items)


def _told(kept: Kept) -> Any:
    described = kept.given[1] if kept.name.endswith("._new_Index") and len(kept.given) == 2 else None
    values = _values(described) if isinstance(described, dict) else None
    return f"{kept.name}, not kept" if values is None else values


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
