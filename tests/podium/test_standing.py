"""Pins, rollbacks and hands on the alias stand between the evidence and production."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from podium.candidate import Rules
from podium.decision import EMPTY, GENESIS, Decision, Head, canonical_json, digest_of
from podium.errors import NegativeAnswerError, UsageError
from podium.notes import render_note
from podium.orders import Registered, given_before, order, rollback_target, unpin_target, waiting_for
from podium.outcome import Pin, Production
from podium.ranking import choose
from podium.retention import Held, Keeping, keeping, retire
from podium.standing import Hold, free_champion, held_back, parse_pin, pin_text, stood_by
from podium.states import champion_after, first_state, is_stale, moved_since, to_be_verified
from tests.podium.factories import candidate

THERE = Production("1", "2", "m-a", "a")
HOLD = Hold("alice", "2026-01-02T03:04:05+00:00", "digest", "why")


def made(verdict: str = "rollback", **more: object) -> Decision:
    """An order."""
    known: dict[str, object] = {"decided_at": "now", "champion": "1", "asked_by": "alice", "code_version": "0"}
    return order(verdict, ("because",), Head(4, "f" * 64, "e", "d"), **{**known, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("holdout", "held"),
    [(("digest", "rows"), True), (("more", "digest"), True), (("other", "rows"), False), ((), True)],
)
def test_a_rollback_stands_until_another_holdout(holdout: tuple[str, ...], held: bool) -> None:
    """The same rows, whatever is measured on them, or none at all, say nothing new about the version that was left."""
    assert bool(held_back(HOLD.as_text(), "9", *holdout)) is held


def test_an_order_given_again_is_the_one_that_was_finished() -> None:
    """By what it is about, be it named or not; an undoing of Podium's own is nobody's order."""
    back = made(promoted=Registered("7", "a"))
    assert given_before((back,), "rollback", None) == given_before((back,), "rollback", "7") == back
    assert given_before((back,), "rollback", "8") is None
    assert given_before((back,), "pin", None) is None
    assert given_before((made(promoted=Registered("7", "a"), undoes="d"),), "rollback", None) is None
    freed, lifted = made("unpin", unpinned=None, freed="3"), made("unpin", unpinned="1", freed=None)
    assert given_before((freed, lifted), "unpin", None) == lifted
    assert given_before((freed, lifted), "unpin", "3") == freed
    assert given_before((made("approve", approves="d1"),), "approve", "d2") is None


@pytest.mark.parametrize(
    ("holdout", "policy", "moved"),
    [("h", {"a": 1}, None), ("i", {"a": 1}, "another holdout"), (None, {"a": 1}, "another"), ("h", {"a": 2}, "policy")],
)
def test_what_a_decision_rests_on_may_have_moved(
    holdout: str | None, policy: dict[str, int], moved: str | None
) -> None:
    """Rows and policy are compared with the record; an order rests on nothing."""
    evidence = {"holdout": {"digest": "h"}, "policy_digest": digest_of({"a": 1})}
    found = moved_since(Decision(canonical_json({"evidence": evidence})), holdout, policy)
    assert (found is None) if moved is None else (moved in str(found))
    assert moved_since(made(), holdout, policy) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_hold_or_pin_that_cannot_be_read_still_holds(text: str) -> None:
    """Whatever somebody wrote there, it fails closed."""
    assert "not promoted again" in str(held_back(text, "9", "digest"))
    assert parse_pin(text) is not None
    assert (held_back(None, "9", "digest"), parse_pin(None)) == (None, None)


def test_what_is_held_back_has_no_place_unless_it_is_champion() -> None:
    """It is listed with the reason; in production, however it came there, it is compared like any other."""
    best = candidate("b", 0.9, held="held back", version="2")
    found = choose([best, candidate("a", 0.8)], "m-a", Rules())
    assert (found.verdict, found.ranking[-1].reason, found.ranking[-1].place) == ("keep", "held back", None)
    assert "held back" in stood_by(found, THERE, "1").reasons
    there = replace(THERE, champion="2", logged_model_id="m-b")
    assert [c.held for c in free_champion([best], there)] == [None]


def test_a_pin_turns_a_promotion_into_keep() -> None:
    """With the verdict that it would have been; what keeps anyway stays as it is."""
    pin = Pin("1", "bob", "2026-01-02T03:04:05+00:00")
    assert parse_pin(pin_text(pin)) == pin
    pinned = replace(THERE, pin=pin)
    better = choose([candidate("b", 0.9, version="2"), candidate("a", 0.8)], "m-a", Rules())
    found = stood_by(better, pinned, "1")
    assert (found.verdict, found.promoted) == ("keep", None)
    assert found.reasons[0].startswith("version 1 was pinned by bob on 2026-01-02 03:04")
    assert stood_by(better, THERE, "1") == better


def test_a_hand_on_the_alias_is_named() -> None:
    """Only where a decision said otherwise."""
    kept = choose([candidate("a", 0.8)], "m-a", Rules())
    assert "moved by hand" in stood_by(kept, THERE, "7").reasons[-1]
    assert stood_by(kept, THERE, None).reasons == stood_by(kept, THERE, "1").reasons == kept.reasons


def test_nobody_takes_the_place_of_a_champion_that_is_gone() -> None:
    """It cannot defend itself; where no decision made one there is none to miss."""
    best = choose([candidate("b", 0.9, version="2")], None, Rules())
    nobody = replace(THERE, champion=None, logged_model_id=None)
    found = stood_by(best, nobody, "7")
    assert (found.verdict, found.promoted) == ("refuse", None)
    assert "`podium rollback` puts it back" in found.reasons[0]
    assert stood_by(best, nobody, None) == best
    assert rollback_target(None, nobody, "churn", "7") == "7"
    assert rollback_target("5", nobody, "churn", "7") == "5"


@pytest.mark.parametrize(
    ("wanted", "there", "found"),
    [
        (None, THERE, "2"),
        ("5", THERE, "5"),
        ("1", THERE, "in production already"),
        (None, replace(THERE, previous=None), "no version before"),
        (None, replace(THERE, champion=None), "nothing is in production"),
        (None, replace(THERE, pin=Pin("1", "bob", "")), "podium unpin"),
        ("5", replace(THERE, pin=Pin("5", "bob", "")), "5"),
    ],
)
def test_a_rollback_goes_to_the_version_before_or_the_one_named(
    wanted: str | None, there: Production, found: str
) -> None:
    """Or nowhere, for a reason; a pin lets only the pinned one through."""
    if found.isdigit():
        assert rollback_target(wanted, there, "churn") == found
    else:
        with pytest.raises(NegativeAnswerError, match=found):
            rollback_target(wanted, there, "churn")


def test_unpin_lifts_what_holds_the_named_version() -> None:
    """The pin without a name; with one its pin, its hold, or both; nothing is an error."""
    pinned, held = replace(THERE, pin=Pin("1", "bob", "")), Registered("9", "m9", held=HOLD.as_text())
    assert unpin_target(None, pinned, "churn", "eve").pinned == "1"
    lifted = unpin_target(held, pinned, "churn", "eve")
    assert (lifted.pinned, lifted.held) == (None, "9")
    with pytest.raises(NegativeAnswerError, match="version 7"):
        unpin_target(Registered("7", "m7"), pinned, "churn", "eve")


def test_an_order_is_a_link_of_the_chain_and_brings_no_evidence() -> None:
    """It follows the head and carries its digest on, so that the same evidence is still no news."""
    found = made(promoted=Registered("2", "b")).content
    assert (found["sequence"], found["previous_sha256"], found["evidence_digest"]) == (5, "f" * 64, "e")
    assert EMPTY.sha256 == GENESIS


def test_what_changes_nothing_is_settled_at_once() -> None:
    """The rest is pending until it is carried out, or waits."""
    states = [first_state(made(verdict)) for verdict in ("keep", "refuse", "pin", "rollback")]
    assert states == ["settled", "settled", "pending", "pending"]
    assert first_state(made("promote", awaits_approval=True)) == "awaiting"
    assert [champion_after(made("pin")), champion_after(made("rollback"))] == ["1", None]
    assert champion_after(made("rollback", promoted=Registered("2", "b"))) == "2"


def test_a_decision_is_stale_once_production_or_the_chain_moved_on() -> None:
    """It may be carried out as the head, against the champion it was taken against or towards its own."""
    decision = made(promoted=Registered("2", "b"))
    head = Head(5, decision.sha256, "e", decision.decision_id)
    assert [is_stale(decision, champion, head) for champion in ("1", "2")] == [None, None]
    assert "now is 3" in str(is_stale(decision, "3", head))
    assert "decision other" in str(is_stale(decision, "1", Head(6, "0" * 64, "e", "other")))


def test_what_is_interrupted_is_verified_unless_it_is_there_or_takes_back() -> None:
    """A promotion that was not switched yet must pass once more."""
    decision = made(promoted=Registered("2", "b"))
    assert (to_be_verified(decision, "1"), to_be_verified(decision, "2")) == ("2", None)
    assert to_be_verified(made(promoted=Registered("2", "b"), undoes="d"), "1") is None
    assert to_be_verified(made("pin"), "1") is None


def test_only_the_decision_that_waits_can_be_settled() -> None:
    """Another name is told which one does."""
    waiting = made("promote", awaits_approval=True)
    assert waiting_for(waiting.decision_id, waiting) is waiting
    with pytest.raises(UsageError, match=waiting.decision_id):
        waiting_for("other", waiting)
    with pytest.raises(UsageError, match="none does"):
        waiting_for("other", None)


def test_the_note_escapes_what_others_wrote() -> None:
    """Who asked, and what a model is called, is somebody's text."""
    note = render_note(made(asked_by="<script>alert(1)</script>"))
    assert "<script" not in note.html
    assert "http" not in note.html.replace("http-equiv", "")
    assert "\\<script\\>" in note.markdown


def test_younger_and_kept_versions_stay() -> None:
    """Beyond the last ones, those promoted within the days, and those with a reason of their own."""
    rule = keeping(1, True, 5, datetime(2026, 1, 8, tzinfo=UTC))
    versions = [
        Held("1", "m", "archived", "2026-01-01T00:00:00.000+00:00"),
        Held("2", "m", "archived", "2026-01-02T00:00:00.000+00:00", kept="tagged"),
        Held("3", "m", "archived", "2026-01-04T00:00:00.000+00:00"),
        Held("4", "m", "archived", "2026-01-05T00:00:00.000+00:00"),
    ]
    assert [r.version for r in retire(versions, "9", rule)] == ["1"]
    assert [r.version for r in retire(versions, "9", Keeping(1, True))] == ["3", "1"]
