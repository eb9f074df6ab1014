"""Fresh processes that load a model the way a service would, without the secrets of this one.

Most of what such a process does is importing: one that is started ahead of need waits for its request. It may be kept
to load a model a second time, by its alias, once that points to it.
"""

import atexit
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from tasks.effects.sandbox import clean_environment

PATIENCE = 900.0
"""Seconds a fresh process may take."""


class Fresh:
    """One process that observes models, started at once and asked later."""

    def __init__(self) -> None:
        self.used, self._ready = False, False
        self._home = tempfile.TemporaryDirectory(prefix="podium-fresh-")
        # Open as long as the process is.
        self._complaints: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tasks.effects.observer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            env=clean_environment(self._home.name),
        )

    def observe(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what it saw; a process that dies is what was seen."""
        self.used = True
        patience = threading.Timer(PATIENCE, self._process.kill)
        patience.start()
        try:
            answered = self._asked(json.dumps(request))
        finally:
            patience.cancel()
        result = Path(request["result"])
        if not answered or not result.exists():
            return {"errors": {"loads": self._end()}}
        seen: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return seen

    def await_start(self) -> bool:
        """Wait until it has imported what it needs; return whether it lives."""
        assert self._process.stdout is not None
        self._ready = self._ready or bool(self._process.stdout.readline())
        return self._ready

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._complaints.close()
        self._home.cleanup()

    def _asked(self, line: str) -> bool:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if not self.await_start():
            return False
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return False
        return bool(self._process.stdout.readline())

    def _end(self) -> str:
        self._process.kill()
        status = self._process.wait()
        self._complaints.seek(0)
        last = (self._complaints.read().strip().splitlines() or ["it said nothing"])[-1]
        return f"the fresh process ended with status {status}: {last[:300]}"


_kept: list[Fresh] = []
_lock = threading.Lock()


def start_ahead() -> None:
    """Let a fresh process import its libraries while this one does something else."""
    with _lock:
        for used in [p for p in _kept if p.used]:
            _kept.remove(used)
            used.end()
        if not _kept:
            _kept.append(Fresh())


def await_started() -> None:
    """Wait until the processes that were started ahead are ready."""
    with _lock:
        for process in _kept:
            process.await_start()


def observe(request: dict[str, Any]) -> dict[str, Any]:
    """Let a fresh process observe a model, and keep it to observe it again."""
    process = _taken(lambda p: not p.used)
    seen = process.observe(request)
    with _lock:
        _kept.append(process)
    return seen


def observe_again(request: dict[str, Any]) -> dict[str, Any]:
    """Let the process that observed a model before, or one that was started ahead, observe one and end."""
    process = _taken(lambda p: p.used, lambda p: True)
    try:
        return process.observe(request)
    finally:
        process.end()


def observe_once(request: dict[str, Any]) -> dict[str, Any]:
    """Let a fresh process observe a model and end."""
    process = _taken(lambda p: not p.used)
    try:
        return process.observe(request)
    finally:
        process.end()


def _taken(*wanted: Callable[[Fresh], bool]) -> Fresh:
    """Return a process that is there, by what is wanted first, or a new one."""
    with _lock:
        found = next((p for fits in wanted for p in _kept if fits(p)), None)
        if found is not None:
            _kept.remove(found)
    return found or Fresh()


@atexit.register
def _end_all() -> None:
    for process in _kept:
        process.end()
