"""A plan is carried out only if everything is as it was; the past can be asked about."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.approval import approve, reject
from flows.history import explained_json, history, past_json
from flows.migration import migrate
from flows.pinning import pin, unpin
from flows.planning import apply, plan
from flows.rollback import rollback
from flows.selection import select
from podium.errors import NegativeAnswerError, UsageError
from tests.flows.projects import FOREST, LOGISTIC, TRAP, TWINS, add_staged, project, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")


def arrived(config: Path, made: Path, *names: str) -> None:
    """Stage further models, migrate them, and measure them without letting them win."""
    add_staged(config, made, *names)
    migrate(str(config))


def state(config: Path) -> tuple[dict[str, str], int]:
    """The aliases, and how many decisions there are."""
    store = store_of(config)
    return store.aliases(), len(store.client.search_runs([store.decisions_id]))


def test_a_plan_of_what_waits_is_its_approval(home: Path, made: Path) -> None:
    """A selection on a schedule has recorded the same promotion, which waits: the plan is carried out all the same."""
    config = project(home.parent, made)
    arrived(config, made, TRAP)
    select(str(config))
    content = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**content, "policy": {**content.get("policy", {}), "approval": "required"}}))
    arrived(config, made, LOGISTIC)
    waiting = select(str(config))
    assert waiting.awaits_approval
    file = home.parent / "promotion.json"
    assert plan(str(file), str(config)).preview.selection.verdict == "promote"
    outcome = apply(str(file), str(config), asked_by="ann")
    assert (outcome.production.model_id, outcome.awaits_approval) == (LOGISTIC, False)
    assert outcome.selection.confirmed is not None
    with pytest.raises(UsageError, match="waits for approval; none does"):
        approve(str(config), str(waiting.decision_id))


@pytest.fixture
def planned(home: Path, made: Path) -> tuple[Path, Path]:
    """A project with a champion and a better candidate, and a plan to promote that one."""
    config = project(home.parent, made)
    arrived(config, made, TRAP)
    select(str(config))
    arrived(config, made, LOGISTIC)
    file = home.parent / "promotion.json"
    before = state(config)
    made_plan = plan(str(file), str(config))
    assert (made_plan.preview.selection.verdict, state(config)) == ("promote", before), "a plan writes nothing else"
    return config, file


def test_a_plan_is_carried_out(planned: tuple[Path, Path]) -> None:
    """It promotes what it says, through the same checks, and the record names the plan; twice is refused."""
    config, file = planned
    outcome = apply(str(file), str(config), asked_by="ann")
    assert (outcome.selection.verdict, outcome.production.model_id) == ("promote", LOGISTIC)
    asked_by = history(str(config)).decisions[-1].content["asked_by"]
    assert asked_by == f"ann, plan {json.loads(file.read_text())['sha256'][:12]}"
    after = state(config)
    with pytest.raises(NegativeAnswerError, match="in production was version 1, and is version 2"):
        apply(str(file), str(config))
    assert state(config) == after


def change_candidates(config: Path, made: Path) -> None:
    """Another model arrives."""
    arrived(config, made, FOREST)


def change_policy(config: Path, made: Path) -> None:
    """A guardrail is added."""
    content = yaml.safe_load(config.read_text())
    content["policy"]["guardrails"] = {"minimum": {"recall": 0.1}}
    config.write_text(yaml.safe_dump(content))


def change_data(config: Path, made: Path) -> None:
    """Slices are measured, too, so that every number is of another holdout."""
    content = yaml.safe_load(config.read_text())
    content["holdout"]["slices"] = ["gender"]
    config.write_text(yaml.safe_dump(content))


def change_pin(config: Path, made: Path) -> None:
    """The champion is pinned."""
    pin(str(config))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (change_candidates, f"new candidates: {FOREST}"),
        (change_policy, "the policy is another: guardrails"),
        (change_data, "the holdout, or what is measured on it, is another"),
        (change_pin, f"it promotes {LOGISTIC}, and the verdict is keep: version 1 was pinned"),
    ],
)
def test_a_plan_of_what_has_changed_is_refused(planned: tuple[Path, Path], made: Path, change: Any, told: str) -> None:
    """The answer is no, in words, and production stays as it is."""
    config, file = planned
    change(config, made)
    before = state(config)
    with pytest.raises(NegativeAnswerError, match=told):
        apply(str(file), str(config))
    assert state(config) == before


def test_a_plan_with_nothing_to_do_says_so(planned: tuple[Path, Path], made: Path) -> None:
    """A verdict of keep cannot be carried out."""
    config, file = planned
    apply(str(file), str(config))
    assert not plan(str(file), str(config)).plan.promotes
    with pytest.raises(NegativeAnswerError, match="nothing to carry out, its verdict is keep"):
        apply(str(file), str(config))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not a plan"),
        ("[]", "not a plan of this version"),
        ("CHANGED", "it was changed after it was written"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(planned: tuple[Path, Path], text: str | None, told: str) -> None:
    """Broken, foreign or edited by hand: one line, and nothing happens."""
    config, file = planned
    if text is None:
        file.unlink()
    else:
        changed = file.read_text().replace('"champion": "1"', '"champion": null')
        file.write_text(changed if text == "CHANGED" else text)
    with pytest.raises(UsageError, match=told):
        apply(str(file), str(config))


def test_a_plan_that_cannot_be_written_leaves_nothing(planned: tuple[Path, Path], tmp_path: Path) -> None:
    """Onto a folder, or into one that is not there: one line, and no half a file."""
    config, _ = planned
    folder = tmp_path / "reviews"
    (folder / "plan.json").mkdir(parents=True)
    for file in (folder / "plan.json", folder / "none" / "plan.json"):
        with pytest.raises(UsageError, match="cannot be written"):
            plan(str(file), str(config))
    assert [path.name for path in folder.iterdir()] == ["plan.json"]


def test_the_past_is_remembered(home: Path, made: Path) -> None:
    """At each moment, who was in production is who was put there last, by rollbacks too."""
    config = project(home.parent, made)
    began = datetime.now(UTC)
    arrived(config, made, TRAP)
    select(str(config))
    arrived(config, made, LOGISTIC)
    select(str(config))
    rollback(str(config))
    chain = history(str(config))
    times = [datetime.fromisoformat(d.content["decided_at"]) for d in chain.decisions]
    assert past_json(chain, (began - timedelta(days=1)).isoformat())["version"] is None
    told = [past_json(chain, (t + timedelta(milliseconds=1)).isoformat()) for t in times]
    assert [(d["version"], d["model_id"]) for d in told] == [("1", TRAP), ("2", LOGISTIC), ("1", TRAP)]
    assert [d["decision_id"] for d in told] == [d.decision_id for d in chain.decisions]
    assert "is put back into production" in told[-1]["reasons"][0]
    with pytest.raises(UsageError, match="not an ISO time"):
        past_json(chain, "yesterday")


def test_what_became_of_a_decision_is_told_with_it(home: Path, made: Path) -> None:
    """A winner that waits or was rejected is not called promoted; under a pin the best has that as its reason."""
    config = project(home.parent, made, policy={"approval": "required"})
    arrived(config, made, FOREST)
    first = str(select(str(config)).decision_id)
    assert first_said(config, first, FOREST) == ("awaiting", "it would be promoted, and waits for approval")
    approve(str(config), first, asked_by="ann")
    assert first_said(config, first, FOREST) == ("approved", "it was approved by ann")
    arrived(config, made, LOGISTIC)
    second = str(select(str(config)).decision_id)
    reject(str(config), second, asked_by="bob")
    assert first_said(config, second, LOGISTIC) == ("rejected", "it was rejected by bob")
    assert first_said(config, second, FOREST) == ("rejected", "it was in production already and stayed")
    unpin(str(config), "2")
    pin(str(config))
    arrived(config, made, TRAP)
    state, told = first_said(config, str(select(str(config)).decision_id), LOGISTIC)
    assert (state, told[:20]) == ("settled", "version 1 was pinned")


def first_said(config: Path, decision_id: str, model_id: str) -> tuple[str, str]:
    """The state of a decision, and the first sentence on one of its models."""
    document = explained_json(history(str(config)), decision_id, model_id)
    return document["state"], document["models"][model_id][0]


def test_a_decision_explains_itself(home: Path, made: Path) -> None:
    """Of each model: promoted, behind and by how much, claimed too much, or kept out by what."""
    config = project(home.parent, made, policy={"guardrails": {"minimum": {"f1_score": 0.78}}})
    arrived(config, made, LOGISTIC, TRAP, *TWINS)
    decision_id = str(select(str(config)).decision_id)
    chain = history(str(config))
    document = explained_json(chain, decision_id, None)
    said = {name: " ".join(lines) for name, lines in document["models"].items()}
    assert (document["verdict"], document["state"]) == ("promote", "settled")
    assert said[LOGISTIC].startswith(f"it was promoted {LOGISTIC} has the best f1_score (weighted), 0.8002")
    assert "could not be promoted: guardrail f1_score >= 0.78 fails" in said[TRAP]
    assert "leaked or training-set score" in said[TRAP]
    assert f"place 2: it measures 0.7940, {LOGISTIC} 0.8002" in said[TWINS[0]]
    assert "exact tie" in said[TWINS[0]]
    assert list(explained_json(chain, decision_id[:5], TRAP)["models"]) == [TRAP]
    with pytest.raises(UsageError, match="no decision begins so"):
        explained_json(chain, "zzz", None)
    with pytest.raises(UsageError, match=f"no model 'xgboost_20250820_10460' took part; near are .*{TWINS[0]}"):
        explained_json(chain, decision_id, "xgboost_20250820_10460")
