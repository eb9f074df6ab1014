"""Everything runs unchanged on PostgreSQL, S3 and two workers, with accounts, and no secret is left anywhere."""

import json
import os
import re
import shlex
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deployments.written import ROOT
from tests.flows.projects import FOREST, LOGISTIC, add_staged, project
from tests.production.stack import AT_ONCE, BUCKET, WORKERS, Stack
from tests.services import Service

pytestmark = pytest.mark.heavy

PATIENCE = 240


class Deployments:
    """The deployments of a stack, by what they run."""

    def __init__(self, stack: Stack) -> None:
        account, word = stack.client["PREFECT_API_AUTH_STRING"].split(":")
        address = stack.client["PREFECT_API_URL"]
        self._api = httpx.Client(base_url=address, auth=(account, word), timeout=60, trust_env=False)
        found = self._asked("deployments/filter", {"limit": 200})
        self._ids = {d["entrypoint"].rsplit(".", 1)[1]: d["id"] for d in found}

    def _asked(self, path: str, body: dict[str, Any]) -> Any:
        reply = self._api.post(f"/{path}", json=body)
        assert reply.status_code < 300, reply.text
        return reply.json()

    def begin(self, flow: str, **parameters: Any) -> str:
        """Ask for a run; returns its id."""
        body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        return str(self._asked(f"deployments/{self._ids[flow]}/create_flow_run", body)["id"])

    def end(self, run_id: str) -> str:
        """Wait for the end of a run; returns its state's name."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self._api.get(f"/flow_runs/{run_id}").json()
            if found["state_type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}:
                return str(found["state_name"])
            assert time.monotonic() < deadline, f"{found['name']}: {found['state_name']}"
            time.sleep(0.2)

    def emit(self, event: str, model_id: str) -> None:
        """Tell the server of an event about a model of the project."""
        resource = {"prefect.resource.id": f"podium.model.{model_id}", "podium.model.id": model_id}
        labels = {**resource, "podium.registered_model": "churn"}
        now = datetime.now(UTC).isoformat()
        body = {"id": str(uuid.uuid4()), "occurred": now, "event": event, "resource": labels, "payload": {}}
        assert self._api.post("/events", json=[body]).status_code < 300

    def started_by_events(self, flow: str, count: int) -> list[str]:
        """Wait for runs of a flow that events start; returns their ids."""
        wanted = {"deployments": {"id": {"any_": [self._ids[flow]]}}, "flow_runs": {"tags": {"all_": ["podium"]}}}
        deadline = time.monotonic() + PATIENCE
        while True:
            found = [run for run in self._asked("flow_runs/filter", wanted) if not run["auto_scheduled"]]
            if len(found) == count:
                return [str(run["id"]) for run in found]
            assert time.monotonic() < deadline, f"{len(found)} runs of {flow}"
            time.sleep(0.2)

    def run(self, flow: str, **parameters: Any) -> str:
        """Run a deployment on a worker; returns how it ended."""
        return self.end(self.begin(flow, **parameters))


@pytest.fixture(scope="module")
def deployments(stack: Stack, config: Path) -> Deployments:
    """All of prefect.yaml and its automations, registered as the docs say."""
    deployed = stack.run("podium", "deploy", "--config", str(config))
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    return Deployments(stack)


@pytest.fixture(scope="module")
def config(stack: Stack, made: Path) -> Path:
    """A project with one model staged."""
    stack.config.parent.mkdir()
    return project(stack.config.parent, made, FOREST)


@pytest.fixture(scope="module", autouse=True)
def endpoint(stack: Stack, config: Path) -> Service:
    """The endpoint of MLflow's webhooks, of which MLflow is told as the docs say, before any version is there."""
    started = stack.begin(stack.container("webhooks").process())
    told = stack.container("webhooks").run(*documented("docker compose run --rm webhooks"))
    assert told.returncode == 0, told.stderr
    return started.await_ready()


def documented(start: str) -> list[str]:
    """The words that follow a start of a command in docs/production.md."""
    docs = (ROOT / "docs" / "production.md").read_text().replace("\\\n", " ")
    (line,) = re.findall(rf"^{re.escape(start)} (.*)$", docs, re.MULTILINE)
    return shlex.split(line)


def podium(stack: Stack, config: Path, *words: str, **environment: str) -> dict[str, Any]:
    """The document of a command as a person runs it."""
    ended = stack.run("podium", *words, "--json", "--config", str(config), **environment)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_workers_and_the_command_line_decide_together(
    stack: Stack, deployments: Deployments, config: Path, made: Path
) -> None:
    """Workers migrate, and select on an event that comes twice; a person goes on, a worker rolls back: one chain."""
    named = {"config_path": str(config)}
    assert deployments.run("migrate", **named) == "Completed"
    for _ in range(2):
        deployments.emit("podium.model.trained", "m-1")
    twice = deployments.started_by_events("select", 2)
    assert [deployments.end(run) for run in twice] == ["Completed"] * 2
    assert {d["asked_by"] for d in podium(stack, config, "history")["decisions"]} == {
        "event podium.model.trained of m-1"
    }
    add_staged(config, made, LOGISTIC)
    migrated = podium(stack, config, "migrate")
    assert ([m["model_id"] for m in migrated["migrated"]], len(migrated["skipped"])) == ([LOGISTIC], 1)
    selected = podium(stack, config, "select")
    assert (selected["verdict"], selected["champion"]["model_id"]) == ("promote", LOGISTIC)
    assert deployments.run("rollback", **named) == "Completed"
    chain = podium(stack, config, "history")
    assert [d["verdict"] for d in chain["decisions"]] == ["promote", "promote", "rollback"]
    assert chain["unbroken"]
    assert podium(stack, config, "verify")["model_id"] == FOREST


