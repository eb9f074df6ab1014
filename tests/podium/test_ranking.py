"""Ranking is a total order, and every doubt keeps the champion."""

import math
import sys
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.candidate import Rails, Rules
from podium.metrics import SECONDS
from podium.ranking import choose, rank
from tests.podium.factories import NOW, candidate

CLAIMS = [("honest", 0.84), ("leaked", 0.87)]
FIFTEEN = [candidate(f"model_{i:02}", size=100, trained_at=NOW) for i in range(15)]


@given(st.permutations(FIFTEEN))
def test_exact_ties_give_the_same_order_in_any_order_of_arrival(arrived):  # type: ignore[no-untyped-def]
    """Fifteen models with the same numbers are always ranked the same."""
    assert [r.candidate.model_id for r in rank(arrived, None, Rules())] == [c.model_id for c in FIFTEEN]


@given(
    st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=12).flatmap(
        lambda values: st.permutations([candidate(f"m{i}", v) for i, v in enumerate(values)])
    )
)
def test_the_winner_has_the_best_number(arrived):  # type: ignore[no-untyped-def]
    """Whatever arrives, nobody measures better than the winner."""
    winner = choose(arrived, None, Rules()).best
    assert winner is not None
    assert round(winner.metrics["f1_score"], 9) == max(round(c.metrics["f1_score"], 9) for c in arrived)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, sys.float_info.max])
def test_a_candidate_without_a_finite_number_has_no_place(value: float | None) -> None:
    """NaN and infinity are not numbers to win by."""
    selection = choose([candidate("odd", value), candidate("plain", 0.1)], None, Rules())
    assert selection.best is not None
    assert selection.best.model_id == "plain"


def test_nothing_with_a_place_is_a_refusal() -> None:
    """With no candidate, or none that is measured, nothing is promoted."""
    assert choose([], None, Rules()).verdict == "refuse"
    assert choose([candidate("a", None)], None, Rules()).verdict == "refuse"


def test_the_champion_keeps_on_an_exact_tie() -> None:
    """A challenger that is only as good does not replace it, however its name sorts."""
    selection = choose([candidate("aaa"), candidate("zzz")], "m-zzz", Rules())
    assert selection.verdict == "keep"


@pytest.mark.parametrize("without", [{"metrics": {}}, {"unmeasured": "its file is gone"}])
def test_a_champion_that_cannot_be_compared_stays(without: dict[str, Any]) -> None:
    """An unmeasurable champion is never replaced: the answer is no, with the reason."""
    broken = replace(candidate("old"), **without)
    selection = choose([broken, candidate("new", 0.99)], "m-old", Rules())
    assert (selection.verdict, "stays" in selection.reasons[0]) == ("refuse", True)


def test_a_champion_that_is_not_there_stays() -> None:
    """The same holds for a champion that is not among the candidates."""
    assert choose([candidate("new", 0.99)], "m-old", Rules()).verdict == "refuse"


@pytest.mark.parametrize(("gain", "verdict"), [(0.005, "keep"), (0.01, "promote"), (0.02, "promote")])
def test_an_improvement_must_reach_the_minimum(gain: float, verdict: str) -> None:
    """Less than policy.evidence.minimum_improvement is not enough; exactly that is."""
    pair = [candidate("old", 0.8), candidate("new", 0.8 + gain)]
    assert choose(pair, "m-old", Rules(minimum_improvement=0.01)).verdict == verdict


@pytest.mark.parametrize(("recall", "reason"), [({"recall": 0.4}, "fails"), ({}, "not measurable")])
def test_a_guardrail_takes_the_place_away(recall: dict[str, float], reason: str) -> None:
    """A floor that is not reached, or cannot be checked, keeps a candidate out whatever its rank."""
    best = candidate("best", metrics={"f1_score": 0.99, **recall})
    good = candidate("good", metrics={"f1_score": 0.5, "recall": 0.6})
    selection = choose([best, good], None, Rules(rails=Rails(minimum={"recall": 0.5})))
    assert selection.best == good
    assert reason in selection.ranking[-1].reason


def test_ties_are_broken_in_the_stated_order() -> None:
    """First by AUC, then by size, then by age; a size that is not known is no small size."""
    sharp = candidate("d", metrics={"f1_score": 0.8, "roc_auc": 0.9})
    small, unknown = candidate("c", size=1), candidate("a", size=None)
    older = candidate("b", size=10, trained_at=NOW - timedelta(days=1))
    ranked = rank([unknown, older, small, sharp], None, Rules())
    assert [r.candidate for r in ranked] == [sharp, small, older, unknown]
    assert "ordered by" in ranked[0].reason


