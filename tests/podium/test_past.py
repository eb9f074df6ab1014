"""What is said of a past decision is true: whom it promoted, what became of that, and why the others were not."""

from dataclasses import replace
from typing import Any

import pytest

from podium.candidate import Candidate, Rules
from podium.chain import Chain
from podium.decision import GENESIS, Decision, Head, evidence_of, record
from podium.errors import NegativeAnswerError, UsageError
from podium.evidence import names_of, shown
from podium.fates import fate_of, version_after
from podium.orders import Registered, order
from podium.outcome import Pin, Production
from podium.past import LOST, champion_at, decision_named, parse_time, why_not
from podium.ranking import Selection, choose
from podium.shown import Asked, Compared, Superiority
from podium.standing import stood_by
from tests.podium.factories import candidate

EARLY, LATE = parse_time("2026-01-03"), parse_time("2026-01-09")
OLD, NEW = candidate("old", 0.7, version="1"), candidate("new", 0.8, version="2")
FIRST = "new replaces old: f1_score +0.1000"


def decided(selection: Selection | None = None, champion: str | None = "1") -> Decision:
    """The record of a selection; without one, of the promotion of ``new`` over ``old``."""
    selection = selection or choose([OLD, NEW], "m-old", Rules())
    return record(
        selection,
        evidence_of(selection, None, {}),
        sequence=1,
        before=GENESIS,
        decided_at="2026-01-01T00:00:00+00:00",
        champion=champion,
        asked_by="test",
        code_version="0",
    )


def ordered(verdict: Any, reason: str, **details: Any) -> Decision:
    """An order of alice's."""
    head = Head(1, GENESIS, "e", "d")
    known: dict[str, Any] = {"decided_at": "2026-01-02T00:00:00+00:00", "champion": "1", "asked_by": "alice"}
    return order(verdict, (reason,), head, code_version="0", **{**known, **details})


def chained(*told: tuple[Decision, str]) -> Chain:
    """A chain of decisions with their states."""
    return Chain(tuple(d for d, _ in told), tuple(state for _, state in told), None)


def said(chain: Chain, model_id: str | None = None) -> dict[str, tuple[str, ...]]:
    """What is said of the first decision of a chain."""
    return why_not(chain.decisions[0], fate_of(chain, chain.decisions[0]), model_id)


MADE = decided()
BACK = "version 2 failed its verification"
APPROVAL = ordered("approve", "approved", approves=MADE.decision_id, promoted=Registered("2", "new"))
REJECTION = ordered("reject", "rejected", rejects=MADE.decision_id)


def taken_back(decision: Decision) -> Decision:
    """The rollback of Podium's own that undoes a decision."""
    return ordered("rollback", BACK, undoes=decision.decision_id, promoted=Registered("1", "old"), champion="2")


FATES: list[tuple[list[tuple[Decision, str]], list[str], str, str]] = [
    ([(MADE, "settled")], ["it was promoted"], "was replaced", "2"),
    (
        [(MADE, "pending")],
        ["it would be promoted: that is recorded, and not carried out yet"],
        "would be replaced",
        "1",
    ),
    ([(MADE, "awaiting")], ["it would be promoted, and waits for approval"], "would be replaced", "1"),
    (
        [(MADE, "superseded")],
        ["it would have been promoted, but others overtook the decision, which changed nothing"],
        "stayed",
        "1",
    ),
    ([(MADE, "rejected"), (REJECTION, "settled")], ["it was rejected by alice"], "stayed", "1"),
    (
        [(MADE, "undone"), (taken_back(MADE), "settled")],
        [f"it was promoted and taken back: {BACK}"],
        "was replaced, and put back",
        "1",
    ),
    (
        [(MADE, "approved"), (APPROVAL, "settled")],
        ["it was approved by alice", "it was promoted"],
        "was replaced",
        "2",
    ),
    (
        [(MADE, "approved"), (APPROVAL, "undone"), (taken_back(APPROVAL), "settled")],
        ["it was approved by alice", f"it was promoted and taken back: {BACK}"],
        "was replaced, and put back",
        "1",
    ),
    (
        [(MADE, "approved"), (APPROVAL, "superseded")],
        [
            "it was approved by alice",
            "it would have been promoted, but others overtook the decision, which changed nothing",
        ],
        "stayed",
        "1",
    ),
    ([(MADE, "")], ["it would be promoted, and what became of that is not on record"], "stayed", "1"),
]


