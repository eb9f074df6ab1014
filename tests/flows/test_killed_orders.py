"""Killed between any two writes, an order of a person is done once when the same order is given again."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from configs.loading import load_config
from flows.history import chain_json, history
from flows.migration import migrate
from flows.pinning import pin
from flows.rollback import rollback
from flows.selection import select
from podium.errors import NegativeAnswerError, UsageError
from tasks.effects.store import connect
from tests.flows.deciding_killed import DOES, files_of
from tests.flows.faults import copied, killed_after, undecided
from tests.flows.projects import FOREST, LOGISTIC, TWINS, add_staged

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("prefect_server")]
MIRRORED = {"tracking_uri": "sqlite:///mlflow.db", "mirror_stages": True}
DONE = {
    "rollback": "was rolled back by user",
    "pin": "was pinned by user .* already",
    "unpin": "neither a pin nor a rollback holds it",
    "approve": "none does",
    "reject": "none does",
}
"""How an order is answered that had been done to its end before."""


def changed(config: Path, **sections: dict[str, Any]) -> Path:
    """The same config with other sections."""
    config.write_text(yaml.safe_dump({**yaml.safe_load(config.read_text()), **sections}))
    return config


def deciding(config: Path) -> None:
    """LOGISTIC is better than what is in production."""


def decided(config: Path) -> None:
    """LOGISTIC is in production."""
    select(str(config))


def pinned(config: Path) -> None:
    """It is pinned there."""
    decided(config)
    pin(str(config))


def waiting(config: Path) -> None:
    """It waits for approval."""
    content = yaml.safe_load(config.read_text())
    changed(config, policy={**content["policy"], "approval": "required"})
    decided(config)


def crowded(config: Path) -> None:
    """Three versions have been in production, and there is room for two."""
    decided(config)
    add_staged(config, Path(yaml.safe_load(config.read_text())["holdout"]["path"]).parent, TWINS[0])
    migrate(str(config))
    rollback(str(config), to="3")
    changed(config, retention={"keep_previous": 1, "delete_older": True})


def staged_by_hand(config: Path) -> None:
    """Another registered model, of which only the stage says what is in production."""
    holdout = Path(yaml.safe_load(config.read_text())["holdout"]["path"])
    changed(config, mlflow={**MIRRORED, "registered_model": "old", "experiment": "old"})
    add_staged(config, holdout.parent, FOREST)
    migrate(str(config))
    connect(load_config(config).mlflow).client.transition_model_version_stage("old", "1", "Production")


BEFORE = {
    "rollback": decided,
    "pin": decided,
    "unpin": pinned,
    "approve": waiting,
    "reject": waiting,
    "retire": crowded,
    "adopt": staged_by_hand,
    "undo": deciding,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, made: Path, empty_database: Path, prefect_server: str) -> Path:
    """A project with FOREST in production, and LOGISTIC, which is better; stages are mirrored."""
    return undecided(tmp_path_factory.mktemp("orders") / "base", made, empty_database, mlflow=MIRRORED)


def picture(config: Path) -> dict[str, Any]:
    """What an order leaves: aliases, what holds versions, their stages, and the decisions."""
    store, chain = connect(load_config(config).mlflow), chain_json(history(str(config)))
    assert chain["unbroken"], chain["broken_at"]
    return {
        "aliases": store.aliases(),
        "model": sorted(store.registered().tags),
        "versions": {
            str(v.version): (v.current_stage, v.tags["podium.stage"], sorted(v.tags)) for v in store.versions()
        },
        "decisions": [(d["verdict"], d["state"]) for d in chain["decisions"]],
        "runs": len(store.client.search_runs([store.decisions_id])),
    }


@pytest.fixture
def whole_again(base: Path) -> Iterator[None]:
    """Bring back files that were lost."""
    yield
    there, aside = files_of(str(base), LOGISTIC)
    if aside.exists():
        aside.rename(there)


@pytest.mark.usefixtures("whole_again")
@pytest.mark.parametrize("what", BEFORE)
def test_given_again_it_is_done_once(what: str, base: Path, tmp_path: Path, prefect_server: str) -> None:
    """Whichever write was its last, the picture is in the end that of an order nobody killed."""
    before = copied(base, tmp_path / "before")
    BEFORE[what](before)
    whole = copied(before, tmp_path / "whole")
    writes, ended = killed_after(what, [(whole, 0)], prefect_server)
    assert ended == "0 0"
    wanted, numbers = picture(whole), range(1, len(writes.split()) + 1)
    cases = [(copied(before, tmp_path / str(number)), number) for number in numbers]
    assert killed_after(what, cases, prefect_server) == [f"{number} -9" for number in numbers]
    for config, number in cases:
        try:
            DOES[what](str(config))
        except (NegativeAnswerError, UsageError) as no:
            assert re.search(DONE[what], str(no)), (number, writes)
        assert picture(config) == wanted, (number, writes)
