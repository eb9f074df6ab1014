"""A migration meets a server that goes away, and other migrations: each model ends up in MLflow once."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from benchmarks.servers import PATIENCE, MlflowServer, free_port
from configs.loading import load_config
from podium.progress import Counter
from tasks.migration import migrate_chunk
from tasks.staging import read_staging
from tests.faulty import FaultyProxy
from tests.flows.projects import FOREST, LOGISTIC, TRAP, TWINS, project

NAMES = (*TWINS, LOGISTIC, FOREST, TRAP)
REGISTER = "POST /api/2.0/mlflow/model-versions/create"
"""The call that a model is there with."""
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1"}


@pytest.fixture
def server(home: Path) -> Iterator[MlflowServer]:
    """A real MLflow server."""
    running = MlflowServer(home)
    running.start()
    yield running
    running.kill()


def migration(config: Path, home: Path, **environment: str) -> "subprocess.Popen[str]":
    """A ``podium migrate`` in a process and a home of its own."""
    command = [str(Path(sys.executable).with_name("podium")), "migrate", "--json", "--config", str(config)]
    prefect = str(home / "prefect")
    own = {**os.environ, "PODIUM_HOME": str(home), "PREFECT_HOME": prefect, **IMPATIENT, **environment}
    return subprocess.Popen(command, stdout=-1, stderr=-1, text=True, env=own)


def ended(process: "subprocess.Popen[str]") -> tuple[int, dict[str, Any]]:
    """The exit status of a migration, and its document."""
    said, complained = process.communicate(timeout=300)
    assert said, complained[-2000:]
    assert said.startswith("{"), said[:2000] + complained[-2000:]
    assert "Traceback" not in complained, complained[-3000:]
    return process.returncode, json.loads(said)


def versions(uri: str) -> dict[str, str]:
    """The fingerprint of every registered version; a list would hide no duplicate."""
    found = MlflowClient(uri, uri).search_model_versions("name = 'churn'")
    return {str(v.version): v.tags["podium.fingerprint"] for v in found}


def finished_once(uri: str, models: int) -> None:
    """Assert that each model has one version, one logged model and one finished run."""
    client = MlflowClient(uri, uri)
    experiment = client.get_experiment_by_name("churn_monitoring")
    found = versions(uri)
    assert len(found) == len(set(found.values())) == models
    runs = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ACTIVE_ONLY)
    assert [run.info.status for run in runs] == ["FINISHED"] * models
    assert len(client.search_logged_models([experiment.experiment_id])) == models


def test_a_server_that_goes_away_stops_it_cleanly(server: MlflowServer, home: Path, made: Path) -> None:
    """Status 1, with what is done and what is left; once it is back the same command does the rest.

    It goes between two models, and from then on takes no connection.
    """
    config = project(home.parent, made, *NAMES, mlflow={"tracking_uri": server.url}, runner={"workers": 1})
    proxy = FaultyProxy(server.url, holding=REGISTER, passing=1)
    with proxy.running():
        running = migration(config, home, PODIUM_MLFLOW__TRACKING_URI=proxy.url)
        assert proxy.arrived.wait(PATIENCE), "nothing is migrated"
    server.kill()
    assert len(versions(f"sqlite:///{home / 'mlflow.db'}")) == 1
    proxy.released.set()
    status, document = ended(running)
    assert status == 1
    assert document["left"]
    assert len(document["migrated"]) + len(document["left"]) == document["found"] == len(NAMES)
    assert "run the command again" in document["left"][0]["reason"]
    server.start()
    status, document = ended(migration(config, home))
    assert (status, document["left"]) == (0, [])
    finished_once(server.url, len(NAMES))


def test_a_server_that_is_not_there_is_said_at_once(home: Path, made: Path) -> None:
    """One line with the address and what to do, and nothing was waited for."""
    url = f"http://name:word@127.0.0.1:{free_port()}"
    config = project(home.parent, made, LOGISTIC, mlflow={"tracking_uri": url})
    process = migration(config, home, MLFLOW_HTTP_REQUEST_MAX_RETRIES="9")
    _, complained = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "does not answer: start it, or see mlflow.tracking_uri" in complained
    assert "Traceback" not in complained
    assert "word" not in complained


@pytest.mark.parametrize("second", ["home", "elsewhere"])
def test_two_at_once_on_one_database_migrate_each_model_once(home: Path, made: Path, second: str) -> None:
    """From one home or from two, the second waits for the first, and finds everything done."""
    config = project(home.parent, made, *NAMES, mlflow={"tracking_uri": f"sqlite:///{home / 'mlflow.db'}"})
    both = [ended(process) for process in [migration(config, own) for own in (home, home.parent / second)]]
    assert [status for status, _ in both] == [0, 0]
    assert sorted(len(document["migrated"]) for _, document in both) == [0, len(NAMES)]
    finished_once(f"sqlite:///{home / 'mlflow.db'}", len(NAMES))


def test_two_at_once_on_a_server_migrate_each_model_once(server: MlflowServer, home: Path, made: Path) -> None:
    """From two homes, as from two machines, nothing but the server tells them of each other."""
    config = project(home.parent, made, *NAMES, mlflow={"tracking_uri": server.url})
    homes = [shutil.copytree(home, home.parent / name, dirs_exist_ok=True) for name in ("here", "there")]
    both = [ended(process) for process in [migration(config, own) for own in homes]]
    assert [status for status, _ in both] == [0, 0]
    assert sum(len(document["migrated"]) for _, document in both) == len(NAMES)
    finished_once(server.url, len(NAMES))


def test_what_a_dead_machine_registered_is_finished_by_who_does_its_work_again(
    server: MlflowServer, home: Path, made: Path
) -> None:
    """It died before the last write: the one that gives way to its version ends its run, and nothing is there twice."""
    config = load_config(project(home.parent, made, LOGISTIC, mlflow={"tracking_uri": server.url}))
    models, counter = tuple(read_staging.fn(home.parent / "staging")), Counter("migrating", 2)
    (first,) = migrate_chunk.fn(config, models, None, counter)
    client = MlflowClient(server.url, server.url)
    client.update_run(first.run_id, "RUNNING")
    client.set_tag(first.run_id, "podium.writer", f"elsewhere 1 {time.time():.0f}")
    (again,) = migrate_chunk.fn(config, models, None, counter)
    assert (again.state, again.run_id, again.version) == ("skipped", first.run_id, first.version)
    finished_once(server.url, 1)
