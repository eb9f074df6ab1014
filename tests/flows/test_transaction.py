"""A promotion is a transaction: what fails after the switch is taken back, and what is overtaken changes nothing."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Run

from configs.loading import load_config
from flows.history import chain_json, history
from flows.migration import migrate
from flows.pinning import pin
from flows.rollback import rollback
from flows.selection import select
from flows.verification import verify
from podium.errors import ConfigError, PodiumError
from podium.progress import Progress, listen
from tasks.effects import records
from tasks.effects.locks import one_measuring, one_migration
from tests.flows.faults import fill
from tests.flows.projects import FOREST, LOGISTIC, TRAP, add_staged, decided_project, project, refused, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")


@contextmanager
def when(work: str, happens: Callable[[], object], times: int = 1) -> Iterator[None]:
    """Let something happen at the moment at which a piece of work is announced."""
    left = [happens] * times

    def heard(step: Progress) -> None:
        if step.work == work and left:
            left.pop()()

    end = listen(heard)
    try:
        yield
    finally:
        end()
    assert not left, f"{work} was not announced"


@contextmanager
def announced(work: str) -> Iterator[list[str]]:
    """Take down what is announced of a piece of work."""
    told: list[str] = []
    end = listen(lambda step: told.append(step.detail) if step.work == work else None)
    try:
        yield told
    finally:
        end()


def vanish(config: Path, name: str) -> None:
    """Remove the files of a model from the artifact store."""
    (gone,) = [m for m in store_of(config).logged_models() if m.name == name]
    shutil.rmtree(Path(gone.artifact_location.removeprefix("file://")))


def decisions(config: Path) -> list[dict[str, Any]]:
    """The records of an unbroken chain."""
    chain = chain_json(history(str(config)))
    assert chain["unbroken"], chain["broken_at"]
    found: list[dict[str, Any]] = chain["decisions"]
    return found


def states(config: Path) -> list[str]:
    """The state of each decision, oldest first."""
    store = store_of(config)
    runs = store.client.search_runs([store.decisions_id], order_by=["metrics.sequence ASC"])
    return [run.data.tags["podium.state"] for run in runs]


@pytest.fixture
def better(home: Path, made: Path) -> Path:
    """A project with FOREST in production as version 1 and LOGISTIC, which is better, as version 2."""
    config = project(home.parent, made, FOREST)
    fill(config, made)
    return config


def test_what_fails_after_the_switch_is_taken_back(better: Path) -> None:
    """Its files vanish in between: the champion before is back by a decision of its own, and the answer is no."""
    with when("verifying what is in production now", lambda: vanish(better, LOGISTIC)):
        outcome = refused(select, better)
    assert store_of(better).aliases() == {"champion": "1"}, "what failed is nothing to go back to"
    assert "version 2 failed its verification after the switch (loads: " in outcome.undone
    *_, promoted, back = decisions(better)
    assert (promoted["verdict"], back["verdict"], back["asked_by"]) == ("promote", "rollback", "podium")
    assert back["undoes"] == promoted["decision_id"]
    assert states(better) == ["settled", "undone", "settled"]
    assert verify(str(better)).passed
    failed = store_of(better).client.get_model_version("churn", "2").tags
    assert (failed["podium.stage"], "podium.promoted_at" in failed) == ("archived", False), (
        "it counts for no former one"
    )
    again = select(str(better))
    assert (again.selection.verdict, again.recorded) == ("keep", False)
    assert "rolled back by podium" in again.selection.reasons[-1]


def test_a_first_champion_that_fails_leaves_none_and_then_the_next_best(home: Path, made: Path) -> None:
    """There was nothing to go back to: the alias is gone again, and the next selection promotes another."""
    config = project(home.parent, made, FOREST, LOGISTIC)
    migrate(str(config))
    with when("verifying what is in production now", lambda: vanish(config, LOGISTIC)):
        outcome = refused(select, config)
    assert "nothing is in production again" in outcome.undone
    assert store_of(config).aliases() == {}
    assert select(str(config)).production.model_id == FOREST
    assert [d["verdict"] for d in decisions(config)] == ["promote", "rollback", "promote"]


def test_a_decision_that_others_overtook_changes_nothing_and_is_taken_again(better: Path, made: Path) -> None:
    """The alias is moved by hand right before the switch: the record is superseded, and the next one knows."""
    add_staged(better, made, TRAP)
    migrate(str(better))
    trap = next(str(v.version) for v in store_of(better).versions() if v.tags["podium.model_id"] == TRAP)
    move = store_of(better).client.set_registered_model_alias
    with when("carrying out", lambda: move("churn", "champion", trap)):
        outcome = select(str(better))
    assert (outcome.selection.verdict, outcome.production.champion, outcome.production.previous) == (
        "promote",
        "2",
        trap,
    )
    assert states(better) == ["settled", "superseded", "settled"]
    assert decisions(better)[-1]["champion_before"] == trap


def test_overtaken_twice_it_gives_up(better: Path, made: Path) -> None:
    """Somebody keeps moving the alias: one clear line, and production is as they left it."""
    add_staged(better, made, TRAP)
    migrate(str(better))
    trap = next(str(v.version) for v in store_of(better).versions() if v.tags["podium.model_id"] == TRAP)

    def move() -> None:
        store = store_of(better)
        other = trap if store.aliases()["champion"] == "1" else "1"
        store.client.set_registered_model_alias("churn", "champion", other)

    with when("carrying out", move, times=2), pytest.raises(PodiumError, match="overtaken"):
        select(str(better))
    assert states(better) == ["settled", "superseded", "superseded"]
    assert store_of(better).aliases()["champion"] == "1"


def test_an_interrupted_promotion_whose_model_is_gone_is_left_undone(better: Path) -> None:
    """Recorded and killed before the switch, and then its files go: the champion stays, and the next run says why."""
    store = store_of(better)
    move = store.client.set_registered_model_alias
    select(str(better))
    move("churn", "champion", "1")
    run = store.client.search_runs([store.decisions_id], order_by=["metrics.sequence DESC"])[0]
    store.client.set_tag(run.info.run_id, "podium.state", "pending")
    vanish(better, LOGISTIC)
    outcome = select(str(better))
    assert (outcome.selection.verdict, outcome.production.champion) == ("keep", "1")
    assert states(better)[1] == "superseded"
    assert "files are gone" in " ".join(r.reason for r in outcome.selection.ranking)


def test_a_folder_that_cannot_be_written_keeps_nobody_from_deciding(home: Path, made: Path) -> None:
    """A promotion and a rollback take place and say that the folder lags; once it can be written it catches up."""
    served = home.parent / "served"
    config = project(home.parent, made, FOREST, export={"directory": "served"})
    migrate(str(config))
    select(str(config))
    (served / "current").unlink()
    (served / "current").mkdir()
    add_staged(config, made, LOGISTIC)
    migrate(str(config))
    with pytest.raises(PodiumError, match=r"decided, but not exported: export\.directory: .* is no link"):
        select(str(config))
    assert store_of(config).aliases() == {"champion": "2", "previous": "1"}
    with pytest.raises(PodiumError, match="decided, but not exported"):
        rollback(str(config))
    assert store_of(config).aliases() == {"champion": "1", "previous": "2"}
    assert states(config) == ["settled"] * 3
    (served / "current").rmdir()
    select(str(config))
    assert (served / "current").readlink() == Path(FOREST)


def test_a_rollback_does_not_wait_for_models_that_are_scored(better: Path) -> None:
    """While somebody measures or migrates for long, what is in production can be changed."""
    select(str(better))
    section = load_config(better).mlflow
    with one_measuring(section), one_migration(section):
        rollback(str(better))
    assert store_of(better).aliases()["champion"] == "1"


def test_the_end_of_the_chain_cannot_go_unseen(better: Path) -> None:
    """The newest record is deleted, and the history says so."""
    select(str(better))
    store = store_of(better)
    run = store.client.search_runs([store.decisions_id], order_by=["metrics.sequence DESC"])[0]
    store.client.delete_run(run.info.run_id)
    assert history(str(better)).broken_at == "the end of the chain: 2 decisions were recorded, and 1 are there"


def test_a_decision_recorded_while_the_others_are_read_breaks_no_chain(
    better: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody pins after the list of records was read: the next look sees that, and this one misses nothing."""
    whole, meanwhile = records.record_text, [lambda: pin(str(better))]

    def read(run: Run) -> str:
        while meanwhile:
            meanwhile.pop()()
        return whole(run)

    monkeypatch.setattr(records, "record_text", read)
    assert [d["verdict"] for d in decisions(better)] == ["promote"]
    assert [d["verdict"] for d in decisions(better)] == ["promote", "pin"]


