"""Where the local stack keeps its state: one folder in ``PODIUM_HOME``, and one file that says what runs."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from configs.places import make_below_home


@dataclass(frozen=True, slots=True)
class Running:
    """What runs: the token of this start, the processes by name, and the addresses."""

    token: str
    parent: int
    pids: Mapping[str, int] = field(default_factory=dict)
    mlflow: str = ""
    prefect: str = ""
    ready: bool = False

    @property
    def api(self) -> str:
        """The address of Prefect's API."""
        return f"{self.prefect}/api"


@dataclass(frozen=True, slots=True)
class StackHome:
    """The places of a stack inside a home, which is absolute."""

    home: Path

    @property
    def folder(self) -> Path:
        """Everything that only the stack needs."""
        return self.home / "stack"

    @property
    def prefect(self) -> Path:
        """The home of the stack's Prefect, with its database."""
        return self.folder / "prefect"

    @property
    def logs(self) -> Path:
        """The logs of all services."""
        return self.home / "logs"

    @property
    def state(self) -> Path:
        """The file that says what runs."""
        return self.folder / "running.json"

    def lock(self) -> FileLock:
        """Return the lock that the running stack holds; the operating system frees it with its holder."""
        return FileLock(self.folder / "running.lock")

    def make(self) -> None:
        """Make the folders.

        Raises:
            UsageError: they cannot be made.
        """
        for folder in (self.prefect, self.logs):
            make_below_home(folder)

    def read(self) -> Running | None:
        """Return what the last start wrote, None if there was none or it ended cleanly."""
        try:
            content: dict[str, Any] = json.loads(self.state.read_text(encoding="utf-8"))
            return Running(**content)
        except (OSError, ValueError, TypeError):
            return None

    def write(self, running: Running) -> None:
        """Write what runs, whole or not at all."""
        written = self.state.with_suffix(".new")
        written.write_text(json.dumps(asdict(running), indent=2), encoding="utf-8")
        os.replace(written, self.state)  # noqa: PTH105 - the call that is atomic, by its name

    def forget(self, token: str) -> None:
        """Remove the file, if it is of this start."""
        found = self.read()
        if found is None or found.token == token:
            self.state.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """Return the stack that runs in this home and is ready, None if there is none."""
        found = self.read()
        return found if found and found.ready and self.is_held() else None

    def is_held(self) -> bool:
        """Whether a stack runs here."""
        if not self.folder.is_dir():
            return False
        lock = self.lock()
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return True
        except OSError:
            return False
        lock.release()
        return False


def with_process(running: Running, name: str, pid: int) -> Running:
    """Return what runs with one more process."""
    return replace(running, pids={**running.pids, name: pid})
