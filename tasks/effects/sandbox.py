"""The parent's side of the sandbox: starts it, sends it requests, and kills what takes too long.

One sandbox serves a whole process. It is started ahead of need where that hides its imports, and ends with the process.
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
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Overdue
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.schema import SandboxSection
from podium.errors import PodiumError

PATIENCE = 300.0
"""Seconds in which the sandbox must have imported its libraries."""
GRACE = 10.0
"""Seconds beyond the limit that a killed child has to be reaped."""
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


class Sandbox:
    """A child process without secrets that loads models in confined grandchildren."""

    def __init__(self) -> None:
        self._waiting: dict[str, Future[int]] = {"ready": Future()}
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

    def ask(self, operation: str, scratch: Path, limits: SandboxSection, **request: Any) -> Answer:
        """Run one operation in a fresh confined process and return its answer.

        ``scratch`` is a directory of this request alone. A child that dies or outstays its time is an answer too.
        """
        self._await_start()
        result, name = scratch / "result.json", uuid.uuid4().hex
        limited = limits.model_dump(include={"seconds", "memory_mb", "file_mb", "processes"})
        self._send(
            {"id": name, "op": operation, "result": str(result), "log": str(scratch / "log"), **limited, **request}
        )
        try:
            status = self._await(name, limits.seconds)
        except Overdue:
            self._send({"kill": name})
            self._await(name, GRACE)
            return Answer(None, "timeout", f"it took longer than {limits.seconds:g} s and was stopped")
        if status != 0 or not result.exists():
            return Answer(None, "killed", f"its process {_end(status)} while loading it")
        return _read(result)

    def close(self) -> None:
        """End the sandbox and whatever runs in it; one that is still importing has nothing to end."""
        if not self._waiting["ready"].done():
            self._process.kill()
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(GRACE)
        self._home.cleanup()

    def _send(self, message: dict[str, Any]) -> None:
        with self._lock:
            if "id" in message:
                self._waiting[message["id"]] = Future()
            if self._process.stdin is None or self._process.poll() is not None:
                raise PodiumError("the sandbox process ended; run the command again")
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _await_start(self) -> None:
        try:
            self._await("ready", PATIENCE)
        except Overdue:
            raise PodiumError(f"the sandbox did not start within {PATIENCE:g} s; run the command again") from None

    def _await(self, name: str, seconds: float) -> int:
        status = self._waiting[name].result(seconds)
        if name != "ready":
            del self._waiting[name]
        return status

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            self._waiting[answer["id"]].set_result(answer["status"])
        for future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(PodiumError("the sandbox process ended; run the command again"))


def _end(status: int) -> str:
    """Return in words how a child ended that gave no answer."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _read(result: Path) -> Answer:
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
