"""The parent's side of the sandbox: starts it, sends it requests, and kills what takes too long.

One sandbox serves a whole process. It is started ahead of need where that hides its imports, and ends with the process.
Several models may share one of its children, one after the other: a fork costs as much as converting a small model.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Overdue
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from configs.schema import SandboxSection
from podium.errors import PodiumError

PATIENCE = 300.0
"""Seconds in which the sandbox must have imported its libraries."""
GRACE = 10.0
"""Seconds beyond the limit that a killed child has to be reaped."""
ENDED = "the sandbox process ended; run the command again"
GONE = 1 << 16
"""The status of a child whose end nobody can tell any more; no process has it."""
FAILURES = frozenset({"timeout", "killed"})
"""Answers that a process gives by its end."""
PASSED_ON = (
    *("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "TMPDIR", "LD_LIBRARY_PATH"),
    *("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: a value, or a code and a reason."""

    value: dict[str, Any] | None
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one model: the keys of an operation. ``scratch`` is a directory of this question alone."""

    scratch: Path
    keys: Mapping[str, Any]

    @property
    def result(self) -> Path:
        """The file that the answer comes in."""
        return self.scratch / "result.json"

    def as_json(self) -> dict[str, Any]:
        """Return what the child is told."""
        return {**self.keys, "result": str(self.result)}


class Sandbox:
    """A child process without secrets that loads models in confined grandchildren."""

    def __init__(self) -> None:
        self._ready: Future[int] = Future()
        self._children: dict[str, _Child] = {}
        self.asked = 0
        """Models that were asked about so far."""
        self._lock = threading.Lock()
        self._home = tempfile.TemporaryDirectory(prefix="podium-sandbox-")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tasks.effects.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=clean_environment(self._home.name),
            start_new_session=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, operation: str, scratch: Path, limits: SandboxSection, **keys: Any) -> Answer:
        """Run one operation in a fresh confined process and return its answer."""
        [answer] = self.ask_each(operation, [Question(scratch, keys)], limits)
        return answer

    def ask_each(
        self, operation: str, questions: Sequence[Question], limits: SandboxSection
    ) -> Generator[Answer, None, None]:
        """Run one operation on each of some models in a confined process, and yield its answers as they come.

        A process that dies or outstays its time is an answer too, but only about the first model it was asked about. At
        any other it may be the fault of one before, so that this one and those after it get another process.
        """
        self.await_start()
        left = deque(questions)
        self.asked += len(questions)
        while left:
            child = self._start(operation, tuple(left), limits)
            try:
                for place in range(len(left)):
                    answer = child.failure(limits.seconds) or _read(left[0].result)
                    if answer.code in FAILURES and place:
                        break
                    left.popleft()
                    yield answer
                    if answer.code in FAILURES:
                        break
            finally:
                if left:
                    child.kill()

    def _start(self, operation: str, questions: Sequence[Question], limits: SandboxSection) -> "_Child":
        name = uuid.uuid4().hex
        for question in questions:
            question.result.unlink(missing_ok=True)
        child = self._children[name] = _Child(self, name)
        items = [question.as_json() for question in questions]
        limited = limits.model_dump(include={"seconds", "memory_mb", "file_mb", "processes"})
        log = str(questions[0].scratch / "log")
        self.send({"id": name, "op": operation, "log": log, "items": items, **limited})
        return child

    def send(self, message: dict[str, Any]) -> None:
        """Write one request.

        Raises:
            PodiumError: nobody is there to read it.
        """
        with self._lock:
            if self._process.stdin is None or self._process.poll() is not None:
                raise PodiumError(ENDED)
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def await_start(self) -> None:
        """Wait until it has imported what it needs; raises PodiumError if it does not."""
        try:
            self._ready.result(PATIENCE)
        except Overdue:
            raise PodiumError(f"the sandbox did not start within {PATIENCE:g} s; run the command again") from None

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if said["id"] == "ready":
                self._ready.set_result(0)
            else:
                self._tell(said["id"], said["status"])
        if not self._ready.done():
            self._ready.set_exception(PodiumError(ENDED))
        for name in list(self._children):
            self._tell(name, GONE)

    def _tell(self, name: str, status: int | None) -> None:
        """Pass on that a child has done one question, with no status, or ended."""
        child = self._children[name] if status is None else self._children.pop(name)
        child.events.put(status)

    def close(self) -> None:
        """End the sandbox and whatever runs in it; one that is still importing has nothing to end."""
        if not self._ready.done():
            self._process.kill()
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(GRACE)
        self._home.cleanup()


class _Child:
    """One confined process as its asker sees it: ``events`` are None for a question done, and the status at its end."""

    def __init__(self, owner: Sandbox, name: str) -> None:
        self.events: SimpleQueue[int | None] = SimpleQueue()
        self._owner, self._name, self._ended = owner, name, False

    def failure(self, seconds: float) -> Answer | None:
        """Wait for the next question to be done; return how it failed, or None."""
        try:
            status = self._next(seconds)
        except Empty:
            self.kill()
            return Answer(None, "timeout", f"it took longer than {seconds:g} s and was stopped")
        return None if status is None else Answer(None, "killed", f"its process {_end(status)} while loading it")

    def kill(self) -> None:
        """End the process, if it has not ended already, and wait until it has."""
        if self._ended:
            return
        self._owner.send({"kill": self._name})
        try:
            while not self._ended:
                self._next(GRACE)
        except Empty:
            raise PodiumError("a process of the sandbox cannot be stopped; run the command again") from None

    def _next(self, seconds: float) -> int | None:
        status = self.events.get(timeout=seconds)
        if status == GONE:
            raise PodiumError(ENDED)
        self._ended = status is not None
        return status


def _end(status: int) -> str:
    """Return in words how a child ended that gave no answer."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _read(result: Path) -> Answer:
    if not result.exists():
        return Answer(None, "killed", "its process gave no answer")
    answer = json.loads(result.read_text(encoding="utf-8"))
    if answer["ok"]:
        return Answer(answer["value"])
    return Answer(None, answer["code"], answer["reason"])


def clean_environment(home: str) -> dict[str, str]:
    """Return an environment that lets Python start and holds no secret: listed variables only.

    ``home`` is a folder that nobody else can fill: Python and its libraries would import and run what they find in a
    shared one. One thread per library keeps a model's answers the same whatever the machine, and forking safe.
    """
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    return {**kept, **threads, **quiet, "HOME": home, "PYTHONNOUSERSITE": "1"}


_started: list[Sandbox] = []
_starting = threading.Lock()


def sandbox() -> Sandbox:
    """Return the sandbox of this process, starting it if there is none."""
    with _starting:
        if not _started:
            _started.append(Sandbox())
            atexit.register(_started[0].close)
        return _started[0]