def test_what_is_stored_is_in_the_bucket_and_the_database(stack: Stack, config: Path) -> None:
    """Models and decision records are objects in S3, and no worker keeps any of it."""
    names = stack.stored()
    assert sum(name.endswith("/MLmodel") for name in names) == 2
    assert sum(name.endswith("/decision.json") for name in names) == 3
    homes = [stack.folder / name for name in WORKERS]
    assert not [path for home in homes for path in home.rglob("*") if path.name in {"mlflow.db", "MLmodel"}]


def test_both_workers_take_work(stack: Stack, deployments: Deployments, config: Path) -> None:
    """More runs at once than one worker takes: each is taken by one of them, and both take some."""
    several = [deployments.begin("analyze", config_path=str(config)) for _ in range(AT_ONCE + 1)]
    assert [deployments.end(run) for run in several] == ["Completed"] * len(several)
    told = {name: stack.services[name].words() for name in WORKERS}
    # One that finds a run taken says that it "aborted" its submission.
    took = [
        [n for n, said in told.items() if run in said and f"Aborted submission of flow run '{run}'" not in said]
        for run in several
    ]
    assert {len(workers) for workers in took} == {1}, took
    assert {name for workers in took for name in workers} == set(WORKERS), took


def test_what_others_register_in_mlflow_starts_a_selection(
    stack: Stack, deployments: Deployments, endpoint: Service
) -> None:
    """MLflow's webhook reaches the endpoint, signed; Podium's own versions were told of, and started nothing."""
    before = deployments.started_by_events("select", 2)
    registered = stack.run("python", "-c", REGISTERED)
    assert registered.returncode == 0, registered.stderr
    after = deployments.started_by_events("select", 3)
    (run,) = set(after) - set(before)
    assert deployments.end(run) in {"Completed", "Failed"}
    assert "of churn: told of theirs" in endpoint.words()
    assert "Podium registered version 1 itself" in endpoint.words()


REGISTERED = """
import mlflow, numpy as np
from sklearn.linear_model import LogisticRegression
mlflow.set_experiment("churn_monitoring")
with mlflow.start_run(run_name="theirs"):
    model = LogisticRegression().fit(np.eye(2), [0, 1])
    logged = mlflow.sklearn.log_model(model, name="theirs", pip_requirements=["scikit-learn"])
mlflow.register_model(f"models:/{logged.model_id}", "churn")
"""


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MLFLOW_TRACKING_PASSWORD", "wrong", "MLFLOW_TRACKING_PASSWORD"),
        ("PREFECT_API_AUTH_STRING", "admin:wrong", "PREFECT_API_AUTH_STRING"),
    ],
)
def test_wrong_credentials_are_one_clear_line(stack: Stack, config: Path, variable: str, value: str, said: str) -> None:
    """It names the variable that holds them, and not what it holds."""
    ended = stack.run("podium", "verify", "--config", str(config), **{variable: value})
    assert (ended.returncode, ended.stderr.count("podium: ")) == (1, 1)
    assert said in ended.stderr
    assert "wrong" not in ended.stderr


def test_artifacts_without_the_proxy(stack: Stack, config: Path) -> None:
    """A client with access to the bucket reads and writes it itself, and the champion loads from there."""
    access = {
        **stack.object_access,
        "PODIUM_MLFLOW__EXPERIMENT": "direct",
        "PODIUM_MLFLOW__REGISTERED_MODEL": "direct",
    }
    made = stack.run("python", "-c", DIRECT, f"s3://{BUCKET}/direct", **access)
    assert made.returncode == 0, made.stderr
    assert len(podium(stack, config, "migrate", **access)["migrated"]) == 2
    assert podium(stack, config, "select", **access)["champion"]["model_id"] == LOGISTIC
    assert sum(name.startswith("direct/") and name.endswith("/MLmodel") for name in stack.stored()) == 2


DIRECT = """
import sys
from mlflow import MlflowClient
for name in ("direct", "direct.decisions"):
    MlflowClient().create_experiment(name, artifact_location=f"{sys.argv[1]}/{name}")
"""


def test_no_secret_is_left_anywhere(stack: Stack, config: Path) -> None:
    """Not in a log, a tag, a parameter, an artifact, a home, or what a process shows of its command line."""
    places = {name: service.words() for name, service in stack.services.items()}
    places |= {name: stack.postgres.dump(name) for name in ("mlflow", "mlflow_accounts", "prefect")}
    places |= {name: content.decode("utf-8", "replace") for name, content in stack.stored().items()}
    files = [path for path in stack.folder.rglob("*") if path.is_file()]
    places |= {str(path): path.read_text(encoding="utf-8", errors="replace") for path in files}
    places |= {f"command line of {pid}": line for pid, line in command_lines().items()}
    assert len(places["mlflow"]) > 10_000
    found = [(place, name) for place, text in places.items() for name, word in stack.words.items() if word in text]
    assert found == []


def command_lines() -> dict[str, str]:
    """The command line of each process that can be seen."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found[pid] = Path("/proc", pid, "cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
    return found
