"""Unpicklers that judge each step of a pickle on the objects themselves before they take it.

They are Python's own in Python, which joblib builds on, with the steps replaced that call, set or add anything.
"""

import copyreg
import pickle
from collections.abc import Callable
from typing import IO, Any

from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

from podium.calls import STOOD_IN
from podium.streams import SuspectError
from podium.zones import ATTRIBUTE, require_zone
from tasks.effects.inert import Kept
from tasks.effects.making import require_call
from tasks.effects.restoring import require_known_state, require_stood_in, stands_in
from tasks.effects.states import require_growing, require_keys, require_state

Plain: Any = pickle._Unpickler
"""Python's unpickler in Python; the one in C has no steps that could be judged."""
Names = dict[int, tuple[Any, str | None]]
"""What was found, by its identity, with its name; None as name is what somebody else answers for, or stands in."""


RECONSTRUCTOR: Any = copyreg._reconstructor  # type: ignore[attr-defined]
"""What makes an object of a class and the one of Python's that it extends."""


class Steps:
    """What both unpicklers replace. ``known`` is what ``find_class`` found, the only things that may be called."""

    known: Names
    built: dict[int, Any]
    """What was given its state, by its identity; it is kept, so that no other has the same."""
    stack: list[Any]
    metastack: list[list[Any]]

    def require(self, function: Any, given: Any, named: Any = None) -> None:
        """Return if something may be called; raise SuspectError if it was made by the pickle, or is given too much."""
        if id(function) not in self.known:
            raise SuspectError("something is called that the pickle made itself")
        if stands_in(function) and function.name in STOOD_IN:
            require_stood_in(function.name, given)
        _, full = self.known[id(function)]
        if full is not None:
            require_call(full, given, named)

    def answers_for(self, target: Any) -> bool:
        """Whether an object is of a class that others answer for, or stands in for one."""
        return isinstance(target, Kept) or self.known.get(id(type(target)), (None, ""))[1] is None

    def require_first(self, target: Any) -> None:
        """Return if an object has no state yet: with a second, an array gives up memory that others look at."""
        if id(target) in self.built:
            raise SuspectError(f"a {type(target).__name__} is given a state twice")
        self.built[id(target)] = target

    def load_reduce(self) -> None:
        """Judge a call; what stands in for a class that extends one of Python's, or for a time zone, is made here."""
        function, given = self.stack[-2:]
        if function is RECONSTRUCTOR and type(given) is tuple and len(given) == 3 and stands_in(given[0]):
            self.stack[-2:] = [given[0](*given[2:])]
            return
        if isinstance(function, Kept) and function.name == ATTRIBUTE and stands_in(function.given[0]):
            require_zone(given)
            self.stack[-2:] = [function.given[0](*given)]
            return
        self.require(function, given)
        Plain.load_reduce(self)

    def load_newobj(self) -> None:
        """Judge the making of an object."""
        self.require(self.stack[-2], self.stack[-1])
        Plain.load_newobj(self)

    def load_newobj_ex(self) -> None:
        """Judge the making of an object with named arguments."""
        self.require(self.stack[-3], self.stack[-2], self.stack[-1])
        Plain.load_newobj_ex(self)

    def _instantiate(self, klass: Any, given: Any) -> None:
        """Judge the making of an object as the oldest protocols write it."""
        self.require(klass, tuple(given))
        Plain._instantiate(self, klass, given)

    def load_build(self) -> None:
        """Judge a state."""
        target, state = self.stack[-2:]
        if isinstance(target, Kept):
            require_known_state(target, state)
        if not self.answers_for(target):
            require_state(target, state)
            self.require_first(target)
        Plain.load_build(self)

    def load_setitem(self) -> None:
        """Judge an entry."""
        self._require_keys(self.stack[-3], [self.stack[-2]])
        Plain.load_setitem(self)

    def load_setitems(self) -> None:
        """Judge entries, which lie above the last mark."""
        self._require_keys(self.metastack[-1][-1], self.stack[::2])
        Plain.load_setitems(self)

    def _require_keys(self, target: Any, keys: list[Any]) -> None:
        if not self.answers_for(target) or isinstance(target, dict):
            require_keys(target, keys)

    def load_append(self) -> None:
        """Judge what an item is added to."""
        self._require_growing(self.stack[-2])
        Plain.load_append(self)

    def load_appends(self) -> None:
        """Judge what items are added to."""
        self._require_growing(self.metastack[-1][-1])
        Plain.load_appends(self)

    def load_additems(self) -> None:
        """Judge what items are added to."""
        self._require_growing(self.metastack[-1][-1])
        Plain.load_additems(self)

    def _require_growing(self, target: Any) -> None:
        if not self.answers_for(target):
            require_growing(target)

    def get_extension(self, code: int) -> None:
        """Refuse the registry of extensions."""
        raise SuspectError(f"it uses the extension registry: {code}")


REPLACED = {
    pickle.REDUCE: "load_reduce",
    pickle.NEWOBJ: "load_newobj",
    pickle.NEWOBJ_EX: "load_newobj_ex",
    pickle.BUILD: "load_build",
    pickle.SETITEM: "load_setitem",
    pickle.SETITEMS: "load_setitems",
    pickle.APPEND: "load_append",
    pickle.APPENDS: "load_appends",
    pickle.ADDITEMS: "load_additems",
}


def _calling(name: str) -> Callable[[Any], None]:
    return lambda unpickler: getattr(unpickler, name)()


STEPS = {code[0]: _calling(name) for code, name in REPLACED.items()}


class Nested(Steps, Plain):  # type: ignore[misc]
    """Unpickler of a pickle within a pickle, which is where joblib puts arrays of objects."""

    dispatch = {**Plain.dispatch, **STEPS}  # noqa: RUF012 - as the class it extends has it

    def __init__(self, stream: IO[bytes], find: Callable[[str, str], Any], known: Names) -> None:
        super().__init__(stream)
        self.find_class, self.known, self.built = find, known, {}

    def load_build(self) -> None:
        """Judge a state; an array whose bytes nobody would read here is none."""
        if isinstance(self.stack[-2], NumpyArrayWrapper):
            raise SuspectError("an array lies in a pickle in which nobody looks for it")
        super().load_build()


class Judging(Steps, NumpyUnpickler):  # type: ignore[misc]
    """Unpickler of joblib's files and plain pickles."""

    dispatch = {**NumpyUnpickler.dispatch, **STEPS}  # noqa: RUF012 - as the class it extends has it

    def __init__(self, filename: str, stream: IO[bytes]) -> None:
        super().__init__(filename, stream, ensure_native_byte_order=True)
        self.known: Names = {}
        self.built = {}

    def load_build(self) -> None:
        """Judge a state, and read the array that follows if it describes one."""
        if not isinstance(self.stack[-2], NumpyArrayWrapper):
            super().load_build()
            return
        require_state(self.stack[-2], self.stack[-1])
        self.require_first(self.stack[-2])
        if self.stack[-1]["dtype"].hasobject:
            del self.stack[-2:]
            self.stack.append(Nested(self.file_handle, self.find_class, self.known).load())
        else:
            NumpyUnpickler.load_build(self)
        self.require_first(self.stack[-1])