def test_the_folder_to_serve_from_follows_production(home: Path, made: Path) -> None:
    """What a selection promotes is current, what a rollback puts back is, and a lost link comes back by itself."""
    served = home.parent / "served"
    config = project(home.parent, made, FOREST, LOGISTIC, export={"directory": "served"})
    migrate(str(config))
    select(str(config))
    assert (served / "current").readlink() == Path(LOGISTIC)
    number = next(str(v.version) for v in store_of(config).versions() if v.tags["podium.model_id"] == FOREST)
    rollback(str(config), to=number)
    assert json.loads((served / "current" / "metadata.json").read_text())["model_id"] == FOREST
    (served / "current").unlink()
    select(str(config))
    assert (served / "current" / "model" / "MLmodel").is_file()
    store_of(config).client.delete_registered_model_alias("churn", "champion")
    refused(select, config)
    assert (served / "current").readlink() == Path(FOREST), "the champion is missed, and still served"


def test_a_registered_model_has_one_chain(home: Path, made: Path) -> None:
    """A config with another experiment would decide in a chain of its own: nothing is decided, recorded or changed."""
    config = decided_project(home.parent, made)
    champion = store_of(config).aliases()
    (home.parent / "other").mkdir()
    other = project(home.parent / "other", made, FOREST, mlflow={"experiment": "other"})
    migrate(str(other))
    for ask in (select, partial(select, dry_run=True), rollback):
        with pytest.raises(PodiumError, match="churn is decided on in the experiment churn_monitoring"):
            ask(str(other))
    assert (store_of(config).aliases(), len(decisions(config)), states(other)) == (champion, 1, [])


@pytest.mark.parametrize("is_said", [True, False])
def test_an_experiment_has_one_registered_model(better: Path, made: Path, is_said: bool) -> None:
    """A config with another would finish and undo what is none of its business: it is refused, and nothing changes."""
    store = store_of(better)
    if not is_said:
        store.client.delete_experiment_tag(store.decisions_id, "podium.decides_on")
    store.client.create_run(store.decisions_id, tags={"podium.state": "writing"})
    champion, before = store.aliases(), states(better)
    (better.parent / "other").mkdir()
    other = project(better.parent / "other", made, mlflow={"registered_model": "other"})
    for ask in (select, rollback, *((partial(select, dry_run=True), history, migrate) if is_said else ())):
        with pytest.raises(ConfigError, match=r"churn_monitoring holds the decisions on .*another mlflow\.experiment"):
            ask(str(other))
    assert (store.aliases(), states(better)) == (champion, before)
    assert select(str(better)).selection.verdict == "promote"
    assert store.client.get_experiment(store.decisions_id).tags["podium.decides_on"] == "churn"