@pytest.mark.parametrize(("told", "became", "champion", "after"), FATES)
def test_what_became_of_a_promotion_is_said(
    told: list[tuple[Decision, str]], became: list[str], champion: str, after: str
) -> None:
    """Of who was to be promoted, of who was in production, and of the version that is there then."""
    chain = chained(*told)
    assert said(chain) == {"new": (*became, FIRST), "old": (f"it was in production already and {champion}",)}
    assert version_after(MADE, fate_of(chain, MADE)) == after


def test_a_pin_is_what_keeps_the_best_out() -> None:
    """The best has the pin as its reason, and then what the comparison came to."""
    new, old = NEW, OLD
    better = compared(choose([old, new], "m-old", Rules()), old, {"new": "better"})
    pin = Production("1", None, "m-old", "old", pin=Pin("1", "bob", "2026-01-02T03:04:05+00:00"))
    found = said(chained((decided(stood_by(better, pin, "1")), "settled")))
    assert found["new"][0].startswith("version 1 was pinned by bob")
    assert found["new"][1] == "of new: better"
    assert found["old"] == ("it was in production already and stayed",)


def compared(selection: Selection, champion: Candidate, verdicts: dict[str, Any]) -> Selection:
    """A selection after its challengers were compared with the champion, by the names that the comparison gives."""
    challengers = [r.candidate for r in selection.ranking if r.candidate is not champion]
    assert set(verdicts) == set(names_of(challengers))
    found = tuple(Compared(name, verdict, f"of {name}: {verdict}") for name, verdict in verdicts.items())
    told = Superiority("not shown better", "nobody", "f1_score", 100, Asked(), challengers=found)
    return shown(selection, told, champion, challengers)


def test_an_id_with_spaces_finds_its_comparison() -> None:
    """It is matched as a whole, so that ``new model`` is not taken for ``new``."""
    others = [candidate("new model", 0.9, version="3"), candidate("new", 0.8, version="2")]
    verdicts = {"new model": "not shown better", "new": "not enough data"}
    found = said(chained((decided(compared(choose([OLD, *others], "m-old", Rules()), OLD, verdicts)), "settled")))
    assert found["new model"] == ("old stays: of new model: not shown better",), "once, as the decision's own reason"
    assert found["new"] == ("place 2: it measures 0.8000, new model 0.9000", "of new: not enough data")


def namesakes(*logged: str) -> list[Candidate]:
    """Models of one id, each worse than the one before."""
    made = (replace(candidate("twin", 0.9 - i / 100), logged_model_id=m, version=m) for i, m in enumerate(logged))
    return list(made)


def test_models_of_one_id_are_told_apart() -> None:
    """Each has its own place and its own comparison, under its id with its logged model; the id asks for all."""
    verdicts = {"twin (m-x)": "not shown better", "twin (m-y)": "not enough data"}
    selection = compared(choose([OLD, *namesakes("m-x", "m-y")], "m-old", Rules()), OLD, verdicts)
    chain = chained((decided(selection), "settled"))
    assert said(chain)["twin (m-x)"] == ("old stays: of twin (m-x): not shown better",)
    assert said(chain)["twin (m-y)"] == (
        "place 2: it measures 0.8900, twin (m-x) 0.9000",
        "of twin (m-y): not enough data",
    )
    assert list(said(chain, "twin")) == ["twin (m-x)", "twin (m-y)"]
    assert list(said(chain, "twin (m-y)")) == ["twin (m-y)"]
    with pytest.raises(UsageError, match=r"no model 'twin \(m-z\)' took part; near are "):
        said(chain, "twin (m-z)")


