"""Real server processes that tests start, wait for, and end with all that they started."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 180
POLL = 0.05


@dataclass
class Service:
    """One process in a group of its own, whose words go to a file.

    ``account`` is the user and group that it runs as, where it refuses to be root.
    """

    name: str
    command: Sequence[str]
    log: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    account: tuple[int, int] | None = None
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> "Service":
        """Start it, and return before it is ready: several start at once."""
        user, group = self.account or (None, None)
        with self.log.open("ab") as words:
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                user=user,
                group=group,
                extra_groups=None if user is None else [],
            )
        return self

    def await_ready(self) -> "Service":
        """Return once it answers."""
        deadline = time.monotonic() + PATIENCE
        while not self.ready():
            assert self.process is not None
            assert self.process.poll() is None, f"{self.name} ended: {self.words()[-3000:]}"
            assert time.monotonic() < deadline, f"{self.name} does not answer: {self.words()[-3000:]}"
            time.sleep(POLL)
        return self

    def end(self, number: int = signal.SIGKILL) -> None:
        """End it with all it started."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        self.process.wait(PATIENCE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None

    def words(self) -> str:
        """What it has said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def answers(url: str) -> Callable[[], bool]:
    """A question whether an address answers, in whatever words but a failure."""

    def asked() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False

    return asked


def listens(port: int) -> Callable[[], bool]:
    """A question whether something takes connections on a port."""

    def asked() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False

    return asked
