"""A guardrail that is set and cannot be measured fails; every one says its number."""

from dataclasses import replace
from typing import Any

import pytest

from podium.candidate import Candidate, LeakRules, Rails, Rules
from podium.guardrails import guardrails_of, latency
from podium.ranking import choose, rank
from podium.signatures import Signature, judge_signature
from tests.podium.factories import candidate

SLICES = {"slice_gender.Female.f1_score": 0.8, "slice_gender.Male.f1_score": 0.7}
CHAMPION = candidate("champion", metrics={"f1_score": 0.75, **SLICES})


def of(metrics: dict[str, float], rails: Rails, champion: Candidate | None = None) -> tuple[str, str]:
    """The status and the sentence of the one guardrail of a candidate with these metrics."""
    found = candidate("a", metrics={"f1_score": 0.8, **metrics})
    (rail,) = guardrails_of(found, champion, rails, "f1_score")
    return rail.status, rail.sentence


@pytest.mark.parametrize(
    ("value", "status"), [(0.49, "fail"), (0.5, "pass"), (None, "not measurable"), (float("nan"), "not measurable")]
)
def test_a_floor_holds_from_its_own_value_on(value: float | None, status: str) -> None:
    """Below it fails, and so does what nobody knows."""
    metrics = {} if value is None else {"recall": value}
    assert of(metrics, Rails(minimum={"recall": 0.5}))[0] == status


@pytest.mark.parametrize(("value", "status"), [(0.11, "fail"), (0.1, "pass"), (None, "not measurable")])
def test_a_ceiling_holds_up_to_its_own_value(value: float | None, status: str) -> None:
    """A calibration error above it fails, and so does one that nobody knows."""
    metrics = {} if value is None else {"calibration_error": value}
    assert of(metrics, Rails(maximum={"calibration_error": 0.1}))[0] == status


def test_no_slice_may_lose_more_than_is_allowed() -> None:
    """Better on the whole is not enough: the slice that loses most decides, and is named."""
    rails = Rails(slice_regression=0.02)
    assert of({"slice_gender.Female.f1_score": 0.9, "slice_gender.Male.f1_score": 0.68}, rails, CHAMPION)[0] == "pass"
    status, told = of({"slice_gender.Female.f1_score": 0.9, "slice_gender.Male.f1_score": 0.67}, rails, CHAMPION)
    assert status == "fail"
    assert "gender=Male goes from 0.7000 to 0.6700" in told


@pytest.mark.parametrize("metrics", [{}, {"slice_gender.Female.f1_score": 0.9}])
def test_a_slice_that_was_not_measured_is_no_pass(metrics: dict[str, float]) -> None:
    """What the champion was measured on and the candidate not keeps the candidate out."""
    assert of(metrics, Rails(slice_regression=0.5), CHAMPION)[0] == "not measurable"


def test_a_champion_without_slices_is_not_replaced() -> None:
    """Against a champion that was measured on no slice, nobody can be shown to lose nothing."""
    assert of(SLICES, Rails(slice_regression=0.5), candidate("c"))[0] == "not measurable"


def test_with_nothing_in_production_no_slice_can_lose() -> None:
    """The first champion has nobody to be worse than."""
    assert of({}, Rails(slice_regression=0.0))[0] == "pass"


def test_a_loss_on_a_slice_is_a_rise_where_less_is_better() -> None:
    """With log loss as the metric, a slice gets worse by going up."""
    (rail,) = guardrails_of(
        candidate("a", metrics={"slice_g.a.log_loss": 0.6}),
        candidate("b", metrics={"slice_g.a.log_loss": 0.5}),
        Rails(slice_regression=0.05),
        "log_loss",
    )
    assert (rail.status, rail.value) == ("fail", pytest.approx(0.1))


