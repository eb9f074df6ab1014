"""A selection that looks at the best alone decides as one that looks at everyone."""

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.candidate import Candidate, Rails, Rules
from podium.evidence import asked_of
from podium.fates import Fate
from podium.past import why_not
from podium.ranking import Beyond, Selection, choose
from podium.report import render
from podium.scanned import Scanned, parse_scanned
from podium.shortlist import Shortlist
from podium.shown import Asked
from tests.podium.factories import candidate
from tests.podium.test_decision import decision

PAGE = 10


def served(arrived: Sequence[Candidate], metric: str = "f1_score") -> list[Candidate]:
    """What a server's sorting gives: by the number, and by the order of arrival where that is the same."""
    return sorted(arrived, key=lambda c: -c.metrics.get(metric, -math.inf))


def decided(
    arrived: Sequence[Candidate], champion: str | None, rules: Rules, wanted: int = PAGE
) -> tuple[Selection, Shortlist]:
    """The verdict of a shortlist that grows page by page as long as it must."""
    everyone = served(arrived)
    others = [c for c in everyone if c.logged_model_id == champion]
    listed = Shortlist(tuple(everyone[:PAGE]), tuple(others), len(everyone), "1" if len(everyone) > PAGE else None)
    while True:
        found = choose(listed.candidates(rules.primary), champion, rules, beyond=listed.beyond(rules.primary))
        if listed.has_enough(found, champion, wanted):
            return found, listed
        at = len(listed.leading)
        listed = listed.grown(everyone[at : at + PAGE], str(at) if at + PAGE < len(everyone) else None)


@given(st.permutations(range(40)))
def test_ties_around_the_last_place_have_one_winner(order: list[int]) -> None:
    """Of 15 exact ties across the end of a page, the rules choose, whatever the order of arrival."""
    tied = [candidate(f"t{i:02}", 0.8, size=100 - i) for i in range(15)]
    ahead = [candidate(f"a{i}", 0.9, recorded={}) for i in range(4)]
    behind = [candidate(f"b{i}", 0.5 + i / 100) for i in range(21)]
    everyone = [*tied, *ahead, *behind]
    rules = Rules(rails=Rails(size_mb=1), ties=("smaller",))
    blocked = [candidate(c.model_id, 0.9, size=None) if c in ahead else c for c in everyone]
    found, listed = decided([blocked[i] for i in order], None, rules)
    assert found.best is not None
    assert found.best.model_id == "t14"
    assert sum(c.model_id.startswith("t") for c in listed.candidates("f1_score")) == 15


@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=80),
    st.integers(0, 79) | st.none(),
    st.randoms(use_true_random=False),
)
def test_the_verdict_is_that_on_everyone(
    drawn: list[tuple[int, bool]], in_production: int | None, chance: random.Random
) -> None:
    """Whatever guardrails knock out and whoever is in production, verdict and winner are those of the whole list."""
    everyone = [candidate(f"m{i:02}", v / 100, size=5 if ok else None) for i, (v, ok) in enumerate(drawn)]
    champion = everyone[in_production % len(everyone)].logged_model_id if in_production is not None else None
    rules = Rules(rails=Rails(size_mb=1))
    whole = choose(everyone, champion, rules)
    chance.shuffle(everyone)
    found, _ = decided(everyone, champion, rules)
    assert (found.verdict, found.best) == (whole.verdict, whole.best)
    assert (found.reasons == whole.reasons) or found.verdict == "refuse"


def test_a_list_full_of_those_that_fail_goes_on() -> None:
    """Where guardrails knock out whole pages, further ones are looked at until somebody has a place."""
    bad = [candidate(f"bad{i}", 0.9 - i / 1000, size=None) for i in range(35)]
    found, listed = decided([*bad, candidate("good", 0.5)], None, Rules(rails=Rails(size_mb=1)))
    assert (found.verdict, found.best and found.best.model_id) == ("promote", "good")
    assert len(listed.leading) == 36