def test_a_namesake_of_the_champion_has_its_own_comparison() -> None:
    """The only challenger of that id is called by it; the champion, who was not compared with itself, says nothing."""
    new, old = namesakes("m-x", "m-y")
    selection = compared(choose([old, new], "m-y", Rules()), old, {"twin": "not shown better"})
    found = said(chained((decided(selection, champion="m-y"), "settled")))
    assert found["twin (m-x)"] == ("twin stays: of twin: not shown better",)
    assert found["twin (m-y)"] == ("it was in production already and stayed",)


def test_an_order_explains_no_model() -> None:
    """It was decided among none."""
    assert said(chained((REJECTION, "settled"))) == {}


@pytest.mark.parametrize(("found", "version"), [("2", "2"), ("1", "1"), ("9", "9")])
def test_the_next_decision_tells_what_it_found_whatever_a_tag_says(found: str, version: str) -> None:
    """That a decision was superseded is a tag, which anyone may write; what the next one found is on record."""
    later = ordered("pin", "stays", champion=found, pinned=found)
    chain = chained((MADE, "superseded"), (later, "settled"))
    assert champion_at(chain, parse_time("2026-01-03")).version == version
    before = champion_at(chain, parse_time("2026-01-01T12:00"))
    assert (before.version, before.model_id) == (("2", "new") if found == "2" else ("1", None))


@pytest.mark.parametrize("tag", ["2026-01-01T18:00:00+00:00", "2026-01-05T00:00:00+00:00"])
def test_what_was_carried_out_late_was_not_in_production_before(tag: str) -> None:
    """Killed after its record and finished hours later; that time is a tag, not believed beyond the next decision."""
    later = ordered("pin", "stays", champion="2", pinned="2")
    chain = replace(chained((MADE, "settled"), (later, "settled")), late={MADE.decision_id: tag})
    is_late = tag < later.content["decided_at"]
    noon, night = (champion_at(chain, parse_time(f"2026-01-01T{hour}:00")) for hour in (12, 20))
    assert noon.version == ("1" if is_late else "2")
    assert (night.version, night.decided_at) == ("2", MADE.content["decided_at"])
    assert night.carried_out_at == (tag if is_late else None)


def test_what_a_changed_record_did_is_not_made_up() -> None:
    """After it the next decision says what it found, or it is not known; before it nothing is lost."""
    first = decided(choose([OLD], None, Rules()), None)
    changed = Decision(ordered("rollback", BACK).text + " ", "0" * 64)
    later = ordered("pin", "stays", champion="2", pinned="2", decided_at="2026-01-04T00:00:00+00:00")
    chain = chained((first, "settled"), (changed, "settled"), (later, "settled"))
    found = champion_at(chain, parse_time("2026-01-05"))
    assert (found.version, found.model_id, found.reasons) == ("2", None, (LOST,))
    between = champion_at(chain, parse_time("2026-01-03"))
    assert (between.version, between.reasons[0]) == ("1", LOST)
    same = champion_at(chained((first, "settled"), (changed, "settled"), (ordered("pin", "p"), "settled")), LATE)
    assert (same.version, LOST in same.reasons) == ("1", False)
    assert LOST not in champion_at(chained((first, "settled"), (later, "settled"), (changed, "settled")), EARLY).reasons


def test_a_changed_record_is_known_by_its_name_and_not_believed() -> None:
    """Whoever asks for it is told so; the name is that under which it was written."""
    changed = Decision(MADE.text.replace('"verdict"', '"verdicx"'), MADE.sha256)
    assert (changed.decision_id, changed.content) == (MADE.decision_id, {})
    chain = chained((changed, "settled"))
    assert champion_at(chain, parse_time("2026-01-03")).version is None
    with pytest.raises(NegativeAnswerError, match="was changed after it was written"):
        decision_named(chain, MADE.decision_id)
