"""The sandbox process: imports the heavy libraries once, then forks a confined child for each request.

Started as ``python -m tasks.effects.zygote`` with an environment that holds no secret. It reads one JSON request a
line, about one model or several, and answers with one line for each that the child has done, and one when it has ended.
Results travel as JSON files, so that nothing a staged model made is ever unpickled by anyone. When its standard input
ends, so do its children and it.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from joblib import parallel_config

from podium.reasons import reason_of
from tasks.effects.fencing import fence
from tasks.effects.limits import allow_time, confine, is_full, running
from tasks.effects.prediction import NotUsableError, read_rows
from tasks.effects.rehearsal import rehearse
from tasks.effects.unconnected import disconnect

OPERATIONS = {
    "convert": "tasks.effects.conversion:convert",
    "score": "tasks.effects.scoring:score",
    "explain": "tasks.effects.explaining:explain",
}


@dataclass(slots=True)
class Child:
    """A child by the id of its request; ``told`` is the end of a pipe that it writes a byte to for each model done.

    ``models`` are those of which it has said nothing yet: a child that tells of more is not listened to.
    """

    name: str
    told: int
    models: int

    def pass_on(self) -> bool:
        """Say of each model that was done since this was last asked, and return whether more can come."""
        try:
            said = os.read(self.told, 4096)
        except BlockingIOError:
            return True
        believed = said[: self.models]
        for _ in believed:
            _say(self.name, None)
        self.models -= len(believed)
        return bool(said) and self.models > 0


class Zygote:
    """The loop that turns requests into children and what becomes of them into answers."""

    def __init__(self) -> None:
        self._children: dict[int, Child] = {}
        self._buffer = b""
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._ready = selectors.DefaultSelector()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Answer requests until standard input ends."""
        self._ready.register(sys.stdin.fileno(), selectors.EVENT_READ)
        self._ready.register(self._wake_read, selectors.EVENT_READ)
        while True:
            events = [key for key, _ in self._ready.select()]
            for key in events:
                if isinstance(key.data, Child) and not key.data.pass_on():
                    self._ready.unregister(key.fd)
            self._reap()
            if any(key.fd == sys.stdin.fileno() for key in events) and not self._read():
                break
        for pid in self._children:
            _kill(pid)
        # Tearing down an interpreter full of libraries takes a while, and nobody waits for anything of it.
        os._exit(0)

    def _read(self) -> bool:
        chunk = os.read(sys.stdin.fileno(), 1 << 16)
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            self._handle(json.loads(line))
        return bool(chunk)

    def _handle(self, request: dict[str, Any]) -> None:
        if "kill" in request:
            for pid in [pid for pid, child in self._children.items() if child.name == request["kill"]]:
                _kill(pid)
            return
        _read_ahead(request["items"][0].get("holdout"))
        # The limit is on all that this user runs, so it is what a child may start on top of that.
        request["processes"] += running()
        told, tell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            _child(request, tell)
        os.close(tell)
        child = self._children[pid] = Child(request["id"], told, len(request["items"]))
        self._ready.register(told, selectors.EVENT_READ, child)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._children.pop(pid)
            child.pass_on()
            if child.told in self._ready.get_map():
                self._ready.unregister(child.told)
            os.close(child.told)
            _say(child.name, os.waitstatus_to_exitcode(status))


def _say(name: str, status: int | None) -> None:
    os.write(1, json.dumps({"id": name, "status": status}).encode() + b"\n")


def _read_ahead(holdout: str | None) -> None:
    """Read the holdout before forking, so that children share it; one that cannot be read is each child's answer."""
    if holdout:
        with contextlib.suppress(OSError, ValueError, NotUsableError):
            read_rows(Path(holdout))


def _kill(child: int) -> None:
    """Kill a child and whatever it started; one that was forked just now has no group of its own yet."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def _child(request: dict[str, Any], tell: int) -> NoReturn:
    """Do the work of one request in this forked process and end it."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    confine(request)
    items = request.pop("items")
    # A model that wants threads or processes of its own (n_jobs) answers without: they need what is fenced off, and
    # several children work at once as it is.
    parallel_config(backend="sequential")
    folders = [Path(item["result"]).parent for item in items]
    for closing in (partial(fence, folders), disconnect):
        try:
            closing()
        except OSError as error:
            # A kernel that promises this and does not keep it: the limits still hold.
            sys.stderr.write(f"not fenced: {error}\n")
    for number, (item, folder) in enumerate(zip(items, folders, strict=True)):
        allow_time(request["seconds"], len(items) - number)
        os.chdir(folder)
        tempfile.tempdir = str(folder)
        Path(item["result"]).write_text(json.dumps(_answer({**request, **item})), encoding="utf-8")
        os.write(tell, b".")
        if number + 1 < len(items):
            gc.collect()
    os._exit(0)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the result, or what went wrong: whatever a staged model raises is an answer about that model."""
    try:
        return {"ok": True, "value": _operation(request["op"])(request)}
    except MemoryError:
        return {"ok": False, "code": "MemoryError", "reason": f"it needs more than {request['memory_mb']} MB"}
    except Exception as error:
        if is_full(Path.cwd(), limit := request.get("file_mb")):
            why = f"it takes a file of more than sandbox.file_mb allows, {limit} MB"
            return {"ok": False, "code": "FileTooLarge", "reason": why}
        return {"ok": False, "code": type(error).__name__, "reason": reason_of(error)}


def _operation(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    module, function = OPERATIONS[name].split(":")
    found: Callable[[dict[str, Any]], dict[str, Any]] = getattr(importlib.import_module(module), function)
    return found


def main() -> None:
    """Import what models need, say so, and serve."""
    rehearse(_answer)
    # What is loaded by now never becomes garbage, and a child is gone before its own garbage matters; a collection
    # would only touch, and so copy, every page that the child shares with this process.
    gc.collect()
    gc.freeze()
    gc.disable()
    _say("ready", 0)
    Zygote().serve()


if __name__ == "__main__":
    main()
