"""A whole migration that is killed between any two writes, on a server or SQLite, is made whole by one more run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml
from mlflow.entities import LoggedModelStatus

from benchmarks.servers import MlflowServer
from configs.loading import load_config
from flows.migration import migrate
from podium.metrics import SECONDS
from tasks.candidates import discover
from tasks.effects.store import Store, register_version
from tests.flows.projects import project, store_of

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("prefect_server")]
BARE, COPY = "xgboost_20250820_114557", "z_the_same_again"

REMOVED = ("logged-models", "runs/set-tag", "runs/delete")
LEFT = {
    "two of one": ("runs/update", "model-versions/delete", *REMOVED, "model-versions/set-tag"),
    "no version": REMOVED,
    "version deleted": ("model-versions/create",),
}
"""The writes that make good what is left in each state, in their order: a run dies of each, one after the other."""


class Killed:
    """Processes that migrate and are killed, of which the next imports its libraries ahead of need."""

    def __init__(self, prefect_server: str) -> None:
        self._environment = {**os.environ, "PREFECT_API_URL": prefect_server}
        self._next = self._started()

    def _started(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.flows.migrating_killed"]
        return subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True, env=self._environment)

    def writes(self, config: Path) -> list[str]:
        """Let one migrate, and return its writes."""
        status, said = self._ended(config, 0)
        assert status == 0
        return said.split()

    def at(self, config: Path, moment: str | int) -> bool:
        """Let one migrate until a write, given by its number or name; return whether it came so far."""
        return self._ended(config, moment)[0] == -9

    def _ended(self, config: Path, moment: str | int) -> tuple[int, str]:
        running, self._next = self._next, self._started()
        said, complained = running.communicate(f"{config} {moment}\n", timeout=300)
        assert running.returncode in {0, -9}, complained[-3000:]
        return running.returncode, said

    def end(self) -> None:
        """End the one that waits."""
        self._next.kill()
        self._next.communicate()


@pytest.fixture
def killed(home: Path, prefect_server: str) -> Iterator[Killed]:
    """Processes in the home of the test."""
    processes = Killed(prefect_server)
    yield processes
    processes.end()


class Scene:
    """Two folders of the same bytes, and names in one MLflow that are new for each case."""

    def __init__(self, uri: str, folder: Path, made: Path) -> None:
        self.uri, self.folder, self.cases = uri, folder, 0
        project(folder, made, BARE)
        (folder / "staging" / BARE / "notes.txt").write_text("carried along")
        shutil.copytree(folder / "staging" / BARE, folder / "staging" / COPY)
        # What MLflow makes for itself at its first use is there before any writes are counted.
        store_of(self.case())

    def case(self) -> Path:
        """The config of a new experiment and a new registered model."""
        self.cases += 1
        content = yaml.safe_load((self.folder / "churn.yaml").read_text())
        names = {"experiment": f"case_{self.cases}", "registered_model": f"case_{self.cases}"}
        path = self.folder / f"case_{self.cases}.yaml"
        path.write_text(yaml.safe_dump({**content, "mlflow": {"tracking_uri": self.uri, **names}}))
        return path


@pytest.fixture(params=["server", "sqlite"])
def scene(request: pytest.FixtureRequest, home: Path, made: Path) -> Iterator[Scene]:
    """On a server that keeps the files itself, and on SQLite."""
    if request.param == "sqlite":
        yield Scene(f"sqlite:///{home / 'mlflow.db'}", home.parent, made)
        return
    server = MlflowServer(home)
    server.start()
    try:
        yield Scene(server.url, home.parent, made)
    finally:
        server.kill()


def files(uri: str, store: Store) -> list[str]:
    """The names of all files below an artifact URI."""
    folder = Path(mlflow.artifacts.download_artifacts(uri, tracking_uri=store.uri))
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def end_state(config: Path) -> dict[str, Any]:
    """What a migration leaves, in words that depend neither on ids nor on the clock; each thing is there once."""
    store = store_of(config)
    (run,) = store.client.search_runs([store.experiment_id])
    (model,) = store.logged_models()
    (version,) = store.versions()
    return {
        "run": (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time),
        "numbers": {name: value for name, value in run.data.metrics.items() if not name.endswith(SECONDS)},
        "params": dict(run.data.params),
        "outputs": [output.model_id == model.model_id for output in run.outputs.model_outputs],
        "model": (model.name, str(model.status), len(model.metrics), dict(model.params)),
        "backed": (version.source.endswith(model.model_id), version.run_id == run.info.run_id),
        "tags": dict(version.tags),
        "files": (files(run.info.artifact_uri, store), files(f"models:/{model.model_id}", store)),
    }


def assert_only_whole_candidates(config: Path) -> None:
    """Assert that nothing half logged is a candidate."""
    store = store_of(config)
    for candidate in discover.fn(load_config(config).mlflow):
        assert store.client.get_run(candidate.run_id).info.status == "FINISHED"


def moments(writes: list[str]) -> list[tuple[int, str]]:
    """The writes with their numbers; of the many files only the first, one in the middle and the last."""
    files = [number for number, name in enumerate(writes, start=1) if name.startswith("file:")]
    tried = {files[0], files[len(files) // 2], files[-1]}
    return [(n, name) for n, name in enumerate(writes, start=1) if n in tried or n not in files]


def test_killed_between_any_two_writes(scene: Scene, killed: Killed) -> None:
    """Experiments, run, files, numbers, version, end of the run, name of the copy: one more run makes it whole."""
    first = scene.case()
    writes = killed.writes(first)
    whole = end_state(first)
    assert whole["tags"]["podium.also_known_as"] == COPY
    for number, name in moments(writes):
        config = scene.case()
        assert killed.at(config, number), name
        assert_only_whole_candidates(config)
        report = migrate(str(config))
        assert len(report.outcomes) == len(report.of("migrated")) + len(report.of("skipped")) == 2, name
        assert end_state(config) == whole, name


@pytest.mark.parametrize("scene", ["server"], indirect=True)
def test_killed_while_it_tidies_up(scene: Scene, killed: Killed) -> None:
    """A run that finds something half done may die of each of its writes, and so may the one after it."""
    config = scene.case()
    migrate(str(config))
    whole = end_state(config)
    for leave, writes in LEFT.items():
        config = STATES[leave](scene, killed)
        for write in writes:
            assert_only_whole_candidates(config)
            assert killed.at(config, write), (leave, write)
        migrate(str(config))
        assert end_state(config) == whole, leave


def two_of_one(scene: Scene, killed: Killed) -> Path:
    """Two migrations died right after they had registered the same bytes, neither having seen the other's version."""
    config = scene.case()
    assert killed.at(config, "model-versions/create")
    store = store_of(config)
    client, (first,), (version,) = store.client, store.client.search_runs([store.experiment_id]), store.versions()
    second = client.create_run(store.experiment_id, first.info.start_time, first.data.tags, first.info.run_name)
    model = client.create_logged_model(store.experiment_id, BARE, second.info.run_id)
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    register_version(store, model.model_id, second.info.run_id, version.tags)
    return config


def no_version(scene: Scene, killed: Killed) -> Path:
    """One died when all but the version was there."""
    config = scene.case()
    assert killed.at(config, "runs/outputs")
    return config


def version_deleted(scene: Scene, killed: Killed) -> Path:
    """Somebody deleted the version of a model that is there."""
    config = scene.case()
    migrate(str(config))
    store = store_of(config)
    store.client.delete_model_version(store.registered_model, "1")
    return config


STATES = {"two of one": two_of_one, "no version": no_version, "version deleted": version_deleted}
