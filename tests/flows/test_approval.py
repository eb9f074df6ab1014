"""A winner that must be approved waits; a person settles it, and the same evidence does not ask twice."""

from pathlib import Path
from typing import Any

import pytest

from flows.approval import approve, reject
from flows.history import chain_json, history
from flows.migration import migrate
from flows.retirement import retire
from flows.selection import select
from podium.errors import NegativeAnswerError, UsageError
from tests.flows.projects import FOREST, LOGISTIC, TWINS, project, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def config(home: Path, made: Path) -> Path:
    """A project with two candidates, whose policy asks for approval."""
    path = project(home.parent, made, LOGISTIC, FOREST, policy={"approval": "required"})
    migrate(str(path))
    return path


def decisions(config: Path) -> list[dict[str, Any]]:
    """The records of an unbroken chain."""
    chain = chain_json(history(str(config)))
    assert chain["unbroken"], chain["broken_at"]
    found: list[dict[str, Any]] = chain["decisions"]
    return found


def test_a_winner_waits_and_is_promoted_once_approved(config: Path) -> None:
    """Nothing changes before that, selecting again asks once, and the record names who approved."""
    outcome = select(str(config))
    assert (outcome.selection.verdict, outcome.awaits_approval, store_of(config).aliases()) == ("promote", True, {})
    assert "waits for `podium approve`" in outcome.selection.reasons[-1]
    again = select(str(config))
    assert (again.decision_id, again.recorded, again.awaits_approval) == (outcome.decision_id, False, True)
    done = approve(str(config), str(outcome.decision_id), asked_by="alice")
    assert done.production.model_id == LOGISTIC
    told = [(d["verdict"], d["asked_by"], d["state"]) for d in decisions(config)]
    assert told == [("promote", "user", "approved"), ("approve", "alice", "settled")]
    last = select(str(config))
    assert (last.selection.verdict, last.recorded) == ("keep", False)
    with pytest.raises(UsageError, match="waits for approval; none does"):
        approve(str(config), str(outcome.decision_id))


def test_what_was_rejected_does_not_ask_again(config: Path) -> None:
    """The next best is asked for instead, and the reason names who rejected the best."""
    first = select(str(config))
    reject(str(config), str(first.decision_id), asked_by="bob")
    second = select(str(config))
    assert second.awaits_approval
    assert "was rejected by bob" in " ".join(second.selection.reasons)
    approve(str(config), str(second.decision_id))
    version = store_of(config).aliases()["champion"]
    assert store_of(config).client.get_model_version("churn", version).tags["podium.model_id"] == FOREST


def test_an_approval_of_what_was_decided_against_another_champion_is_refused(config: Path) -> None:
    """Production was changed by hand meanwhile: the answer is no, and the next selection decides anew."""
    waiting = select(str(config))
    with pytest.raises(UsageError, match=f"decision {waiting.decision_id} does"):
        approve(str(config), "another")
    versions = {v.tags["podium.model_id"]: str(v.version) for v in store_of(config).versions()}
    store_of(config).client.set_registered_model_alias("churn", "champion", versions[FOREST])
    with pytest.raises(NegativeAnswerError, match="run `podium select`"):
        approve(str(config), str(waiting.decision_id))
    assert store_of(config).aliases() == {"champion": versions[FOREST]}
    assert select(str(config)).decision_id != waiting.decision_id


def test_retention_lists_what_would_go_and_spares_what_is_named(home: Path, made: Path) -> None:
    """Tagged, pinned, named by an alias or by a decision that waits: none of these is deleted."""
    from configs.loading import load_config
    from tasks.promotion import switch_champion

    rule = {"keep_previous": 1, "delete_older": True}
    config = project(home.parent, made, LOGISTIC, FOREST, *TWINS, retention=rule)
    migrate(str(config))
    section, store = load_config(config).mlflow, store_of(config)
    for number, before in (("1", None), ("2", "1"), ("3", "2"), ("4", "3")):
        switch_champion.fn(section, number, before, f"2026-01-0{number}T00:00:00+00:00")
    store.client.set_model_version_tag("churn", "1", "podium.keep", "audit")
    planned = retire(str(config), dry_run=True)
    assert {r.version: r.action for r in planned.retired} == {"3": "archive", "2": "delete", "1": "archive"}
    assert len(store.versions()) == 4
    assert retire(str(config)).retired == planned.retired
    assert {str(v.version) for v in store.versions()} == {"1", "3", "4"}
    assert retire(str(config)).retired == ()


def test_a_production_model_of_a_registry_with_stages_is_adopted(home: Path, made: Path) -> None:
    """Marked by the deprecated stage alone it becomes the champion, as a decision, and is kept if it is the best."""
    config = project(home.parent, made, LOGISTIC, FOREST, mlflow={"mirror_stages": True})
    migrate(str(config))
    store = store_of(config)
    versions = {v.tags["podium.model_id"]: str(v.version) for v in store.versions()}
    store.client.transition_model_version_stage("churn", versions[FOREST], "Production")
    outcome = select(str(config))
    assert [d["verdict"] for d in decisions(config)] == ["adopt", "promote"]
    assert (outcome.production.champion, outcome.production.previous) == (versions[LOGISTIC], versions[FOREST])
    stages = {str(v.version): v.current_stage for v in store.versions()}
    assert stages == {versions[LOGISTIC]: "Production", versions[FOREST]: "Archived"}
