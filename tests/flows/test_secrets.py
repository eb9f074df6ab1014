"""Secrets in the environment, in MLflow's address, in alert addresses and in a Prefect block are in no output."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.servers import MlflowServer
from tests.flows.projects import LOGISTIC, project
from tests.flows.receivers import Receiver

PASSWORD, IN_ADDRESS, IN_HOOK, IN_BLOCK = (f"PlAnTed-{name}-0123456789" for name in ("env", "uri", "hook", "block"))
PLANTED = (PASSWORD, IN_ADDRESS, IN_HOOK, IN_BLOCK)
SAVE = """
import os, sys
from flows.cli.environment import prepare
prepare(False)
from flows.cli import embedded
embedded.start()
embedded.await_ready()
from prefect.blocks.system import Secret
Secret(value=os.environ["ADDRESS"]).save("podium-chat", overwrite=True)
"""


@pytest.fixture
def server(home: Path) -> Iterator[MlflowServer]:
    """A real MLflow server, whose database and artifacts are in the home."""
    running = MlflowServer(home)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def failing() -> Iterator[Receiver]:
    """A chat that takes nothing."""
    running = Receiver(status=500)
    yield running
    running.close()


def hidden(where: str, content: bytes) -> None:
    """Assert that nothing that was planted is in there, nor what would be half of it."""
    for secret in (*PLANTED, "PlAnTed"):
        assert secret.encode() not in content, f"{secret} is in {where}"


def test_no_secret_is_printed_logged_or_kept(
    server: MlflowServer, failing: Receiver, home: Path, made: Path, tmp_path: Path
) -> None:
    """Whatever commands run, with a channel that fails, MLflow that goes away, and everything logged."""
    channels = {"hook": {"url_env": "PODIUM_HOOK", "minimum": "info"}, "block": {"block": "secret/podium-chat"}}
    config = project(tmp_path, made, LOGISTIC, alerts={"channels": channels})
    (config.parent / "staging" / "broken_20250101_000000").mkdir()
    (config.parent / "staging" / "broken_20250101_000000" / "model.pkl").write_bytes(b"no pickle")
    environment = {
        **os.environ,
        "PODIUM_HOME": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PREFECT_LOGGING_TO_API_ENABLED": "true",
        "MLFLOW_LOGGING_LEVEL": "DEBUG",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_TRACKING_URI": server.url.replace("//", f"//ana:{IN_ADDRESS}@"),
        "MLFLOW_TRACKING_PASSWORD": PASSWORD,
        "PODIUM_HOOK": f"http://{failing.where}/services/{IN_HOOK}",
        "ADDRESS": f"http://bob:{IN_BLOCK}@{failing.where}/hooks/{IN_BLOCK}x",
    }
    subprocess.run([sys.executable, "-c", SAVE], env=environment, check=True, timeout=120)
    rows = f"--input {made / 'holdout.parquet'} --output {tmp_path / 'answers.csv'}"
    looks = (f"monitor --batch {made / 'holdout.parquet'}", "explain", f"score {rows}", "rollback")
    commands = ("migrate", "select", "verify", "history", "alerts test", "alerts list", *looks)
    said = {name: ran(name, config, environment) for name in commands}
    server.kill()
    said["verify, MLflow gone"] = ran("verify", config, environment)
    for name, output in said.items():
        hidden(name, output)
    assert b"alert channel hook: " in said["migrate"]
    assert b"alert channel block: " in said["migrate"]
    assert b"passed" in said["verify"]
    assert b"does not answer" in said["verify, MLflow gone"]
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {"mlflow.db", "prefect.db", "decision.json", "report.html"} <= {path.name for path in files}
    for path in files:
        hidden(str(path), path.read_bytes())


def ran(name: str, config: Path, environment: dict[str, str]) -> bytes:
    """What a command prints on both streams."""
    command = [str(Path(sys.executable).with_name("podium")), *name.split(), "--verbose", "--config", str(config)]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=300)
    return done.stdout + done.stderr