def test_it_goes_on_no_further_than_to_the_champion() -> None:
    """Who measures less than the champion cannot replace it."""
    everyone = [candidate(f"m{i:02}", 0.9 - i / 100) for i in range(60)]
    assert len(decided(everyone, "m-m03", Rules(), wanted=50)[1].leading) == PAGE
    assert len(decided(everyone, "m-m33", Rules(), wanted=50)[1].leading) == 40
    assert len(decided(everyone, "m-m33", Rules(), wanted=5)[1].leading) == PAGE


def test_those_beyond_are_counted() -> None:
    """The record says how many others there are and what none of them exceeds; all count in the comparison."""
    everyone = [candidate(f"m{i:02}", 0.9 - i / 100) for i in range(60)]
    found, listed = decided(everyone, "m-m55", Rules(), wanted=5)
    assert found.beyond is not None
    assert found.beyond.candidates == 60 - 9 - 1
    assert found.beyond.best == pytest.approx(0.81)
    assert "ahead of it" in next(r.reason for r in found.ranking if r.candidate.model_id == "m55")
    challengers = [c for c in listed.candidates("f1_score") if c.model_id != "m55"]
    assert asked_of(challengers, Asked(), found.beyond)[1].among == 59


def test_those_beyond_may_lack_the_metric() -> None:
    """More than fit into the list were measured, and few by the primary metric: all of those are looked at."""
    lacking = [candidate(f"n{i:02}", None, metrics={"accuracy": 0.9}) for i in range(30)]
    found, listed = decided([*lacking, *(candidate(f"m{i}", 0.9 - i / 100) for i in range(4))], "m-m3", Rules())
    assert (found.verdict, found.best and found.best.model_id, len(listed.leading)) == ("promote", "m0", PAGE)
    assert found.beyond == Beyond(30, None)
    assert [r.reason for r in found.ranking] == [""] * 4
    assert asked_of(listed.candidates("f1_score")[1:], Asked(), found.beyond)[1].among == 3
    made = decision(chosen=found)
    assert "30 further candidates took part; none of them has the primary metric." in render(made, {}, "").markdown
    with pytest.raises(Exception, match="30 further candidates took part; none of them has the primary metric"):
        why_not(made, Fate("settled"), "n00")


def test_a_number_that_is_infinite_hides_nobody() -> None:
    """A server lists it first; it has no place, and ties behind it are still looked at to the last."""
    tied = [candidate(f"t{i:02}", 0.8, size=100 - i) for i in range(20)]
    found, _ = decided([candidate("odd", math.inf), *tied], None, Rules(ties=("smaller",)))
    assert found.best is not None
    assert found.best.model_id == "t19"


def test_a_model_that_is_not_listed_is_answered_for() -> None:
    """Asked why not a model that a record does not list, it says how many others took part and how good they were."""
    found, _ = decided([candidate(f"m{i:02}", 0.9 - i / 100) for i in range(60)], None, Rules())
    made = decision(chosen=found)
    with pytest.raises(Exception, match=r"51 further candidates took part; none of them measures better than 0\.8"):
        why_not(made, Fate("settled"), "m50")
    assert why_not(made, Fate("settled"), "m00")["m00"][0] == "it was promoted"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10)), max_size=12), st.integers(1, 5))
def test_the_highest_claims_are_kept(drawn: list[tuple[int, int]], size: int) -> None:
    """Seen in whatever parts, the highest claims are the same, and survive being written down."""
    models = {number: value / 10 for number, value in drawn}
    seen = [candidate(f"m{number}", recorded={"f1_score": value}) for number, value in models.items()]
    whole, parts = Scanned().seen(seen), Scanned()
    for i in range(0, len(seen), size):
        parts = parts.seen(seen[i : i + size])
    assert parse_scanned(parts.as_text()) == parts == whole
    highest = sorted(models, key=lambda number: (models[number], f"m{number}"), reverse=True)[:3]
    assert whole.claimants("f1_score") == tuple(f"m-m{number}" for number in highest)


@pytest.mark.parametrize("text", [None, "", "{}", "[]", "nonsense", '{"form": 0}', '{"form": 1, "page": "x"}'])
def test_what_cannot_be_read_remembers_nothing(text: str | None) -> None:
    """Then everything is looked at."""
    assert parse_scanned(text) == Scanned()
