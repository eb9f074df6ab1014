"""Secrets in the environment, in MLflow's address, in alert addresses and in a Prefect block are in no output."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.servers import MlflowServer, free_port
from tests.flows.projects import LOGISTIC, project
from tests.flows.receivers import Mailbox, Receiver

PASSWORD, IN_ADDRESS, IN_HOOK, IN_BLOCK, IN_MAIL, IN_DATABASE = (
    f"PlAnTed-{name}-0123456789" for name in ("env", "uri", "hook", "block", "mail", "database")
)
OTHERS = {
    name: f"PlAnTed-{number}-0123456789"
    for number, name in enumerate(("PREFECT_API_AUTH_STRING", "PODIUM_WEBHOOK_SECRET", "AWS_SECRET_ACCESS_KEY"))
}
PLANTED = (PASSWORD, IN_ADDRESS, IN_HOOK, IN_BLOCK, IN_MAIL, IN_DATABASE, *OTHERS.values())
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


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A mail server that takes everything."""
    with closing(Mailbox("ana", IN_MAIL)) as running:
        yield running


def hidden(where: str, content: bytes) -> None:
    """Assert that nothing that was planted is in there, nor what would be half of it."""
    for secret in (*PLANTED, "PlAnTed"):
        assert secret.encode() not in content, f"{secret} is in {where}"


def test_no_secret_is_printed_logged_or_kept(
    server: MlflowServer, failing: Receiver, team: Receiver, box: Mailbox, home: Path, made: Path, tmp_path: Path
) -> None:
    """Whatever commands run, with a channel that fails, MLflow that goes away, and everything logged.

    Nor is any in a message, be it taken or not.
    """
    wanted = {"minimum": "info", "per_hour": 60}
    named = {name: {"url_env": f"PODIUM_{name.upper()}", **wanted} for name in ("hook", "mail", "team")}
    channels = {**named, "block": {"block": "secret/podium-chat"}}
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
        **OTHERS,
        "PODIUM_HOOK": f"http://{failing.where}/services/{IN_HOOK}",
        "PODIUM_TEAM": f"http://{team.where}/services/{IN_HOOK}?token={IN_HOOK}",
        "PODIUM_MAIL": f"mailto://ana:{IN_MAIL}@{box.where}?from=podium@example.org&to=ops@example.org&mode=insecure",
        "ADDRESS": f"http://bob:{IN_BLOCK}@{failing.where}/hooks/{IN_BLOCK}x",
    }
    subprocess.run([sys.executable, "-c", SAVE], env=environment, check=True, timeout=120)
    rows = f"--input {made / 'holdout.parquet'} --output {tmp_path / 'answers.csv'}"
    looks = (f"monitor --batch {made / 'holdout.parquet'}", "explain", f"score {rows}", "rollback")
    commands = ("migrate", "select", "verify", "history", "alerts test", "alerts list", *looks)
    said = {name: ran(name, config, environment) for name in commands}
    server.kill()
    said["verify, MLflow gone"] = ran("verify", config, environment)
    database = f"postgresql://ana:{IN_DATABASE}@127.0.0.1:{free_port()}/mlflow"
    said["verify, no database"] = ran("verify", config, {**environment, "MLFLOW_TRACKING_URI": database})
    for name, output in said.items():
        hidden(name, output)
    assert b"alert channel hook: " in said["migrate"]
    assert b"alert channel block: " in said["migrate"]
    assert b"passed" in said["verify"]
    assert b"does not answer" in said["verify, MLflow gone"]
    for where, content in (*enumerate(failing.bodies), *enumerate(team.bodies), *enumerate(box.texts)):
        hidden(f"message {where}", content)
    assert "[warning] churn: podium verify failed" in team.titles
    assert len(team.got) == len(box.got) > 3
    assert len(failing.bodies) > 3
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {"mlflow.db", "prefect.db", "decision.json", "report.html"} <= {path.name for path in files}
    for path in files:
        hidden(str(path), path.read_bytes())


def ran(name: str, config: Path, environment: dict[str, str]) -> bytes:
    """What a command prints on both streams."""
    command = [str(Path(sys.executable).with_name("podium")), *name.split(), "--verbose", "--config", str(config)]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=300)
    return done.stdout + done.stderr
