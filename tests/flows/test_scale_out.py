"""On a Dask cluster that was started by itself the same is decided as by threads, also when a worker is killed."""

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from mlflow import MlflowClient

from benchmarks.servers import MlflowServer, free_port
from flows.history import chain_json, history
from flows.migration import migrate
from flows.scoring import score
from flows.selection import select
from podium.decision import canonical_json
from podium.metrics import SECONDS
from tests.flows.projects import FOREST, LOGISTIC, TRAP, TWINS, project, store_of
from tests.services import Service, listens

pytestmark = pytest.mark.heavy

NAMES = (*TWINS, LOGISTIC, FOREST, TRAP)
ITS_OWN = {
    "logged_model_id",
    "run_id",
    "version",
    "champion_before",
    "decided_at",
    "evidence_digest",
    "previous_sha256",
    SECONDS,
}
"""What two decisions on the same models may differ in: the ids that MLflow gives, times, and digests of these."""
WORKERS = ("killed while migrating", "killed while measuring", "killed while scoring", "left")


@pytest.fixture
def cluster(tmp_path: Path, prefect_server: str) -> Iterator[tuple[str, list[Service]]]:
    """The address of a scheduler, and its workers, each in a home of its own as on a machine of its own."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as ends:

        def started(name: str, *words: str) -> Service:
            home = tmp_path / name
            home.mkdir()
            own = {"PODIUM_HOME": str(home), "PREFECT_HOME": str(home), "PREFECT_API_URL": prefect_server}
            command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:], "--no-dashboard"]
            service = Service(name, command, home / "log", lambda: True, own).start()
            ends.callback(service.end)
            return service

        started("scheduler", "scheduler", "--host", "127.0.0.1", "--port", str(port)).ready = listens(port)
        options = ("--nthreads", "1", "--nworkers", "1", "--no-nanny", "--local-directory", str(tmp_path))
        yield address, [started(name, "worker", address, *options) for name in WORKERS]


@pytest.fixture
def server(home: Path) -> Iterator[MlflowServer]:
    """A real MLflow server."""
    running = MlflowServer(home)
    running.start()
    yield running
    running.kill()


def decided(folder: Path, made: Path, server: MlflowServer, name: str, runner: dict[str, Any]) -> tuple[str, Path]:
    """The decision of a project under a name of its own, without what is its own, and its config.

    What is migrated without a holdout is measured by the selection, so that both spread their work.
    """
    folder.mkdir()
    mlflow = {"tracking_uri": server.url, "experiment": name, "registered_model": name}
    config = project(folder, made, *NAMES, mlflow=mlflow, runner=runner)
    unmeasured = folder / "unmeasured.yaml"
    content = yaml.safe_load(config.read_text())
    unmeasured.write_text(yaml.safe_dump({**content, "holdout": None}))
    assert {o.state for o in migrate(str(unmeasured)).outcomes} <= {"migrated", "skipped"}
    select(str(config))
    chain = chain_json(history(str(config)))
    assert chain["unbroken"]
    (decision,) = chain["decisions"]
    # Its own digest covers the ids; those of the holdout and the policy stay.
    del decision["sha256"]
    return canonical_json(without_its_own(decision)), config


def without_its_own(value: Any) -> Any:
    """A decision without what two on the same models may differ in."""
    if isinstance(value, dict):
        return {key: without_its_own(v) for key, v in value.items() if key not in {*ITS_OWN, "decision_id"}}
    if isinstance(value, list):
        return [without_its_own(v) for v in value]
    return value


def kill_once(happened: Callable[[], bool], worker: Service) -> threading.Thread:
    """Kill a worker as soon as something has happened."""

    def watch() -> None:
        deadline = time.monotonic() + 300
        while not happened():
            assert time.monotonic() < deadline, f"not {worker.name}"
            time.sleep(0.02)
        assert worker.process is not None
        os.killpg(worker.process.pid, signal.SIGKILL)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def registered(server: MlflowServer, name: str) -> bool:
    """Whether the first of the models is registered."""
    return bool(MlflowClient(server.url, server.url).search_model_versions(f"name = '{name}'"))


def measured(server: MlflowServer, name: str) -> bool:
    """Whether the first of the models has numbers of the holdout."""
    client = MlflowClient(server.url, server.url)
    found = client.get_experiment_by_name(name)
    models = client.search_logged_models([found.experiment_id]) if found else []
    return any(metric.dataset_digest for model in models for metric in model.metrics or [])


def answers_by(config: Path, made: Path, at_once: int) -> list[tuple[Any, ...]]:
    """What a project's champion answers to the holdout, by its runner, so many rows at once."""
    target = config.parent / "answers.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("podium.scored.MOST_ROWS", at_once)
        patch.setattr("podium.scored.FEWEST_ROWS", at_once)
        score(str(made / "holdout.parquet"), str(target), str(config))
    return pl.read_csv(target).drop("model_version").rows()


def test_the_same_decision_byte_for_byte_though_workers_are_killed(
    home: Path, made: Path, server: MlflowServer, cluster: tuple[str, list[Service]]
) -> None:
    """By a cluster that loses a worker at each of three kinds of work, with the numbers and the answers of threads."""
    address, workers = cluster
    alone, _ = decided(home.parent / "threads", made, server, "threads", {"kind": "threads", "workers": 2})
    dead = [
        kill_once(partial(registered, server, "dask"), workers[0]),
        kill_once(partial(measured, server, "dask"), workers[1]),
    ]
    runner = {"kind": "dask", "workers": 2, "address": address}
    spread, config = decided(home.parent / "dask", made, server, "dask", runner)
    for each in dead:
        each.join()
    assert spread == alone
    assert not re.search(r'"(run_id|version)"', spread)
    assert len(json.loads(spread)["evidence"]["ranking"]) == len(NAMES)
    migrate(str(config))
    last = kill_once(lambda: any(config.parent.glob(".answers.csv.*/*.answers.parquet")), workers[2])
    assert answers_by(config, made, 100) == answers_by(home.parent / "threads" / "churn.yaml", made, 100_000)
    last.join()
    ended = [worker.process.poll() is not None for worker in workers if worker.process]
    assert ended == [True, True, True, False]
    store = store_of(config)
    found = [v.tags["podium.fingerprint"] for v in store.versions()]
    assert len(found) == len(set(found)) == len(NAMES)
    runs = store.client.search_runs([store.experiment_id])
    assert sorted(run.info.run_name for run in runs) == sorted(NAMES)
    assert {run.info.status for run in runs} == {"FINISHED"}
