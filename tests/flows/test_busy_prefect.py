"""A Prefect server whose database is written all the time."""

import json
import socket
import sqlite3
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

from benchmarks.servers import free_port
from benchmarks.stacks import until
from configs.loading import load_config
from deployments.stack.home import StackHome
from deployments.stack.services import Addresses, environment, prefect
from tasks.effects.store import connect
from tests.flows.faults import answered, command, ended
from tests.flows.projects import FOREST, project
from tests.services import Service, answers

HOLDS = 0.005
"""Seconds that one write takes."""
PATIENCE = {"PREFECT_API_REQUEST_TIMEOUT": "20"}
"""How long a command waits for an answer, in seconds: the server keeps a minute for the lock of its database."""


@contextmanager
def busy(database: Path) -> Iterator[None]:
    """Somebody else writes the database all the time: whoever reads first, and then writes, comes too late."""
    ended = threading.Event()

    def write() -> None:
        connection = sqlite3.connect(database, isolation_level=None, timeout=60)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE noise (number INTEGER)")
        while not ended.is_set():
            # A writer that the machine keeps waiting keeps the others waiting, too: there is no way past it.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO noise VALUES (1)")
            ended.wait(HOLDS)
            connection.execute("COMMIT")
        connection.close()

    with ThreadPoolExecutor(1) as aside:
        writing = aside.submit(write)
        try:
            yield
        finally:
            ended.set()
        writing.result()


@contextmanager
def serving(service: Service) -> Iterator[None]:
    """A server that answers."""
    try:
        service.start().await_ready()
        yield
    finally:
        service.end()


def asked(api: str, what: str, body: Mapping[str, object]) -> tuple[int, Message, bytes]:
    """The status, the headers and the content of an answer; 0 if there is none, as the server is too busy for one."""
    content = json.dumps(body).encode()
    request = urllib.request.Request(f"{api}/{what}/", content, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=90) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
    except OSError:
        return 0, Message(), b""


def made_flow(api: str) -> str:
    """Make a flow, and return its id."""
    answer = until(
        lambda: (found := asked(api, "flows", {"name": "flow"}))[0] in (200, 201) and found, "no flow is made"
    )
    return str(json.loads(answer[2])["id"])


def test_the_server_of_a_stack_asks_to_come_again(tmp_path: Path) -> None:
    """What collides with another's writing counts for no run as a failed try."""
    places, addresses = StackHome(tmp_path), Addresses(free_port(), free_port())
    places.make()
    made = prefect(places, addresses, {**environment(places, addresses, None), "PREFECT_UI_ENABLED": "false"})
    began = datetime.now(UTC)
    with serving(Service("prefect", made.command, tmp_path / "log", lambda: made.is_well(began), made.environment)):
        flow = made_flow(addresses.api)

        def run() -> tuple[int, Message, bytes]:
            return asked(addresses.api, "flow_runs", {"flow_id": flow, "state": {"type": "PENDING"}})

        with busy(places.prefect / "prefect.db"):
            refused = until(lambda: (found := run())[0] == 503 and found, "nothing is refused")
        assert (refused[1]["prefect-maintenance"], refused[1]["retry-after"]) == ("true", "0.02")
        # Whose turn it is may still be its own services' who write beside.
        until(lambda: run()[0] == 201, "nothing is taken once the database is free")


def test_a_server_of_ones_own_that_stays_busy(home: Path, made: Path, tmp_path: Path) -> None:
    """A command that gets nowhere with it says so in one line, and the same command does what is left afterwards."""
    config, port = project(tmp_path, made, FOREST), free_port()
    words = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    own = {
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{tmp_path}/prefect.db",
        "PREFECT_UI_ENABLED": "false",
    }
    api = f"http://127.0.0.1:{port}/api"
    with serving(Service("prefect", words, tmp_path / "log", answers(f"{api}/health"), own)):
        with busy(tmp_path / "prefect.db"):
            status, _, complained = ended(
                command("migrate", config, PREFECT_API_URL=api, PREFECT_CLIENT_MAX_RETRIES="0", **PATIENCE)
            )
        assert (status, "Traceback" in complained) == (1, False), complained
        assert "Prefect's server fails or is too busy: " in complained
        told = answered(command("migrate", config, PREFECT_API_URL=api))
    # Nobody can say how far the first one came: it may have brought the model and not have heard of it.
    assert (told["found"], len(told["migrated"]) + len(told["skipped"])) == (1, 1)
    assert len(connect(load_config(config).mlflow).versions()) == 1


def test_a_server_that_takes_a_call_and_never_answers(home: Path, made: Path, tmp_path: Path) -> None:
    """It is told from one that is not there, in one line."""
    config = project(tmp_path, made, FOREST)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        api = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        own = {"PREFECT_API_URL": api, "PREFECT_API_REQUEST_TIMEOUT": "1", "PREFECT_CLIENT_MAX_RETRIES": "0"}
        status, _, complained = ended(command("migrate", config, **own))
    assert (status, "Traceback" in complained) == (1, False), complained
    assert "Prefect's server fails or is too busy: " in complained
