"""Walks a pickle without running it, and says which names it would import.

The machine here does what Python's does, opcode by opcode, with stand-ins instead of objects; nothing is imported and
nothing is called. It knows what joblib adds: array bytes that lie between opcodes, and pickles within pickles. What it
cannot follow for certain it refuses. Opcodes: https://docs.python.org/3/library/pickletools.html.
"""

import pickletools
import re
from collections.abc import Callable
from typing import IO, Any

from podium.stand_ins import MARK, OPAQUE, Made, Name, Opaque, class_of, count_of, current, item_size
from podium.streams import DAMAGED, BrokenError, Bytes, SuspectError

ARRAY = "joblib.numpy_pickle.NumpyArrayWrapper"
DEEPEST = 8
"""Pickles within pickles that are followed."""
KEPT = 64
"""Entries of a dictionary that are remembered: enough for the description of an array."""
DUNDER = re.compile(r"__(?!(?:doc|name)__)\w+__")
"""Attributes that Python itself looks at, but for the two that are texts about an object."""


def walk(stream: IO[bytes], limit: int) -> tuple[Name, ...]:
    """Return every name that the pickle in a stream would import, in order.

    ``limit`` is in bytes, after decompression.

    Raises:
        SuspectError: it does what no honest model's pickle does.
        BrokenError: it is cut off, or no pickle.
    """
    source = Bytes(stream, limit)
    try:
        found = Walker(source).walk()
        if source.read(1):
            raise SuspectError("something follows after the end of the pickle")
    except DAMAGED as error:
        raise BrokenError(f"it is cut off or no pickle: {' '.join(str(error).split())[:200]}") from error
    return tuple(dict.fromkeys(found))


OPERATIONS = {operation.code.encode("latin-1"): operation for operation in pickletools.opcodes}


class Walker:
    """The machine: a stack, a memo, and the names asked for."""

    def __init__(self, source: Bytes, depth: int = 0) -> None:
        self._source, self._depth = source, depth
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._frame_end = 0
        self.names: list[Name] = []

    def walk(self) -> list[Name]:
        """Follow one pickle to its end."""
        while True:
            code = self._source.read(1)
            operation = OPERATIONS.get(code)
            if operation is None:
                raise BrokenError("it is cut off" if not code else f"it is no pickle: {code!r} is no opcode")
            argument = operation.arg.reader(self._source.as_file()) if operation.arg else None
            if operation.name == "STOP":
                self._stack.pop()
                return self.names
            self._do(operation.name, argument)

    def _do(self, name: str, argument: Any) -> None:
        if name in CONSTANTS:
            self._stack.append(argument if isinstance(argument, str | int | float) else OPAQUE)
        elif name in LITERALS:
            self._stack.append(LITERALS[name]())
        elif name in REFUSED:
            raise SuspectError(REFUSED[name])
        else:
            ACTIONS[name](self, argument)

    def pop(self) -> Any:
        """Return the top of the stack, which is never a mark."""
        found = self._stack.pop()
        if found is MARK:
            raise BrokenError("it takes a mark for a value")
        return found

    def items(self) -> list[Any]:
        """Return what lies above the last mark."""
        found: list[Any] = []
        while (top := self._stack.pop()) is not MARK:
            found.append(top)
        return found[::-1]

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def top(self) -> Any:
        """Return the top of the stack without taking it."""
        return self._stack[-1]

    def keep(self, index: int) -> None:
        """Remember the top of the stack."""
        self._memo[index] = self._stack[-1]

    def recall(self, index: int) -> None:
        """Put what was remembered on the stack."""
        self._stack.append(self._memo[index])

    def memoize(self) -> None:
        """Remember the top of the stack under the next number."""
        self.keep(len(self._memo))

    def frame(self, size: int) -> None:
        """Note where a frame ends."""
        self._frame_end = self._source.position + size

    def ask(self, module: Any, name: Any) -> Name:
        """Note a name that would be imported.

        Raises:
            SuspectError: it is not written down but computed.
        """
        if not (isinstance(module, str) and isinstance(name, str)):
            raise SuspectError("it computes the name that it imports")
        found = current(module, name)
        self.names.append(found)
        return found

    def call(self, function: Any, given: Any) -> Made:
        """Return what a call of a name would make.

        Raises:
            SuspectError: what is called is no name but something that was made.
        """
        if not isinstance(function, Name):
            raise SuspectError("it calls something that it made itself")
        return Made(function, given)

    def set_items(self, target: Any, pairs: list[Any]) -> None:
        """Set entries of a dictionary."""
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if isinstance(key, str) and DUNDER.fullmatch(key):
                raise SuspectError(f"it sets {key}")
            if isinstance(target, dict) and isinstance(key, str) and len(target) < KEPT:
                target[key] = value

    def build(self) -> None:
        """Give an object its state; an array of joblib's is followed by its bytes."""
        state, target = self.pop(), self.top()
        if not isinstance(target, Made):
            return
        both = isinstance(target.state, dict) and isinstance(state, dict)
        target.state = {**target.state, **state} if both else state
        if class_of(target) == ARRAY:
            self._stack[-1] = OPAQUE
            self._pass_array(target.state if isinstance(target.state, dict) else {})

    def _pass_array(self, description: dict[str, Any]) -> None:
        if self._source.position < self._frame_end:
            raise SuspectError("an array lies inside a frame")
        size = item_size(description.get("dtype"))
        if size is None:
            self._pass_nested()
            return
        if description.get("numpy_array_alignment_bytes") is not None:
            self._source.skip(self._source.read(1)[0])
        self._source.skip(size * count_of(description.get("shape")))

    def _pass_nested(self) -> None:
        if self._depth == DEEPEST:
            raise SuspectError(f"more than {DEEPEST} pickles lie inside each other")
        self.names += Walker(self._source, self._depth + 1).walk()


