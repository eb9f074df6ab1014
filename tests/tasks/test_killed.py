"""A migration that is killed between any two writes ends, after one more run, as if nothing had happened."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow.entities import LoggedModelStatus

from configs.loading import load_config
from flows.migration import migrate
from podium.metrics import SECONDS
from tasks.candidates import discover
from tasks.effects.store import Store, connect
from tests.tasks.killed import WRITES
from tests.tasks.test_migration import BARE

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, made: Path, empty_database: Path) -> list[Path]:
    """A config for each write, whose MLflow is as the process left it that was killed after that write."""
    root = tmp_path_factory.mktemp("killed")
    shutil.copytree(made / "staging" / BARE, root / "staging" / BARE)
    configs = [config(root, made, empty_database, number) for number in range(1, len(WRITES) + 1)]
    command = [sys.executable, "-m", "tests.tasks.killed", *map(str, configs)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert [line.split()[1] for line in ended.stdout.splitlines()] == ["-9"] * len(WRITES), ended.stderr[-2000:]
    return configs


def config(root: Path, made: Path, empty_database: Path, number: int) -> Path:
    """A project with an MLflow database of its own."""
    folder = root / str(number)
    folder.mkdir()
    shutil.copy(empty_database, folder / "mlflow.db")
    path = folder / "churn.yaml"
    holdout = {"path": str(made / "holdout.parquet"), "id_columns": ["customerID"]}
    content = {"mlflow": {"tracking_uri": "sqlite:///mlflow.db"}, "staging": {"root": "../staging"}, "holdout": holdout}
    path.write_text(yaml.safe_dump(content))
    return path


def end_state(store: Store) -> dict[str, Any]:
    """What a migration of one model leaves, in numbers that depend neither on ids nor on the clock."""
    (run,) = store.client.search_runs([store.experiment_id])
    (model,) = store.logged_models()
    (version,) = store.versions()
    return {
        "status": run.info.status,
        "started": run.info.start_time,
        "metrics": {name: value for name, value in run.data.metrics.items() if not name.endswith(SECONDS)},
        "params": dict(run.data.params),
        "model": (model.name, model.status, len(model.metrics)),
        "backed": version.source.endswith(model.model_id) and version.run_id == run.info.run_id,
        "tags": dict(version.tags),
    }


@pytest.mark.parametrize("number", range(1, len(WRITES) + 1), ids=lambda n: f"after {WRITES[n - 1]}")
def test_killed_after_any_write_the_next_run_makes_it_whole(number: int, left: list[Path], home: Path) -> None:
    """One run, one logged model, one version, whatever the kill left; nothing half done was ever a candidate."""
    section = load_config(left[number - 1]).mlflow
    before = discover.fn(section)
    assert all(candidate.version for candidate in before)
    migrate(str(left[number - 1]))
    found, whole = end_state(connect(section)), end_state(connect(load_config(left[-1]).mlflow))
    assert found == whole
    assert found["model"][:2] == (BARE, LoggedModelStatus.READY)
    assert (found["status"], found["backed"]) == ("FINISHED", True)
