"""Starts the processes of a stack, finds every one of them again, and ends them.

Flows run in sessions of their own, servers' workers in theirs, and a process id may be another's by now: neither groups
nor ids tell for certain what belongs to a stack. A variable in the environment does, which children inherit, whoever
starts them and whoever of them has died.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from deployments.stack.logs import make_way

MARK = "PODIUM_STACK"
POLL = 0.1
RUNS, GRACE, KILLING = 15.0, 8.0, 10.0
"""Seconds for runs to end, for anything else that was asked to end, and for what was killed."""
OF_A_RUN = "PREFECT__FLOW_RUN_ID"
"""The variable that Prefect gives to the process of a run."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Says of which home, of which start, and of which service a process is.

    As text it names the real folder, so that a home is the same one by whatever path it was given.
    """

    home: str
    token: str
    service: str

    def __str__(self) -> str:
        return f"{Path(self.home).resolve()}:{self.token}:{self.service}"


def start(command: Sequence[str], mark: Mark, environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own that writes to a log; earlier ones are kept beside it."""
    make_way(log)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own commands
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment, MARK: str(mark)},
            start_new_session=True,
        )


def living(home: Path, token: str | None = None) -> dict[psutil.Process, Mark]:
    """Return the living processes of one start, or of all starts in a home."""
    found, real = {}, str(home.resolve())
    for process in psutil.process_iter():
        mark = _mark_of(process)
        if mark and mark.home == real and token in (None, mark.token):
            found[process] = mark
    return found


def _mark_of(process: psutil.Process) -> Mark | None:
    try:
        parts = process.environ().get(MARK, "").rsplit(":", 2)
        lives = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return None
    return Mark(*parts) if lives and len(parts) == 3 else None


Chosen = Callable[[psutil.Process, Mark], bool]


def _is_run(process: psutil.Process, mark: Mark) -> bool:
    """Whether a worker started it to run a flow, or such a run did."""
    try:
        return mark.service == "worker" and OF_A_RUN in process.environ()
    except (psutil.Error, OSError):
        return False


STAGES: tuple[tuple[Chosen, float], ...] = (
    (_is_run, RUNS),
    (lambda _, mark: mark.service in ("worker", "deploy"), GRACE),
    (lambda *_: True, GRACE),
)
"""Who is asked to end, and for how many seconds it is waited for, one after the other."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Ends processes in the order in which they can say goodbye to each other.

    ``find`` returns all there are. ``hurry`` says that nobody waits for goodbyes.
    """

    find: Callable[[], Mapping[psutil.Process, Mark]]
    hurry: Callable[[], bool] = lambda: False

    def end(self) -> int:
        """End all and return how many there were: the runs, their worker, then the servers, then what stays.

        A worker that is asked to end kills its runs at once, before they can tell the server how they ended.
        """
        found, asked = len(self.find()), set[psutil.Process]()
        for chosen, patience in STAGES:
            self._ask_and_await(chosen, patience, asked)
        self._kill()
        return found

    def _ask_and_await(self, chosen: Chosen, patience: float, asked: set[psutil.Process]) -> None:
        """Ask each once, also what has just started: asked twice, a run would be interrupted in its goodbye."""
        deadline = time.monotonic() + patience
        while left := {p for p, mark in self.find().items() if chosen(p, mark)}:
            for process in left - asked:
                _ask(process)
            asked |= left
            if time.monotonic() > deadline or self.hurry():
                return
            time.sleep(POLL)

    def _kill(self) -> None:
        """Kill until nothing is left: a process may start another in its last moment."""
        deadline = time.monotonic() + KILLING
        while (left := self.find()) and time.monotonic() < deadline:
            _kill(left)
            time.sleep(POLL)


def _ask(process: psutil.Process) -> None:
    """Ask the leader of a session, who passes it on to what it started."""
    with contextlib.suppress(psutil.Error, OSError):
        if os.getsid(process.pid) == process.pid:
            process.send_signal(signal.SIGTERM)


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