def _append(walker: Walker, _: Any) -> None:
    walker.pop()


def _collect(walker: Walker, _: Any) -> None:
    walker.items()
    walker.push(Opaque())


def _pair(text: str) -> tuple[str, str]:
    parts = text.split(" ")
    if len(parts) != 2:
        raise SuspectError("a name has a blank in it")
    return parts[0], parts[1]


def _stack_global(walker: Walker, _: Any) -> None:
    name, module = walker.pop(), walker.pop()
    walker.push(walker.ask(module, name))


def _reduce(walker: Walker, _: Any) -> None:
    given, function = walker.pop(), walker.pop()
    walker.push(walker.call(function, given))


def _newobj_ex(walker: Walker, _: Any) -> None:
    walker.pop()
    _reduce(walker, _)


def _obj(walker: Walker, _: Any) -> None:
    function, *given = walker.items()
    walker.push(walker.call(function, tuple(given)))


def _dict(walker: Walker, _: Any) -> None:
    made: dict[str, Any] = {}
    walker.set_items(made, walker.items())
    walker.push(made)


def _set_item(walker: Walker, _: Any) -> None:
    value, key = walker.pop(), walker.pop()
    walker.set_items(walker.top(), [key, value])


def _set_items(walker: Walker, _: Any) -> None:
    pairs = walker.items()
    walker.set_items(walker.top(), pairs)


def _tuple(count: int) -> Callable[[Walker, Any], None]:
    return lambda walker, _: walker.push(tuple(walker.pop() for _ in range(count))[::-1])


CONSTANTS = frozenset(
    {
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)
LITERALS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": Opaque,
    "EMPTY_SET": Opaque,
    "EMPTY_DICT": dict,
    "MARK": lambda: MARK,
}
REFUSED = {
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), "it uses the extension registry"),
    **dict.fromkeys(("PERSID", "BINPERSID"), "it refers to objects outside of it"),
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), "it refers to buffers outside of it"),
}
ACTIONS: dict[str, Callable[[Walker, Any], Any]] = {
    "PROTO": lambda walker, version: None,
    "FRAME": lambda walker, size: walker.frame(size),
    "POP": lambda walker, _: walker._stack.pop(),
    "POP_MARK": lambda walker, _: walker.items(),
    "DUP": lambda walker, _: walker.push(walker.top()),
    "PUT": lambda walker, index: walker.keep(index),
    "BINPUT": lambda walker, index: walker.keep(index),
    "LONG_BINPUT": lambda walker, index: walker.keep(index),
    "MEMOIZE": lambda walker, _: walker.memoize(),
    "GET": lambda walker, index: walker.recall(index),
    "BINGET": lambda walker, index: walker.recall(index),
    "LONG_BINGET": lambda walker, index: walker.recall(index),
    "APPEND": _append,
    "APPENDS": lambda walker, _: walker.items(),
    "ADDITEMS": lambda walker, _: walker.items(),
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "LIST": _collect,
    "FROZENSET": _collect,
    "DICT": _dict,
    "TUPLE": lambda walker, _: walker.push(tuple(walker.items())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "GLOBAL": lambda walker, text: walker.push(walker.ask(*_pair(text))),
    "STACK_GLOBAL": _stack_global,
    "INST": lambda walker, text: walker.push(walker.call(walker.ask(*_pair(text)), tuple(walker.items()))),
    "OBJ": _obj,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _newobj_ex,
    "BUILD": lambda walker, _: walker.build(),
}
