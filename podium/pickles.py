"""Walks a pickle without running it, and says which names it would import.

The machine here does what Python's does, opcode by opcode, with stand-ins instead of objects; nothing is imported and
nothing is called. It knows what joblib adds: array bytes that lie between opcodes, and pickles within pickles. What it
cannot follow for certain it refuses. Opcodes: https://docs.python.org/3/library/pickletools.html.
"""

import pickletools
from itertools import count
from typing import IO, Any

from podium.calls import is_made_of_names, is_plain, require_call
from podium.histograms import PARTIAL, require_settings
from podium.opcodes import ACTIONS, CONSTANTS, LITERALS, REFUSED
from podium.safety import OWN_CODE
from podium.stand_ins import (
    LONGEST_NAME,
    MARK,
    OPAQUE,
    Entries,
    Made,
    Name,
    class_of,
    count_of,
    current,
    is_private,
    item_size,
)
from podium.streams import DAMAGED, BrokenError, Bytes, SuspectError
from podium.zones import makes_zones, require_zone

ARRAY, TYPE = "joblib.numpy_pickle.NumpyArrayWrapper", "numpy.dtype"
DEEPEST = 8
"""Pickles within pickles that are followed."""


def walk(stream: IO[bytes], limit: int) -> tuple[Name, ...]:
    """Return every name that the pickle in a stream would import, in order.

    ``limit`` is in bytes, after decompression.

    Raises:
        SuspectError: it does what no honest model's pickle does.
        BrokenError: it is cut off, or no pickle.
    """
    source = Bytes(stream, limit)
    walker = Walker(source)
    try:
        found = walker.walk()
        _require_end(source)
    except SuspectError as error:
        # What its code is made by is odd in many ways, and only this one says what to do.
        if any("cloudpickle" in name.module.split(".") for name in walker.names):
            raise SuspectError(
                f"{OWN_CODE}: put its functions into a module, and name them in sandbox.extra_globals"
            ) from error
        raise
    except DAMAGED as error:
        raise BrokenError(f"it is cut off or no pickle: {' '.join(str(error).split())[:200]}") from error
    return tuple(dict.fromkeys(found))


def _require_end(source: Bytes) -> None:
    if source.read(1):
        raise SuspectError("something follows after the end of the pickle")


OPERATIONS = {operation.code.encode("latin-1"): operation for operation in pickletools.opcodes}


class Walker:
    """The machine: a stack, a memo, and the names asked for."""

    def __init__(self, source: Bytes, depth: int = 0, most: int | None = None) -> None:
        self._source, self._depth, self._most = source, depth, most
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._frame_end = 0
        self.names: list[Name] = []

    def walk(self) -> list[Name]:
        """Follow one pickle to its end, or for as many steps as it may take."""
        for step in count():
            if step == self._most:
                raise SuspectError(f"it goes on after {step:,} steps")
            code = self._source.read(1)
            operation = OPERATIONS.get(code)
            if operation is None:
                raise BrokenError("it is cut off" if not code else f"it is no pickle: {code!r} is no opcode")
            argument = operation.arg.reader(self._source.as_file()) if operation.arg else None
            if operation.name == "STOP":
                self._require_whole_frame()
                self._stack.pop()
                return self.names
            self._do(operation.name, argument)
        raise AssertionError

    def _require_whole_frame(self) -> None:
        """Return if no frame goes on: Python reads the whole of it, and whatever follows from behind it."""
        if self._source.position < self._frame_end:
            raise SuspectError("it ends inside a frame")

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

    def discard(self) -> None:
        """Throw the top of the stack away, be it a mark."""
        self._stack.pop()

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
        if max(len(module), len(name)) > LONGEST_NAME:
            raise SuspectError("it imports a name that is longer than any")
        found = current(module, name)
        self.names.append(found)
        return found

    def call(self, function: Any, given: Any) -> Made:
        """Return what a call of a name would make.

        Raises:
            SuspectError: what is called is no name but something that was made.
        """
        if makes_zones(function):
            require_zone(given)
            return Made(OPAQUE, given)
        if not isinstance(function, Name):
            raise SuspectError("it calls something that it made itself")
        require_call(function, given)
        return Made(function, given)

    def set_items(self, target: Any, pairs: list[Any]) -> None:
        """Set entries of a dictionary."""
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if isinstance(target, Entries):
                target.note(key, value)
            elif isinstance(key, str) and is_private(key) and not is_plain(target):
                raise SuspectError(f"it sets {key}")

    def add_to(self, target: Any) -> None:
        """Let a list or a set grow.

        Raises:
            SuspectError: it is no list: whatever an object has under the name of the method would be called.
        """
        if isinstance(target, Name) or is_made_of_names(target):
            raise SuspectError("it adds to something that is no list")

    def build(self) -> None:
        """Give an object its state; an array of joblib's is followed by its bytes."""
        state, target = self.pop(), self.top()
        if not isinstance(target, Made):
            raise SuspectError("it gives a state to what can have none")
        if is_made_of_names(target):
            self._require_state(target, state)
        if class_of(target) == PARTIAL:
            require_settings(state)
        target.state, target.is_built = state, True
        if class_of(target) == TYPE:
            item_size(target)
        if class_of(target) == ARRAY:
            self._stack[-1] = OPAQUE
            self._pass_array(state if isinstance(state, dict) else {})

    def _require_state(self, target: Made, state: Any) -> None:
        """Return if the state of an object is written down in full, and given once."""
        if target.is_built:
            raise SuspectError(f"it gives a state to a {class_of(target)} twice")
        if isinstance(state, Made | Name) or (isinstance(state, Entries) and state.unclear):
            raise SuspectError(f"it computes the state of a {class_of(target)}")
        if isinstance(state, Entries) and state.private:
            raise SuspectError(f"it sets what Python itself looks at of a {class_of(target)}")
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], Entries):
            raise SuspectError(f"it sets the attributes of a {class_of(target)} one by one")

    def _pass_array(self, description: dict[str, Any]) -> None:
        if self._source.position < self._frame_end:
            raise SuspectError("an array lies inside a frame")
        if self._depth:
            raise SuspectError("an array lies in a pickle in which nobody looks for it")
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