@pytest.mark.parametrize(
    ("rule", "order"),
    [
        ("simpler", ["line", "tree", "forest", "boosted"]),
        ("smaller", ["boosted", "forest", "tree", "line"]),
        ("faster", ["tree", "boosted", "line", "forest"]),
        ("older", ["forest", "line", "boosted", "tree"]),
    ],
)
def test_each_rule_breaks_a_tie_in_any_order_of_arrival(rule: str, order: list[str]) -> None:
    """By kind, by bytes, by seconds, of which unknown ones come last, and by age; the reason names the rule."""
    made = [
        ("line", "LogisticRegression", 4, 0.3, 2),
        ("tree", "DecisionTreeClassifier", 3, 0.1, 0),
        ("forest", "random_forest", 2, None, 3),
        ("boosted", "XGBoost", 1, 0.2, 1),
    ]
    tied = [
        replace(
            candidate(name, size=size, trained_at=NOW - timedelta(days=days)),
            model_type=kind,
            metrics={"f1_score": 0.8} | ({SECONDS: seconds} if seconds else {}),
        )
        for name, kind, size, seconds, days in made
    ]
    for arrived in permutations(tied):
        ranked = rank(arrived, None, Rules(ties=(rule,)))
        assert [r.candidate.model_id for r in ranked] == order
        assert all(f"ordered by {rule}" in r.reason for r in ranked)


def test_a_claim_far_above_the_measurement_is_an_alarm() -> None:
    """Recorded minus measured above the tolerance is reported; below it is not."""
    leaked = candidate("leaked", 0.77, recorded={"f1_score": 0.97})
    honest = candidate("honest", 0.80, recorded={"f1_score": 0.81})
    alarms = {r.candidate.model_id: bool(r.alarms) for r in rank([leaked, honest], None, Rules())}
    assert alarms == {"leaked": True, "honest": False}
    assert any("leaked claims the best" in reason for reason in choose([leaked, honest], None, Rules()).reasons)


def test_what_is_said_of_those_that_measure_more_is_true() -> None:
    """Who measures more than the winner and cannot be promoted is told with the reason; who keeps its word, so, too."""
    honest = candidate("honest", 0.80, recorded={"f1_score": 0.70})
    modest = candidate("modest", 0.79, recorded={"f1_score": 0.75})
    reasons = choose([honest, modest], None, Rules()).reasons
    assert reasons[0] == "honest has the best f1_score (weighted), 0.8000, measured on the holdout"
    assert reasons[1] == "modest claims the best f1_score, 0.7500, and measures 0.7900 on the same rows"
    failing = candidate("failing", 0.90, recorded={"f1_score": 0.95}).without_measurement("it fails")
    reasons = choose([honest, modest, failing], None, Rules()).reasons
    assert "has the best f1_score (weighted) of those that can be promoted, 0.8000" in reasons[0]
    assert reasons[1].endswith("and measures 0.9000 on the same rows, but cannot be promoted: it fails")


@pytest.mark.parametrize(("told", "verdict"), [("refuse", "refuse"), ("promote", "promote")])
def test_claims_promote_only_when_told(told: str, verdict: str) -> None:
    """Without a holdout the answer is no, unless the policy accepts claims."""
    selection = choose([candidate("a")], None, Rules(without_holdout=told), "recorded")  # type: ignore[arg-type]
    assert selection.verdict == verdict
    assert "claim" in " ".join(selection.reasons).lower()


@pytest.mark.parametrize("average", ["macro", "binary"])
def test_a_leaked_claim_is_found_under_any_average(average: str) -> None:
    """A claim of unknown average is held against the highest that was measured, and alarms when it is far above."""
    rules = Rules(primary=f"f1_score_{average}")
    measured = {"f1_score": 0.8, "f1_score_macro": 0.72, "f1_score_binary": 0.6}
    honest, leaked = (replace(candidate(n, 0.8), metrics=measured, recorded={"f1_score": v}) for n, v in CLAIMS)
    alarms = {r.candidate.model_id: r.alarms for r in rank([honest, leaked], None, rules)}
    assert alarms["honest"] == ()
    assert "leaked" in alarms["leaked"][0]


@pytest.mark.parametrize(("value", "verdict"), [(0.79, "keep"), (0.8, "keep"), (0.81, "promote")])
def test_whoever_is_no_better_replaces_no_champion_that_defends(value: float, verdict: str) -> None:
    """One whose size nobody knows has no place, and must be beaten all the same: a twin of it is no better."""
    champion, other = candidate("old", 0.8, size=None), candidate("new", value, size=1_000_000)
    found = choose([champion, other], "m-old", Rules(rails=Rails(size_mb=5)))
    assert found.verdict == verdict
    assert ("new is no better" in found.reasons[0]) is (verdict == "keep")
