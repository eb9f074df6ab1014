"""Recorded selections under another policy: what would have been promoted, and what it would have measured."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.approval import approve, reject
from flows.backtesting import backtest
from flows.migration import migrate
from flows.pinning import pin
from flows.selection import select
from podium.backtest import Replayed
from podium.errors import ConfigError
from tests.flows.projects import FOREST, LOGISTIC, TRAP, add_staged, project

pytestmark = pytest.mark.usefixtures("prefect_server")


def promoted_in_turn(config: Path, made: Path, *names: str) -> Path:
    """Let models arrive one by one, and select after each."""
    for name in names:
        add_staged(config, made, name)
        migrate(str(config))
        select(str(config))
    return config


def under(config: Path, **policy: Any) -> tuple[Replayed, ...]:
    """The selections of a project under a policy."""
    other = config.with_name("other.yaml")
    other.write_text(yaml.safe_dump({"policy": policy}))
    return backtest(str(other), str(config))[1]


@pytest.fixture
def decided(home: Path, made: Path) -> Path:
    """Three promotions, each by a higher number."""
    return promoted_in_turn(project(home.parent, made), made, TRAP, FOREST, LOGISTIC)


def test_the_same_policy_gives_the_same_champions(decided: Path) -> None:
    """Replayed as they were, selections promote whom they promoted."""
    found = under(decided, evidence={"confidence": None})
    assert [(r.champion, r.other_champion) for r in found] == [(m, m) for m in (TRAP, FOREST, LOGISTIC)]
    assert all(r.value == r.other_value for r in found)


def test_a_stricter_policy_would_have_kept_the_champion(decided: Path) -> None:
    """The champion of one replayed selection is that of the next, and both sides say what they measure."""
    found = under(decided, evidence={"confidence": None, "minimum_improvement": 0.01})
    assert [r.other_champion for r in found] == [TRAP, FOREST, FOREST]
    assert (found[2].verdict, found[2].other_verdict) == ("promote", "keep")
    assert found[2].value is not None
    assert found[2].other_value is not None
    assert found[2].value > found[2].other_value


def test_what_is_not_on_record_is_not_made_up(decided: Path) -> None:
    """Without a recorded comparison numbers decide, and it is said; a metric that nobody measured lets nobody win."""
    assert {r.basis for r in under(decided, evidence={"confidence": 0.95})[1:]} == {
        "numbers: no such comparison is on record"
    }
    found = under(decided, primary={"metric": "sklearn.jaccard"}, evidence={"confidence": None})
    assert {(r.other_verdict, r.other_champion, r.other_value) for r in found} == {("not replayable", None, None)}


def test_a_recorded_comparison_decides_again(home: Path, made: Path) -> None:
    """What was shown then is shown in the replay, if the policy asks the same question."""
    sure = {"evidence": {"confidence": 0.95}}
    config = promoted_in_turn(project(home.parent, made, policy=sure), made, TRAP, LOGISTIC)
    (_, second) = under(config, **sure)
    assert (second.basis, second.other_champion) == ("comparison", LOGISTIC)


def test_what_was_not_carried_out_was_never_in_production(home: Path, made: Path) -> None:
    """A promotion that waits, or was rejected, put nobody there; one that was approved did."""
    config = project(home.parent, made, FOREST, LOGISTIC, policy={"approval": "required"})
    migrate(str(config))
    first = select(str(config))
    assert [(r.verdict, r.state, r.champion) for r in under(config)] == [("promote", "awaiting", None)]
    reject(str(config), str(first.decision_id))
    second = select(str(config))
    approve(str(config), str(second.decision_id))
    found = under(config, evidence={"confidence": None})
    assert [(r.state, r.champion, r.other_champion) for r in found] == [
        ("rejected", None, LOGISTIC),
        ("approved", FOREST, LOGISTIC),
    ]
    assert [r.basis for r in found] == [
        "numbers; not replayed: approval",
        "numbers; not replayed: approval, what holds models back",
    ]


def test_what_no_record_can_replay_is_said(home: Path, made: Path) -> None:
    """Guardrails that are measured right before a promotion, and a pin that stood."""
    config = promoted_in_turn(project(home.parent, made), made, TRAP)
    pin(str(config))
    promoted_in_turn(config, made, LOGISTIC)
    found = under(config, guardrails={"latency_ms": 0.001, "signature": True}, evidence={"confidence": None})
    assert [(r.champion, r.other_champion) for r in found] == [(TRAP, TRAP), (TRAP, LOGISTIC)]
    assert [r.basis for r in found] == [
        "numbers; not replayed: latency, signature",
        "numbers; not replayed: latency, signature, the pin",
    ]


def test_a_misspelt_policy_is_refused(decided: Path) -> None:
    """With the file and the key."""
    with pytest.raises(ConfigError, match=r"other\.yaml: policy\.primry"):
        under(decided, primry={})


def test_a_scorer_that_there_is_not_is_named_with_what_is_near(decided: Path) -> None:
    """It would be a policy under which nobody can be promoted."""
    with pytest.raises(ConfigError, match="no scorer 'jaccrd'; near are jaccard"):
        under(decided, primary={"metric": "sklearn.jaccrd"})
