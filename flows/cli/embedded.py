"""An embedded Prefect server that starts while the rest of a command is still importing.

Prefect would start one by itself, but only at the first flow, and by importing its whole server into the command's
process first: about twice the wait. This one is a child process that ends when its parent does, however that ends.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from filelock import FileLock

from configs.loading import EVENTS
from configs.places import unusable
from podium.errors import PodiumError
from tasks.effects import blank
from tasks.effects.databases import OF_PREFECT, require_file

PATIENCE = 180.0
"""Seconds a first start may take on a busy machine."""
POLL = 0.05
SERVER = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
}


CLIENT = {
    # Logs would be sent while the server is stopping.
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # The address is plain HTTP on loopback: there is no certificate to check, and each client would load all of them.
    "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "true",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    # Nobody waits for events on a server that ends with the command.
    EVENTS: "off",
}


def wanted() -> bool:
    """Whether nobody named a Prefect server, in the environment, in a settings file, or in a Prefect home of theirs."""
    named = any(name in os.environ for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"))
    return not named and not Path("prefect.toml").exists()


class EmbeddedServer:
    """A Prefect server of this command's own, with its database in ``PREFECT_HOME``."""

    def __init__(self, prefect_home: Path) -> None:
        # Two first starts at once would both build the database.
        self._lock = FileLock(prefect_home / "starting.lock")
        try:
            self._lock.acquire()
        except OSError as error:
            raise unusable(prefect_home, "written", error) from None
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "flows.cli.embedded_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **SERVER, **_database(prefect_home / "prefect.db")},
            start_new_session=True,
        )
        atexit.register(self.stop)
        self.url = self._address()

    def _address(self) -> str:
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise PodiumError("the embedded Prefect server did not start; set PREFECT_API_URL to use another")
        return f"http://127.0.0.1:{int(port)}/api"

    def await_ready(self) -> None:
        """Return once the server answers.

        Raises:
            PodiumError: it ended, or does not answer in time.
        """
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise PodiumError("the embedded Prefect server does not answer; set PREFECT_API_URL to use another")
            time.sleep(POLL)
        self._lock.release()

    def _answers(self) -> bool:
        # Its health says that it listens; only the first question of another kind lets it build its routes.
        try:
            with urllib.request.urlopen(f"{self.url}/admin/version", timeout=5) as reply:  # noqa: S310 - our own address
                return bool(reply.status == 200)
        except urllib.error.HTTPError:
            # It asks who comes, as it would be asked of a server of one's own; Prefect's client knows.
            return True
        except OSError:
            return False

    def stop(self) -> None:
        """End the server with everything it started."""
        self._lock.release()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _database(path: Path) -> dict[str, str]:
    """Put an empty database where there is none, and return what spares the server from looking for migrations."""
    blank.place("prefect", path)
    require_file(path, OF_PREFECT)
    return {"PREFECT_API_DATABASE_MIGRATE_ON_START": "false"} if blank.is_current("prefect", path) else {}


_servers: list[EmbeddedServer] = []


def start() -> None:
    """Start the embedded server of this process, if nobody named another, and point Prefect at it."""
    if _servers or not wanted():
        return
    _servers.append(EmbeddedServer(Path(os.environ["PREFECT_HOME"])))
    os.environ["PREFECT_API_URL"] = _servers[0].url
    for name, value in CLIENT.items():
        os.environ.setdefault(name, value)


def await_ready() -> None:
    """Return once the embedded server, if there is one, answers."""
    for server in _servers:
        server.await_ready()


def unwatched() -> AbstractContextManager[Any]:
    """Spare flows their heartbeat on an embedded server: nobody listens, and waiting for it ends each flow late."""
    if not _servers:
        return contextlib.nullcontext()
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})
