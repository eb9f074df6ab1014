"""Killed between any two writes, a decision is finished or undone by the next run: one champion, one chain."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.servers import MlflowServer
from configs.loading import load_config
from flows.history import chain_json, history
from flows.migration import migrate
from flows.pinning import unpin
from flows.rollback import rollback
from flows.selection import select
from tasks.effects.store import connect
from tasks.measurement import load_version
from tests.flows.faults import copied, killed_after, undecided
from tests.flows.projects import FOREST, LOGISTIC, add_staged, project

RECORD = ("create_run", "log_artifacts", "log_artifact", "log_batch", "set_experiment_tag", "set_terminated")
SWITCH = ("set_registered_model_alias", "set_registered_model_alias", "set_model_version_tag", "set_model_version_tag")
END = ("set_model_version_tag", "set_tag")
HOLD = ("set_model_version_tag", "set_logged_model_tags")
EXPORT = ("rename", "rename", "symlink_to", "replace")
WRITES = {
    "export": ("set_experiment_tag", *RECORD, *SWITCH, "set_model_version_tag", *EXPORT, "set_tag"),
    "select": ("set_experiment_tag", *RECORD, *SWITCH, *END),
    "rollback": (*RECORD, *SWITCH, "delete_model_version_tag", *HOLD, *END),
}
EXPORTING = WRITES["export"].index("rename")
CASES = [
    (what, n)
    for what, writes in WRITES.items()
    for n in range(1, len(writes) + 1)
    if what != "export" or EXPORTING < n <= EXPORTING + len(EXPORT)
]


@pytest.fixture(scope="module")
def left(
    tmp_path_factory: pytest.TempPathFactory, made: Path, empty_database: Path, prefect_server: str
) -> dict[tuple[str, int], Path]:
    """A config for each write, whose MLflow is as the process left it that was killed after that write."""
    root = tmp_path_factory.mktemp("decided")
    base = undecided(root / "base", made, empty_database)
    configs = {(what, number): root / f"{what}-{number}" / "churn.yaml" for what, number in CASES}
    for what in WRITES:
        whole = prepared(what, base, root / what)
        dead = [(prepared(what, base, configs[what, n].parent), n) for w, n in CASES if w == what]
        kill_each(what, dead, whole, prefect_server)
        if what != "export":
            select(str(base))
    return configs


def prepared(what: str, base: Path, to: Path) -> Path:
    """A copy of a project; what it promotes is exported too if that is asked for."""
    config = copied(base, to)
    if what == "export":
        content = yaml.safe_load(config.read_text())
        config.write_text(yaml.safe_dump({**content, "export": {"directory": "served"}}))
    return config


def kill_each(what: str, cases: list[tuple[Path, int]], whole: Path, prefect_server: str) -> None:
    """Run a decision for each config until it is killed, and one that is not, which says what its writes are."""
    *dead, writes, alone = killed_after(what, [*cases, (whole, 0)], prefect_server)
    assert alone == "0 0"
    assert tuple(writes.split()) == WRITES[what]
    assert [line.split()[1] for line in dead] == ["-9"] * len(cases)


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
    if what == "export":
        served = config.parent / "served"
        assert sorted(path.name for path in served.iterdir()) == ["current", LOGISTIC]
        assert json.loads((served / "current" / "metadata.json").read_text())["model_id"] == LOGISTIC
        assert (served / "current" / "model" / "MLmodel").is_file()


class Killed:
    """A process that forks one that decides and is killed, for each number of writes that it is given."""

    def __init__(self, what: str, config: Path, prefect_server: str) -> None:
        command = [sys.executable, "-m", "tests.flows.deciding_killed", "--serve", what, str(config)]
        quiet = {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
        environment = {**os.environ, **quiet, "PREFECT_API_URL": prefect_server}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def after(self, number: int) -> str:
        """Let it decide until it is killed, and return how that ended; of one left alone return its writes."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        first = self.process.stdout.readline().strip()
        if number:
            return first
        assert self.process.stdout.readline().strip() == "0 0"
        return first

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def on_server(home: Path, made: Path) -> Iterator[Path]:
    """A project with FOREST in production and LOGISTIC, which is better, undecided, on an MLflow server."""
    server = MlflowServer(home)
    server.start()
    try:
        config = project(home.parent, made, FOREST, mlflow={"tracking_uri": server.url})
        migrate(str(config))
        select(str(config))
        add_staged(config, made, LOGISTIC)
        migrate(str(config))
        yield config
    finally:
        server.kill()


@pytest.mark.heavy
def test_a_rollback_killed_against_a_server(on_server: Path, prefect_server: str) -> None:
    """Killed as it stands in line, and after each write from its record on, it is finished or undone by the next run.

    The next run takes the claim from the dead.
    """
    select(str(on_server))
    killed = Killed("swap", on_server, prefect_server)
    try:
        writes = killed.after(0).split()
        for number in (2, *range(writes.index("log_batch"), len(writes))):
            assert killed.after(number) == f"{number} -9"
            recorded = len(history(str(on_server)).decisions)
            select(str(on_server))
            assert len(assert_whole(on_server)) == recorded, number
    finally:
        killed.end()


def undecide(config: Path) -> None:
    """Roll LOGISTIC back, and free it, so that it is decided on once more."""
    rollback(str(config))
    unpin(str(config), "2")


@pytest.mark.heavy
def test_a_promotion_killed_against_a_server(on_server: Path, prefect_server: str) -> None:
    """Killed after each of its writes, from its standing in line on, it is done or finished by the next run, once.

    Between the cases it is rolled back, and what that holds back is freed, so that the next one decides the same.
    """
    killed = Killed("select", on_server, prefect_server)
    try:
        select(str(on_server))
        undecide(on_server)
        writes = killed.after(0).split()
        assert {"create_run", "log_batch", "set_registered_model_alias", "set_model_version_tag"} <= {*writes}
        for number in range(1, len(writes)):
            undecide(on_server)
            before = len(history(str(on_server)).decisions)
            assert killed.after(number) == f"{number} -9"
            select(str(on_server))
            verdicts = [d["verdict"] for d in assert_whole(on_server)]
            assert verdicts[before:] == ["promote"], number
            assert connect(load_config(on_server).mlflow).aliases()["champion"] == "2"
    finally:
        killed.end()
