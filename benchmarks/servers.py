"""A real MLflow server process, which tests may end and start again."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 120


FIRST, EACH, SHARES = 10_000, 1_000, 20
"""Ports that are given: below those that systems give to connections, a share for each process of a test run."""
TURNS = itertools.count(os.getpid() * 389)
"""Begins elsewhere in each process: what one was given stays its own until a server of it listens."""


def free_port() -> int:
    """A port that nothing listens on, and that is not given again soon."""
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SHARES
    turns = (FIRST + share * EACH + next(TURNS) % EACH for _ in range(EACH))
    return next(port for port in turns if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class MlflowServer:
    """A server on a port of its own that keeps and serves the artifacts itself.

    With ``shared`` its clients write them to a folder instead, by their own access to it. MLflow's own default is of
    four ``workers``.
    """

    def __init__(self, folder: Path, *, shared: bool = False, workers: int = 1) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._shared = shared
        self._workers = workers
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return once it answers."""
        options = {
            "--backend-store-uri": f"sqlite:///{self._folder / 'mlflow.db'}",
            "--host": "127.0.0.1",
            "--port": str(self.port),
            "--workers": str(self._workers),
            **self._artifacts(),
        }
        flags = ["--no-serve-artifacts"] if self._shared else []
        words = (word for option in options.items() for word in option)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *words, *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )
        self._await_health()

    def _artifacts(self) -> dict[str, str]:
        name = "--default-artifact-root" if self._shared else "--artifacts-destination"
        return {name: str(self._folder / "artifacts")}

    def kill(self) -> None:
        """End it at once, with all it started."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)
            self._process = None

    def _await_health(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process is not None
            assert self._process.poll() is None, "the MLflow server ended"
            assert time.monotonic() < deadline, "the MLflow server does not answer"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False


@contextmanager
def server(folder: Path, *, shared: bool = False, workers: int = 1) -> Iterator[str]:
    """Give the address of a new MLflow server, and end it."""
    folder.mkdir(parents=True)
    started = MlflowServer(folder, shared=shared, workers=workers)
    started.start()
    try:
        yield started.url
    finally:
        started.kill()