def test_a_fairness_gap_is_that_of_the_worst_column() -> None:
    """The largest difference between two values of one column counts, and both are named."""
    metrics = {
        "slice_gender.Female.selection_rate": 0.30,
        "slice_gender.Male.selection_rate": 0.28,
        "slice_age.young.selection_rate": 0.20,
        "slice_age.old.selection_rate": 0.35,
    }
    assert of(metrics, Rails(fairness_gap={"selection_rate": 0.15}))[0] == "pass"
    status, told = of(metrics, Rails(fairness_gap={"selection_rate": 0.1}))
    assert status == "fail"
    assert "age old has 0.3500, young has 0.2000" in told


def test_fairness_needs_two_slices() -> None:
    """One slice alone differs from nothing, which is no proof of fairness."""
    rails = Rails(fairness_gap={"selection_rate": 0.1})
    assert of({"slice_age.old.selection_rate": 0.3}, rails)[0] == "not measurable"


@pytest.mark.parametrize("column", ["age", "city"])
def test_a_column_that_is_asked_for_is_no_pass_unseen(column: str) -> None:
    """Of one with a slice, or with none, nothing is known, whatever another column shows."""
    metrics = {**dict.fromkeys(("slice_gender.F.selection_rate", "slice_gender.M.selection_rate"), 0.3), **SLICES}
    metrics["slice_age.old.selection_rate"] = 0.3
    for wanted, found in ((("gender",), "pass"), (("gender", column), "not measurable")):
        rails = Rails(fairness_gap={"selection_rate": 0.1}, slices=wanted)
        assert of(metrics, rails)[0] == found
        assert of(metrics, Rails(slice_regression=0.5, slices=wanted), CHAMPION)[0] == found
    assert f"{column} has fewer than two slices" in of(metrics, rails)[1]


def test_where_all_slices_are_alike_two_are_named() -> None:
    """A gap of nothing is one between two slices, too."""
    same = dict.fromkeys(("slice_g.F.selection_rate", "slice_g.M.selection_rate"), 0.8)
    assert "g M has 0.8000, F has 0.8000" in of(same, Rails(fairness_gap={"selection_rate": 0.1}))[1]


@pytest.mark.parametrize(("size", "status"), [(2_000_000, "pass"), (2_000_001, "fail"), (None, "not measurable")])
def test_a_model_may_be_so_large(size: int | None, status: str) -> None:
    """A candidate that does not say how large it is does not pass."""
    (rail,) = guardrails_of(candidate("a", size=size), None, Rails(size_mb=2), "f1_score")
    assert rail.status == status


@pytest.mark.parametrize(
    ("tags", "wanted", "status"),
    [({"reviewed": "yes"}, "yes", "pass"), ({"reviewed": "no"}, "yes", "fail"), ({}, None, "fail")],
)
def test_a_required_tag_must_be_there(tags: dict[str, str], wanted: str | None, status: str) -> None:
    """With the value that is asked for, or with any."""
    found = candidate("a", tags=tags)
    (rail,) = guardrails_of(found, None, Rails(required_tags={"reviewed": wanted}), "f1_score")
    assert rail.status == status


@pytest.mark.parametrize(("value", "status"), [(5.0, "pass"), (5.1, "fail"), (0.0, "not measurable")])
def test_a_latency_that_was_not_measured_is_none(value: float, status: str) -> None:
    """Zero milliseconds are no measurement."""
    assert latency(value, 5).status == status


def test_what_breaks_a_guardrail_has_no_place() -> None:
    """However good its number is, and the record says by which guardrail."""
    best, good = candidate("best", 0.9, size=9_000_000), candidate("good", 0.8, size=1)
    ranking = rank([best, good], None, Rules(rails=Rails(size_mb=1)))
    assert [(r.place, r.candidate.model_id) for r in ranking] == [(1, "good"), (None, "best")]
    assert ranking[1].reason == "guardrail size <= 1 MB fails: 9 MB"


@pytest.mark.parametrize("primary", ["log_loss", "brier_score"])
def test_of_a_loss_less_is_better(primary: str) -> None:
    """The lowest loss is first, replaces the champion, and its gain is told as one."""
    low, high = (candidate(name, metrics={primary: value}) for name, value in (("low", 0.3), ("high", 0.5)))
    selection = choose([high, low], "m-high", Rules(primary=primary, claimed=primary, minimum_improvement=0.1))
    assert (selection.verdict, selection.best) == ("promote", low)
    assert "+0.2000" in selection.reasons[0]


