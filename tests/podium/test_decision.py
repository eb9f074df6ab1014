"""The chain of decisions cannot be changed unseen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.candidate import Rules
from podium.chain import Stored, check_chain
from podium.decision import GENESIS, Decision, Head, canonical_json, evidence_of, is_news, record, stable_digest
from podium.ranking import Selection, choose
from podium.report import render
from podium.states import can_resume
from tests.podium.factories import candidate

PAIR = [candidate("a", 0.8), candidate("b", 0.7, version="2")]
POLICY = {"primary": {"metric": "f1_score", "average": "weighted"}, "ties": ["champion"]}


def decision(  # type: ignore[no-untyped-def]
    sequence: int = 1,
    before: str = GENESIS,
    pair=PAIR,
    champion: str | None = None,
    chosen: Selection | None = None,
) -> Decision:
    """A decision on two candidates, or of a selection."""
    selection = chosen or choose(pair, champion and f"m-{champion}", Rules())
    return record(
        selection,
        evidence_of(selection, {"name": "holdout", "digest": "d", "rows": 3}, POLICY),
        sequence=sequence,
        before=before,
        decided_at="2026-01-01T00:00:00+00:00",
        champion=None,
        asked_by="test",
        code_version="0",
    )


def chain(length: int = 4) -> list[Stored]:
    """An unbroken chain."""
    entries: list[Stored] = []
    for sequence in range(1, length + 1):
        made = decision(sequence, entries[-1].noted_sha256 if entries else GENESIS)
        entries.append(Stored(made.text, made.sha256, made.decision_id))
    return entries


def test_an_end_that_is_gone_is_missed() -> None:
    """What was noted as the newest is not there any more, or another stands in its place; one written since is fine."""
    entries = chain(4)
    newest = (4, entries[3].noted_sha256)
    assert check_chain(entries, newest).unbroken
    assert check_chain(entries, (3, entries[2].noted_sha256)).unbroken
    assert (
        check_chain(entries[:2], newest).broken_at == "the end of the chain: 4 decisions were recorded, and 2 are there"
    )
    assert check_chain([], newest).broken_at == "the end of the chain: 4 decisions were recorded, and 0 are there"
    assert "another decision was recorded as number 4" in str(check_chain(entries, (4, "0" * 64)).broken_at)


def test_a_report_shows_the_classes_of_the_best_and_how_to_undo() -> None:
    """The best need not lead by its number; what waits is rejected, what replaced another is rolled back."""
    first = candidate("a", 0.8, metrics={"f1_score": 0.8, "class_no.recall": 0.1111})
    second = candidate("b", 0.7, version="2", metrics={"f1_score": 0.7, "class_no.recall": 0.2222})
    chosen = replace(choose([first, second], None, Rules()), best=second)
    text = render(decision(chosen=chosen), {}, "kept").markdown
    assert "0.2222" in text.split("## By class")[1]
    assert "0.1111" not in text.split("## By class")[1]
    assert "Version 2 becomes the champion." in text
    assert "To undo it" not in text
    content = decision(chosen=chosen).content
    waiting = Decision(canonical_json({**content, "awaits_approval": True, "champion_before": "1"}))
    assert f"`podium reject {waiting.decision_id}`" in render(waiting, {}, "kept").markdown
    switched = Decision(canonical_json({**content, "champion_before": "1"}))
    assert "To undo it: `podium rollback`." in render(switched, {}, "kept").markdown


def test_an_unbroken_chain_is_unbroken() -> None:
    """Each record names the digest of the one before it, the first names none."""
    assert check_chain(chain()).unbroken
    assert check_chain([]).unbroken


@given(st.integers(0, 3), st.data())
def test_one_changed_character_is_found(which: int, data: st.DataObject) -> None:
    """Whatever character of whatever record is changed, the chain is broken there."""
    entries = chain()
    text = entries[which].text
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != text[at]))
    entries[which] = Stored(text[:at] + other + text[at + 1 :], entries[which].noted_sha256, f"record {which}")
    assert check_chain(entries).broken_at == f"record {which}: the record was changed after it was written"


@pytest.mark.parametrize(
    "entries", [chain()[1:], chain()[:1] + chain()[2:], chain()[::-1]], ids=["first", "middle", "order"]
)
def test_a_missing_or_moved_record_is_found(entries: list[Stored]) -> None:
    """A chain that lost a record, or its order, is broken."""
    assert not check_chain(entries).unbroken


def test_a_record_changed_together_with_its_digest_is_found() -> None:
    """A new digest beside a changed record does not fit the record after it."""
    entries = chain()
    forged = Decision(entries[1].text.replace("test", "nobody"))
    entries[1] = Stored(forged.text, forged.sha256, "forged")
    assert not check_chain(entries).unbroken


def test_an_unreadable_record_breaks_the_chain_without_an_exception() -> None:
    """A record that is gone or is no JSON is a break like any other."""
    entries = [Stored("{", chain()[0].noted_sha256, "gone"), *chain()[1:]]
    assert not check_chain(entries).unbroken


def digest(pair, champion: str | None = None) -> str:  # type: ignore[no-untyped-def]
    """The stable digest of a verdict on two candidates."""
    return stable_digest(evidence_of(choose(pair, champion, Rules()), None, POLICY))


def test_the_evidence_is_the_same_whoever_is_champion() -> None:
    """Neither the champion nor the order changes the digest; a number does."""
    assert digest(PAIR) == digest(PAIR[::-1]) == digest(PAIR, "m-b")
    assert digest(PAIR) != digest([PAIR[0], candidate("b", 0.71, version="2")])


def test_only_news_is_recorded() -> None:
    """A promotion is news, and so is new evidence or a champion that nobody decided; the same again is not."""
    kept = choose(PAIR, "m-a", Rules())
    evidence = evidence_of(kept, None, POLICY)
    known = Head(1, GENESIS, stable_digest(evidence), "d", "1")
    assert not is_news(kept, evidence, known, "1")
    assert is_news(kept, evidence, replace(known, evidence_digest="other"), "1")
    assert is_news(choose(PAIR, None, Rules()), evidence, known, "1")
    assert is_news(kept, evidence, known, "2")


@pytest.mark.parametrize(("champion", "expected"), [(None, True), ("1", True), ("7", False)])
def test_a_promotion_is_resumed_unless_production_changed(champion: str | None, expected: bool) -> None:
    """Interrupted before or after the switch it goes on; after somebody else's change it does not."""
    assert can_resume(decision(), champion) is expected


def test_the_report_escapes_what_others_wrote() -> None:
    """A model's name is somebody's text: it cannot become markup."""
    hostile = candidate("<script>alert(1)</script>|x", recorded={"f1_score": 1.0})
    report = render(
        decision(pair=[hostile, PAIR[1]]), {"<i>": {"labels": ["0", "<b>"], "matrix": [[1, 2], [3, 4]]}}, "kept"
    )
    assert "<script" not in report.html
    assert "<b>" not in report.html
    assert "\\<script\\>" in report.markdown
    assert "\\|x" in report.markdown


def test_the_report_loads_nothing() -> None:
    """The HTML names no address and runs no script."""
    html = render(decision(), {}, "kept").html.replace("http-equiv", "")
    assert "http" not in html
    assert "<script" not in html
