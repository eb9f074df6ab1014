"""Killed between any two writes, a decision is finished or undone by the next run: one champion, one chain."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.servers import MlflowServer
from configs.loading import load_config
from flows.history import chain_json, history
from flows.migration import migrate
from flows.selection import select
from tasks.effects.store import connect
from tasks.measurement import load_version
from tests.flows.projects import FOREST, LOGISTIC, add_staged, copy_database, project

RECORD = ("create_run", "log_artifacts", "log_artifact", "log_batch", "set_terminated")
SWITCH = ("set_registered_model_alias", "set_model_version_tag", "set_registered_model_alias", "set_model_version_tag")
END = ("set_model_version_tag", "set_tag")
WRITES = {
    "select": (*RECORD, *SWITCH, *END),
    "rollback": (*RECORD, "set_model_version_tag", "delete_model_version_tag", *SWITCH, *END),
}
ON_SERVER = (2, 6, 7, 10, 12, 13, 14, 16)
"""There are some writes more than on SQLite, for the claim, which the next run takes from the dead."""
CASES = [(what, number) for what, writes in WRITES.items() for number in range(1, len(writes) + 1)]


@pytest.fixture(scope="module")
def left(
    tmp_path_factory: pytest.TempPathFactory, made: Path, empty_database: Path, prefect_server: str
) -> dict[tuple[str, int], Path]:
    """A config for each write, whose MLflow is as the process left it that was killed after that write."""
    root = tmp_path_factory.mktemp("decided")
    base = undecided(root / "base", made, empty_database)
    configs = {(what, number): root / f"{what}-{number}" / "churn.yaml" for what, number in CASES}
    for what in WRITES:
        for number in range(1, len(WRITES[what]) + 1):
            copied(base, configs[what, number])
        whole = copied(base, root / what / "churn.yaml")
        kill_each(what, [(configs[what, n], n) for w, n in CASES if w == what], whole, prefect_server)
        select(str(base))
    return configs


def undecided(folder: Path, made: Path, empty_database: Path) -> Path:
    """A project with FOREST in production as version 1, and LOGISTIC, which is better, as version 2."""
    folder.mkdir()
    shutil.copy(empty_database, folder / "mlflow.db")
    config = project(folder, made, FOREST, mlflow={"tracking_uri": "sqlite:///mlflow.db"})
    migrate(str(config))
    select(str(config))
    add_staged(config, made, LOGISTIC)
    migrate(str(config))
    return config


def copied(config: Path, to: Path) -> Path:
    """The same project with a copy of the database; what is in the artifact store they share."""
    to.parent.mkdir()
    copy_database(config.parent / "mlflow.db", to.parent / "mlflow.db")
    shutil.copy(config, to)
    return to


def kill_each(what: str, cases: list[tuple[Path, int]], whole: Path, prefect_server: str) -> None:
    """Run a decision for each config until it is killed, and one that is not, which says what its writes are."""
    pairs = [str(word) for case in (*cases, (whole, 0)) for word in case]
    command = [sys.executable, "-m", "tests.flows.deciding_killed", what, *pairs]
    environment = {**os.environ, "PREFECT_API_URL": prefect_server}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False, env=environment)
    *killed, writes, alone = ended.stdout.splitlines() or ["", ""]
    assert alone == "0 0", ended.stdout + ended.stderr[-3000:]
    assert tuple(writes.split()) == WRITES[what]
    assert [line.split()[1] for line in killed] == ["-9"] * len(cases)


def assert_whole(config: Path) -> list[dict[str, Any]]:
    """Assert that there is one champion, which loads and which the last decision put there; return the decisions."""
    loaded = load_config(config)
    store, chain = connect(loaded.mlflow), chain_json(history(str(config)))
    last = [d for d in chain["decisions"] if d["promoted"]][-1]
    aliases = store.aliases()
    assert (chain["unbroken"], aliases["champion"]) == (True, last["promoted"]["version"])
    assert aliases["previous"] == last["champion_before"] or len(chain["decisions"]) == 1
    assert load_version.fn(loaded, aliases["champion"]) is None
    stages = {str(v.version): v.tags["podium.stage"] for v in store.versions()}
    assert [version for version, stage in stages.items() if stage == "production"] == [aliases["champion"]]
    runs = store.client.search_runs([store.decisions_id])
    assert {run.data.tags.get("podium.state") for run in runs} == {"settled"}
    assert len(runs) == len(chain["decisions"])
    found: list[dict[str, Any]] = chain["decisions"]
    return found


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(("what", "number"), CASES, ids=lambda v: str(v))
def test_after_one_more_run_it_is_whole(what: str, number: int, left: dict[tuple[str, int], Path], home: Path) -> None:
    """There is a champion all the time, and after the next selection nothing is half done."""
    config = left[what, number]
    assert connect(load_config(config).mlflow).aliases()["champion"] in {"1", "2"}
    select(str(config))
    verdicts = [d["verdict"] for d in assert_whole(config)]
    recorded = number >= 1 + WRITES[what].index("log_batch")
    assert verdicts == ["promote", "promote", *["rollback"] * (what == "rollback" and recorded)]


def test_killed_against_a_server(home: Path, made: Path, prefect_server: str, empty_database: Path) -> None:
    """A rollback killed after each of its writes, claims included, is finished or undone by the next run."""
    server = MlflowServer(home)
    server.start()
    try:
        config = project(home.parent, made, FOREST, mlflow={"tracking_uri": server.url})
        migrate(str(config))
        select(str(config))
        add_staged(config, made, LOGISTIC)
        migrate(str(config))
        select(str(config))
        for number in ON_SERVER:
            command = [sys.executable, "-m", "tests.flows.deciding_killed", "rollback", str(config), str(number)]
            environment = {**os.environ, "PREFECT_API_URL": prefect_server}
            ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
            assert ended.stdout.splitlines()[-1:] == [f"{number} -9"], ended.stdout + ended.stderr[-2000:]
            recorded = len(history(str(config)).decisions)
            select(str(config))
            assert len(assert_whole(config)) == recorded, number
    finally:
        server.kill()
