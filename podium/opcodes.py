"""What each opcode of a pickle does to the machine that walks it, in tables. Opcodes: see ``pickletools``."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from podium.stand_ins import MARK, Entries, Opaque
from podium.streams import SuspectError

if TYPE_CHECKING:
    from podium.pickles import Walker


def _append(walker: "Walker", _: Any) -> None:
    walker.pop()
    walker.add_to(walker.top())


def _add_all(walker: "Walker", _: Any) -> None:
    walker.items()
    walker.add_to(walker.top())


def _collect(walker: "Walker", _: Any) -> None:
    walker.items()
    walker.push(Opaque())


def _pair(text: str) -> tuple[str, str]:
    parts = text.split(" ")
    if len(parts) != 2:
        raise SuspectError("a name has a blank in it")
    return parts[0], parts[1]


def _stack_global(walker: "Walker", _: Any) -> None:
    name, module = walker.pop(), walker.pop()
    walker.push(walker.ask(module, name))


def _reduce(walker: "Walker", _: Any) -> None:
    given, function = walker.pop(), walker.pop()
    walker.push(walker.call(function, given))


def _newobj_ex(walker: "Walker", _: Any) -> None:
    if walker.pop():
        raise SuspectError("it makes an object from named arguments")
    _reduce(walker, _)


def _obj(walker: "Walker", _: Any) -> None:
    function, *given = walker.items()
    walker.push(walker.call(function, tuple(given)))


def _dict(walker: "Walker", _: Any) -> None:
    made = Entries()
    walker.set_items(made, walker.items())
    walker.push(made)


def _set_item(walker: "Walker", _: Any) -> None:
    value, key = walker.pop(), walker.pop()
    walker.set_items(walker.top(), [key, value])


def _set_items(walker: "Walker", _: Any) -> None:
    pairs = walker.items()
    walker.set_items(walker.top(), pairs)


def _tuple(count: int) -> Callable[["Walker", Any], None]:
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
    "EMPTY_DICT": Entries,
    "MARK": lambda: MARK,
}
REFUSED = {
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), "it uses the extension registry"),
    **dict.fromkeys(("PERSID", "BINPERSID"), "it refers to objects outside of it"),
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), "it refers to buffers outside of it"),
}
ACTIONS: dict[str, Callable[["Walker", Any], Any]] = {
    "PROTO": lambda walker, version: None,
    "FRAME": lambda walker, size: walker.frame(size),
    "POP": lambda walker, _: walker.discard(),
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
    "APPENDS": _add_all,
    "ADDITEMS": _add_all,
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
