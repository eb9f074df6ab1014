"""The same flows run unchanged against a real MLflow server and a real Prefect server."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.history import chain_json, history
from flows.migration import migrate
from flows.selection import select
from flows.verification import verify
from tests.flows.projects import LOGISTIC, TRAP, project, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")
PATIENCE = 120


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a server is healthy."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def await_health(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Return once a server answers."""
    deadline = time.monotonic() + PATIENCE
    while not answers(url):
        assert server.poll() is None, "the MLflow server ended"
        assert time.monotonic() < deadline, "the MLflow server does not answer"
        time.sleep(0.1)


@pytest.fixture
def mlflow_server(home: Path) -> Iterator[str]:
    """A real MLflow server process that keeps and serves the artifacts itself."""
    port = free_port()
    options = [
        "--backend-store-uri",
        f"sqlite:///{home / 'mlflow.db'}",
        "--artifacts-destination",
        str(home / "served"),
    ]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(
        [*command, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await_health(url, server)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(PATIENCE)


def test_migrate_select_and_verify_against_a_server(
    mlflow_server: str, home: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by MLFLOW_TRACKING_URI alone, a server gets the models, the champion, and the decision."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    config = project(home.parent, made, LOGISTIC, TRAP)
    assert {o.state for o in migrate(str(config)).outcomes} == {"migrated"}
    assert {o.state for o in migrate(str(config)).outcomes} == {"skipped"}
    outcome = select(str(config))
    assert (outcome.selection.verdict, outcome.production.model_id) == ("promote", LOGISTIC)
    assert store_of(config).uri == mlflow_server
    assert verify(str(config)).passed
    assert chain_json(history(str(config)))["unbroken"]
