"""Ctrl-C, or a worker that shuts down, in any command that writes: one line, and the same command goes on."""

import os
import signal
import time
from pathlib import Path

import pytest

from configs.loading import load_config
from flows.migration import migrate
from flows.rollback import rollback
from flows.selection import select
from flows.training import train
from podium.errors import NegativeAnswerError
from tests.flows import faults
from tests.flows.faults import FORESTS, LOGISTICS, answered, await_line, command, copied, ended
from tests.flows.projects import TRAP, TWINS, add_staged, store_of
from tests.flows.test_training import learnable

__all__ = ["learnable"]
pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("prefect_server")]
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
KINDS = ["logistic_regression", "random_forest"]


@pytest.fixture(scope="module")
def undecided(
    tmp_path_factory: pytest.TempPathFactory, made: Path, learnable: Path, empty_database: Path, prefect_server: str
) -> Path:
    """The config of a project on SQLite where LOGISTIC is better than what is in production."""
    folder = tmp_path_factory.mktemp("interrupted") / "undecided"
    rows = {"path": str(learnable / "train.parquet"), "cv": 2, "search": {"iterations": 2}, "kinds": KINDS}
    return faults.undecided(folder, made, empty_database, training=rows, runner={"workers": 1})


@pytest.fixture(scope="module")
def decided(undecided: Path) -> Path:
    """The same with LOGISTIC in production, and three models staged that nobody has brought in."""
    config = copied(undecided, undecided.parent.parent / "decided")
    select(str(config))
    return config


def interrupted(name: str, moment: str, number: signal.Signals, config: Path, api: str) -> str:
    """Interrupt a command as soon as it announces a piece of work; assert that it ends as it should."""
    running = command(name, config, PREFECT_API_URL=api)
    if moment:
        await_line(running, moment)
    else:
        await_home(config.parent / "home", running.pid)
    running.send_signal(number)
    status, _, complained = ended(running)
    assert (status, complained.count("podium: ")) == (STATUS[number], 1), complained
    assert "run the same command to go on" in complained
    assert "Traceback" not in complained
    return complained


def await_home(home: Path, pid: int) -> None:
    """Return once a command has begun."""
    deadline = time.monotonic() + 60
    while not home.exists():
        assert time.monotonic() < deadline
        os.kill(pid, 0)
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("", signal.SIGINT),
        ("deciding", signal.SIGTERM),
        ("carrying out", signal.SIGINT),
        ("verifying what is in production now", signal.SIGTERM),
    ],
)
def test_a_selection(moment: str, number: signal.Signals, undecided: Path, tmp_path: Path, prefect_server: str) -> None:
    """It leaves a champion; the next selection does what is left, and nothing twice."""
    config = copied(undecided, tmp_path / "interrupted")
    interrupted("select", moment, number, config, prefect_server)
    assert store_of(config).aliases()["champion"] in {FORESTS, LOGISTICS}
    select(str(config))
    faults.assert_promoted_once(load_config(config).mlflow)
    assert faults.chain_of(config) == ["promote", "promote"]


@pytest.mark.parametrize(("moment", "number"), [("loading", signal.SIGTERM), ("carrying out", signal.SIGINT)])
def test_a_rollback(moment: str, number: signal.Signals, decided: Path, tmp_path: Path, prefect_server: str) -> None:
    """Asked for again it is done once, be it recorded already or not; and a third time it goes no further back."""
    config = copied(decided, tmp_path / "interrupted")
    interrupted("rollback", moment, number, config, prefect_server)
    assert store_of(config).aliases()["champion"] in {FORESTS, LOGISTICS}
    document = answered(command("rollback", config, PREFECT_API_URL=prefect_server))
    assert ("finished now" in document["reasons"][0]) == (moment == "carrying out")
    assert store_of(config).aliases() == {"champion": FORESTS, "previous": LOGISTICS}
    with pytest.raises(NegativeAnswerError, match=f"version {LOGISTICS} was rolled back by .*--to"):
        rollback(str(config))
    assert faults.chain_of(config) == ["promote", "promote", "rollback"]


@pytest.mark.parametrize(
    ("moment", "number"), [("reading staging folders", signal.SIGINT), ("migrating models", signal.SIGTERM)]
)
def test_a_migration(
    moment: str, number: signal.Signals, decided: Path, made: Path, tmp_path: Path, prefect_server: str
) -> None:
    """What was brought in stays, the next migration does the rest, and each model is there once."""
    config = copied(decided, tmp_path / "interrupted")
    add_staged(config, made, *TWINS, TRAP)
    interrupted("migrate", moment, number, config, prefect_server)
    assert all(m.status == "READY" for m in store_of(config).logged_models("attributes.status = 'READY'"))
    migrate(str(config))
    store = store_of(config)
    fingerprints = [v.tags["podium.fingerprint"] for v in store.versions()]
    assert len(fingerprints) == len(set(fingerprints)) == 5
    assert len(store.logged_models()) == 5
    assert {run.info.status for run in store.client.search_runs([store.experiment_id])} == {"FINISHED"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_training(number: signal.Signals, decided: Path, tmp_path: Path, prefect_server: str) -> None:
    """The kind that was trained is not trained again, the other is, and nothing half done is a candidate."""
    config = copied(decided, tmp_path / "interrupted")
    interrupted("train", "training models", number, config, prefect_server)
    first = len(store_of(config).logged_models("attributes.status = 'READY'")) - 2
    report = train(str(config))
    assert sorted(c.kind for c in report.candidates) == KINDS
    assert [c.state for c in report.candidates].count("there") >= min(first, 1)
    store = store_of(config)
    assert len(store.logged_models()) == 2 + len(KINDS)
    assert {run.info.status for run in store.client.search_runs([store.experiment_id])} == {"FINISHED"}