LEAKS = [
    (candidate("a", 0.8, identifiers=("customerID",)), "identifier", "learned from customerID"),
    (candidate("a", 0.995), "too_good", "too good to be true"),
    (candidate("a", 0.8, recorded={"f1_score": 0.9}), "claims", "leaked or training-set score"),
    (candidate("a", metrics={"f1_score": 0.8, "training_rows": 12.0}), "training_rows", "trained on 12 of the holdout"),
    (candidate("a", metrics={"f1_score": 0.8, "training_rows": -1.0}), "training_rows", "cannot be compared"),
]


@pytest.mark.parametrize(("found", "kind", "told"), LEAKS)
def test_a_leak_is_a_warning_or_a_refusal(found: Candidate, kind: str, told: str) -> None:
    """As the policy says; either way it is in the report."""
    warned = LeakRules(too_good_above=0.99)
    (ranked,) = rank([found], None, Rules(leaks=warned))
    assert ranked.place == 1
    assert told in ranked.alarms[0]
    (ranked,) = rank([found], None, Rules(leaks=replace(warned, **dict[str, Any]({kind: "refuse"}))))
    assert ranked.place is None
    assert told in ranked.reason


@pytest.mark.parametrize(("seen", "alarms"), [(0, 0), (10, 0), (11, 1), (None, 0)])
def test_rows_that_are_alike_by_chance_are_no_leak(seen: int | None, alarms: int) -> None:
    """Up to the share of the holdout that the policy leaves room for; no record is no alarm."""
    found = candidate("a", metrics={"f1_score": 0.8} | ({} if seen is None else {"training_rows": float(seen)}))
    rules = Rules(leaks=LeakRules(training_rows_above=0.01), holdout_rows=1000)
    assert len(rank([found], None, rules)[0].alarms) == alarms


@pytest.mark.parametrize(
    ("claim", "measured", "alarms"), [(90.0, 100.0, 1), (96.0, 100.0, 0), (120.0, 100.0, 0), (0.0, 0.0, 0)]
)
def test_an_error_that_is_claimed_far_smaller_is_a_leak(claim: float, measured: float, alarms: int) -> None:
    """It has a unit, so that it is the share that counts."""
    found = candidate("a", metrics={"rmse": measured}, recorded={"rmse": claim})
    rules = Rules(primary="rmse", claimed="rmse", leaks=LeakRules(tolerance=0.05))
    assert len(rank([found], None, rules)[0].alarms) == alarms


CLAIMS: list[tuple[str, dict[str, float], dict[str, float], str | None]] = [
    ("average_precision", {"average_precision": 0.60, "f1_score": 0.6}, {"f1_score": 0.99}, "f1_score 0.9900"),
    ("f1_score", {"f1_score": 0.6, "accuracy": 0.6}, {"f1_score": 0.9, "accuracy": 0.99}, "accuracy 0.9900"),
    ("log_loss", {"log_loss": 0.60}, {"log_loss": 0.10}, "log_loss 0.1000"),
    ("log_loss", {"log_loss": 0.10}, {"log_loss": 0.60}, None),
    ("brier_score", {"brier_score": 0.20}, {"test_brier_score": 0.01}, "brier_score 0.0100"),
    ("expected_profit", {"expected_profit": 20.0}, {"expected_profit": 30.0}, "expected_profit 30.0000"),
    ("expected_profit", {"expected_profit": 30.0}, {"expected_profit": 29.0}, None),
    ("expected_profit", {"expected_profit": -1.0, "roc_auc": 0.7}, {"roc_auc": 0.9}, "roc_auc 0.9000"),
    ("rmse", {"rmse": 100.0, "r2": 0.5}, {"rmse": 99.0, "r2": 0.9}, "r2 0.9000"),
    ("rmse", {"rmse": 100.0}, {"rmse": -98.0}, None),
    ("mae", {"mae": 1.0, "max_error": 9.0}, {"max_error": 3.0}, None),
    ("sklearn.jaccard", {"sklearn.jaccard": 0.5}, {"sklearn.jaccard": 0.8}, "sklearn.jaccard 0.8000"),
    ("f1_score", {"f1_score": 0.6}, {"train_f1_score": 0.99}, None),
    ("f1_score", {"f1_score": 0.6, "f1_score_macro": 0.9}, {"f1_score": 0.92}, None),
    ("f1_score", {"f1_score": 0.6}, {"accuracy": 0.99}, None),
]


