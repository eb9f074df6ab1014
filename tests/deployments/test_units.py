"""A systemd unit starts from what is written: its command, its own variables and those of its example environment."""

import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.servers import free_port
from tests.deployments.test_reference import assert_taken, run
from tests.deployments.written import DEPLOYMENTS, ROOT, UNITS, Unit, compose, image_environment, image_words, unit
from tests.flows.projects import project
from tests.services import PATIENCE, Service, answers

IN_COMPOSE = {
    "podium-mlflow.service": "mlflow",
    "podium-prefect.service": "prefect",
    "podium-worker@.service": "worker",
    "podium-webhooks.service": "webhooks",
}
ENDED_BY_US = {0, -signal.SIGTERM}
"""What systemd takes for a good end by itself."""


@pytest.mark.parametrize(("name", "service"), IN_COMPOSE.items())
def test_an_example_names_what_the_same_service_of_the_stack_has(name: str, service: str) -> None:
    """The variables and secrets of compose.yaml, no more and no fewer; only what is secret has no value."""
    written, found = compose()["services"][service], unit(name)
    assert set(found.example) == {*written["environment"], *written["secrets"]}
    assert {variable for variable, value in found.example.items() if not value} == set(written["secrets"])
    assert set(found.environment) <= set(image_environment())


@pytest.mark.parametrize(("name", "service"), IN_COMPOSE.items())
def test_a_unit_runs_what_the_same_service_of_the_stack_runs(name: str, service: str) -> None:
    """The same command, on loopback; a worker has a name there, and a health check here."""
    words = compose()["services"][service].get("command") or image_words("CMD")
    found = unit(name).command
    assert Path(found[0]).parent == Path("/opt/podium/.venv/bin")
    own = [Path(found[0]).name, *(word for word in found[1:] if word not in {"--name", "%i"})]
    assert own == [word.replace("0.0.0.0", "127.0.0.1") for word in words if word != "--with-healthcheck"]


def test_every_unit_and_every_example_is_one_of_these() -> None:
    """Nothing is left unread, and docs/production.md says where each goes."""
    names = {path.name for path in UNITS.iterdir()}
    examples = {f"{Path(unit(name).service['EnvironmentFile']).name}.example" for name in IN_COMPOSE}
    assert names == {*IN_COMPOSE, *examples}
    assert ".env.example" in (ROOT / "docs" / "production.md").read_text()


def test_what_the_docs_ask_of_mlflow_for_its_webhooks_is_in_the_example() -> None:
    """Each variable that docs/how-to.md names."""
    asked = set(re.findall(r"`(MLFLOW_WEBHOOK_\w+)", (ROOT / "docs" / "how-to.md").read_text()))
    assert len(asked) == 3
    assert asked <= set(unit("podium-mlflow.service").example)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "port", "health"),
    [
        ("podium-mlflow.service", "5000", "/health"),
        ("podium-prefect.service", "4200", "/api/health"),
        ("podium-webhooks.service", "8788", "/health"),
    ],
)
def test_a_unit_starts_answers_and_ends(name: str, port: str, health: str, tmp_path: Path, made: Path) -> None:
    """It writes into its state and nowhere else, and ends as systemd expects. SQLite stands for PostgreSQL."""
    machine = Machine(tmp_path, made, port)
    with machine.running(unit(name), health) as service:
        assert service.process is not None
        service.process.terminate()
        status = service.process.wait(PATIENCE)
    assert status in ENDED_BY_US | {int(word) for word in unit(name).service.get("SuccessExitStatus", "").split()}
    assert list(machine.program.iterdir()) == []
    assert list(machine.state.iterdir()) != []


class Machine:
    """A folder that stands for a machine: /opt/podium, /etc/podium and /var/lib/podium are in it."""

    def __init__(self, folder: Path, made: Path, port: str) -> None:
        self.program, self.state, self.etc = (folder / name for name in ("opt", "state", "etc"))
        for place in (self.program, self.state, self.etc):
            place.mkdir()
        self.log, self.port = folder / "log", str(free_port())
        self._replaced = {
            "/opt/podium/.venv/bin": str(Path(sys.executable).parent),
            "/opt/podium": str(self.program),
            "/var/lib/podium": str(self.state),
            "/etc/podium": str(self.etc),
            "/srv/podium/configs/churn.yaml": str(project(folder, made)),
            port: self.port,
            "http://127.0.0.1:5000": f"sqlite:///{self.state}/mlflow.db",
            "postgresql+psycopg://podium@": f"sqlite:///{self.state}",
            "postgresql+asyncpg://podium@": f"sqlite+aiosqlite:///{self.state}",
        }
        accounts = (DEPLOYMENTS / "accounts.ini").read_text()
        (self.etc / "accounts.ini").write_text(self._here(accounts))
        assert_taken(run(str(DEPLOYMENTS / "make-secrets.sh"), str(folder / "secrets")))
        files = {name: folder / "secrets" / Path(found["file"]).name for name, found in compose()["secrets"].items()}
        self._secrets = {name: path.read_text() for name, path in files.items()}

    def _here(self, text: str) -> str:
        """A text with each place and port made one of this machine, in one go."""
        places = sorted(self._replaced, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, places)), lambda found: self._replaced[found[0]], text)

    def _environment(self, found: Unit) -> Mapping[str, str]:
        written = {name: self._here(value) for name, value in {**found.example, **found.environment}.items()}
        filled = {name: value or self._secrets[name] for name, value in written.items()}
        # Bytecode is kept where the other processes of these tests keep theirs.
        kept = {"PYTHONPYCACHEPREFIX": os.environ["PYTHONPYCACHEPREFIX"]}
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.state), **kept, **filled}

    @contextmanager
    def running(self, found: Unit, health: str) -> Iterator[Service]:
        """Run the command of a unit with its variables alone, and wait until it answers."""
        variables = [f"{name}={value}" for name, value in self._environment(found).items()]
        command = ["env", "-i", *variables, *map(self._here, found.command)]
        url = f"http://127.0.0.1:{self.port}{health}"
        service = Service(found.name, command, self.log, answers(url), folder=self.program).start()
        try:
            yield service.await_ready()
        finally:
            service.end()
