"""A replay shows who was in production, and says what of a decision no record can replay."""

from dataclasses import replace
from typing import Any

import pytest

from podium.backtest import UNKNOWN, OtherPolicy, Replayed, replay
from podium.candidate import Candidate, Rails, Rules
from podium.chain import Chain
from podium.decision import GENESIS, Decision, evidence_of, record
from podium.ranking import choose
from podium.shown import Asked, Compared, Superiority
from tests.podium.factories import candidate
from tests.podium.test_past import MADE, NEW, OLD, REJECTION, chained, ordered, taken_back

ASKED = Asked(0.95)


def made(
    candidates: list[Candidate],
    champion: Candidate | None,
    policy: dict[str, Any] | None = None,
    compared: Superiority | None = None,
) -> Decision:
    """The record of a selection among candidates."""
    selection = choose(candidates, champion.logged_model_id if champion else None, Rules())
    selection = replace(selection, comparison=compared.as_json() if compared else None)
    return record(
        selection,
        evidence_of(selection, None, policy or {}),
        sequence=1,
        before=GENESIS,
        decided_at="2026-01-01T00:00:00+00:00",
        champion=champion.version if champion else None,
        asked_by="test",
        code_version="0",
    )


START = (made([OLD], None), "settled")


def replayed(chain: Chain, asked: Asked | None = None, **policy: Any) -> tuple[Replayed, ...]:
    """The replay of a chain under a policy that ranks by F1."""
    return replay(chain, OtherPolicy(lambda _: Rules(), asked, policy))


@pytest.mark.parametrize(
    ("told", "champion"),
    [
        ([(MADE, "settled")], "new"),
        ([(MADE, "pending")], "old"),
        ([(MADE, "awaiting")], "old"),
        ([(MADE, "superseded")], "old"),
        ([(MADE, "rejected"), (REJECTION, "settled")], "old"),
        ([(MADE, "undone"), (taken_back(MADE), "settled")], "old"),
    ],
)
def test_in_production_was_who_was_put_there(told: list[tuple[Decision, str]], champion: str) -> None:
    """A promotion that was not carried out, or was taken back, left the one before; the row has its state."""
    *_, last = replayed(chained(START, *told))
    assert (last.champion, last.state, last.verdict, last.other_champion) == (champion, told[0][1], "promote", "new")
    assert last.value == {"old": 0.7, "new": 0.8}[champion]


def test_who_is_not_listed_is_still_in_production() -> None:
    """The champion of then by its version, that of the replay by its id; neither has a number there."""
    third = candidate("third", 0.6, version="3")
    chain = chained(START, (made([third], candidate("gone", version="7")), "settled"))
    (_, last) = replayed(chain)
    assert (last.champion, last.value, last.other_champion, last.other_value) == ("version 7", None, "old", None)


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ({}, {"guardrails": {"latency_ms": None, "signature": False}, "approval": "none"}, "numbers"),
        ({}, {"guardrails": {"latency_ms": 5.0, "signature": True}}, "numbers; not replayed: latency, signature"),
        ({"guardrails": {"latency_ms": 5.0}}, {}, "numbers; not replayed: latency"),
        ({"approval": "required"}, {}, "numbers; not replayed: approval"),
    ],
)
def test_what_is_not_replayed_is_said(then: dict[str, Any], now: dict[str, Any], told: str) -> None:
    """Whether the policy of then or the other one asks for it."""
    (found,) = replayed(chained((made([OLD], None, then), "settled")), **now)
    assert found.basis == told


@pytest.mark.parametrize("now", [{"yes": {"no": -5.0}}, None])
def test_what_was_earned_by_another_profit_is_not_compared(now: dict[str, Any] | None) -> None:
    """A recorded profit is that of the matrix of then: by another one nobody has a number."""
    earning = [replace(c, metrics={"expected_profit": value}) for c, value in ((OLD, 1.0), (NEW, 2.0))]
    then = {"profit": {"yes": {"no": -1.0}}}
    rules = Rules(primary="expected_profit", claimed="expected_profit")
    chain = chained((made(earning, None, then), "settled"))
    (found,) = replay(chain, OtherPolicy(lambda _: rules, None, {"profit": now} if now else then))
    same = (found.other_verdict, found.other_champion, found.other_value, found.basis)
    named = "another profit, expected_profit (not on record)"
    unknown = (UNKNOWN, None, None, f"numbers; not replayed: {named}")
    assert same == (unknown if now else ("promote", "new", 2.0, "numbers"))


def test_what_was_not_recorded_refuses_nobody() -> None:
    """Guardrails of which no model has a number are left out and named; without the primary metric nothing is said."""
    sliced = [
        replace(c, metrics={**c.metrics, "slice_plan.a.f1_score": 0.7, "slice_plan.b.f1_score": 0.8})
        for c in (OLD, NEW)
    ]
    chain = chained((made(sliced, None), "settled"))
    rails = Rails({"roc_auc": 0.5}, {"log_loss": 1.0}, 0.1, {"recall": 0.1})

    def under(**rules: Any) -> Replayed:
        (found,) = replay(chain, OtherPolicy(lambda _: Rules(rails=rails, **rules), None, {}))
        return found

    told = "log_loss (not on record), roc_auc (not on record), slices by recall (not on record)"
    assert (under().other_verdict, under().basis) == ("promote", f"numbers; not replayed: {told}")
    other = under(primary="accuracy", claimed="accuracy")
    assert (other.other_verdict, other.other_champion, other.reason) == (
        UNKNOWN,
        None,
        "no model has accuracy on record",
    )
    assert "slices by accuracy (not on record)" in other.basis


def test_a_pin_and_what_is_held_back_are_not_replayed() -> None:
    """As long as the pin stands, and where somebody was held back; both might not have been so."""
    held = replace(NEW, held="version 2 was rolled back")
    pins = [ordered("pin", "p", pinned="1"), ordered("unpin", "u", unpinned="1", freed=None)]
    first, second, third = (made([OLD, c], OLD) for c in (held, candidate("c", 0.5, version=None), held))
    told = [first, pins[0], second, pins[1], third]
    found = replayed(chained(START, *((d, "settled") for d in told)))
    assert [r.basis.partition("not replayed: ")[2] for r in found] == [
        "",
        "what holds models back",
        "the pin",
        "what holds models back",
    ]
    assert (found[1].champion, found[1].other_champion) == ("old", "new")


def shown(*better: str) -> Superiority:
    """A comparison in which some names are shown to be better."""
    told = tuple(Compared(name, "better", f"{name} gains") for name in better)
    return Superiority("better", "", "f1_score", 100, ASKED, challengers=told)


def test_a_comparison_is_of_the_champion_it_was_made_with() -> None:
    """One with another champion is none, though both have one id; with the same it names its namesake."""
    twin = replace(candidate("old", 0.8, version="2"), logged_model_id="m-twin")
    same = replayed(chained(START, (made([OLD, twin], OLD, compared=shown("old")), "settled")), ASKED)[-1]
    assert (same.basis, same.reason, same.other_value) == ("comparison", "old gains", 0.8)
    other = replayed(chained(START, (made([OLD, twin], twin, compared=shown("old")), "settled")), ASKED)[-1]
    assert other.basis == "numbers: no such comparison is on record"