@pytest.mark.parametrize(("primary", "metrics", "recorded", "told"), CLAIMS)
def test_any_metric_that_is_claimed_far_better_is_a_leak(
    primary: str, metrics: dict[str, float], recorded: dict[str, float], told: str | None
) -> None:
    """Whatever ranks, each claim about new rows is held against what was measured, and the widest gap is told."""
    found = candidate("a", metrics=metrics, recorded=recorded)
    (ranked,) = rank([found], None, Rules(primary=primary, claimed=primary))
    assert [alarm.removeprefix("claims ").partition(" but")[0] for alarm in ranked.alarms] == ([told] if told else [])


TOO_GOOD: list[tuple[str, dict[str, float], str | None]] = [
    ("rmse", {"rmse": 0.0, "r2": 1.0}, "r2 1.0000"),
    ("rmse", {"rmse": 0.0, "r2": 0.98}, None),
    ("log_loss", {"log_loss": 0.01, "roc_auc": 0.999}, "roc_auc 0.9990"),
    ("expected_profit", {"expected_profit": 50.0, "f1_score": 0.995}, "f1_score 0.9950"),
    ("sklearn.jaccard", {"sklearn.jaccard": 1.0, "f1_score": 1.0}, "f1_score 1.0000"),
    ("accuracy", {"accuracy": 0.995, "roc_auc": 0.999}, "accuracy 0.9950"),
    ("log_loss", {"log_loss": 0.01, "f1_score": 0.995, "f1_score_macro": 0.5, "f1_score_binary": 0.0}, None),
    ("log_loss", {"log_loss": 0.0}, None),
]


@pytest.mark.parametrize(("primary", "metrics", "told"), TOO_GOOD)
def test_what_is_too_good_is_seen_whatever_ranks(primary: str, metrics: dict[str, float], told: str | None) -> None:
    """By F1, ROC AUC or R² beside the primary metric; a rare class that is never called makes nobody too good."""
    rules = Rules(primary=primary, claimed=primary, leaks=LeakRules(too_good_above=0.99, too_good="refuse"))
    (ranked,) = rank([candidate("a", metrics=metrics)], None, rules)
    assert [alarm.removeprefix("measures ").partition(",")[0] for alarm in ranked.alarms] == ([told] if told else [])
    assert (ranked.place is None) == bool(told)


def test_nothing_is_too_good_without_a_limit() -> None:
    """A policy that sets none is not asked."""
    (ranked,) = rank([candidate("a", 1.0)], None, Rules())
    assert ranked.alarms == ()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({}, None),
        ({"required": frozenset({"a", "z"}), "inputs": {"a": "double", "z": "double"}}, "it needs z"),
        ({"inputs": {"a": "string"}, "required": frozenset({"a"})}, "column a is string, the champion's is double"),
        ({"outputs": ("string",)}, "it answers with string, the champion with long"),
        ({"classes": ("No", "Yes")}, "its classes are No, Yes, the champion's 0, 1"),
        ({"inputs": {"a": "double"}, "required": frozenset({"a"})}, None),
    ],
)
def test_a_candidate_must_fit_where_the_champion_stands(more: dict[str, object], problem: str | None) -> None:
    """It may need less than the champion takes, and nothing else may differ."""
    champion = Signature({"a": "double", "b": "long"}, frozenset({"a", "b"}), ("long",), ("0", "1"))
    rail = judge_signature(replace(champion, **more), champion)  # type: ignore[arg-type]
    assert rail.status == ("fail" if problem else "pass")
    assert problem is None or problem in rail.sentence
    assert judge_signature(None, champion).status == "not measurable"
