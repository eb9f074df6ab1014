"""The number names the leading candidate; it replaces the champion only if the rows show that it is better."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from podium.candidate import Candidate, Rails, Rules
from podium.decision import canonical_json, evidence_of, record, stable_digest
from podium.evidence import MOST, asked_of, challengers_in, champion_in, chosen_among, names_of, shown
from podium.measurement import Holdout, Predictions
from podium.measures import measure
from podium.ranking import Selection, choose
from podium.report import render
from podium.shown import Asked
from podium.superiority import show_better, worth_of_best
from tests.podium.classifiers import family, truth_of
from tests.podium.factories import candidate

ASKED = Asked(confidence=0.95, resamples=400, seed=3)


def field(*lifts: float, rows: int = 900, seed: int = 4) -> tuple[Any, dict[str, Predictions], list[Candidate]]:
    """Truth, predictions and measured candidates ``m0``, the champion, ``m1`` and so on, each sharper by its lift."""
    generator = np.random.default_rng(seed)
    truth = truth_of(generator, rows)
    said = {f"m{i}": one for i, one in enumerate(family(generator, truth, list(lifts)))}
    holdout = Holdout("h", "d", truth, "yes")
    metrics = {name: measure(holdout, one).metrics for name, one in said.items()}
    return truth, said, [candidate(name, metrics=found) for name, found in metrics.items()]


def decided(*lifts: float, asked: Asked = ASKED, rows: int = 900, **rules: Any) -> Selection:
    """The verdict on ``m0`` in production and the others as challengers."""
    truth, said, candidates = field(*lifts, rows=rows)
    selection = choose(candidates, "m-m0", Rules(**rules))
    champion = champion_in(selection, "m-m0")
    assert champion is not None
    if selection.promoted is None:
        return selection
    compared, question = asked_of(challengers_in(selection, champion), asked)
    theirs = {name: said[c.model_id] for name, c in names_of(compared).items()}
    found = show_better(truth, said["m0"], theirs, "f1_score", "yes", question)
    return shown(selection, found, champion, compared)


def test_a_challenger_that_is_better_replaces_the_champion() -> None:
    """With the gain, its bound, and what is left of it on rows that did not choose it."""
    selection = decided(0.0, 0.2, 1.5)
    assert (selection.verdict, selection.promoted and selection.promoted.model_id) == ("promote", "m2")
    assert selection.reasons[0].startswith("m2 replaces m0: m2 gains +")
    assert "with 2 challengers accounted for the gain is at least +" in selection.reasons[0]
    assert any("on rows that did not choose it" in reason for reason in selection.reasons)


def test_a_challenger_that_is_better_by_luck_is_kept_out() -> None:
    """Its number is higher, and the rows do not show that it would be on others."""
    _, _, candidates = field(0.0, 0.0, 0.0, 0.0)
    assert choose(candidates, "m-m0", Rules()).verdict == "promote", "by its number it would win"
    selection = decided(0.0, 0.0, 0.0, 0.0)
    assert (selection.verdict, selection.promoted) == ("keep", None)
    assert selection.reasons[0].startswith("m0 stays: ")
    assert "more than 0.0000 is asked for" in selection.reasons[0]
    assert not any("replaces" in reason for reason in selection.reasons)


def test_those_that_a_guardrail_keeps_out_are_counted_and_not_promoted() -> None:
    """One that gains most may not be promoted, and whoever is left was chosen among all of them."""
    truth, said, candidates = field(0.0, 1.8, 1.2, 0.1)
    barred = replace(candidates[1], size=10_000_000)
    rules = Rules(rails=Rails(size_mb=1.0))
    selection = choose([candidates[0], barred, *candidates[2:]], "m-m0", rules)
    champion = champion_in(selection, "m-m0")
    assert champion is not None
    compared, question = asked_of(challengers_in(selection, champion), ASKED)
    assert ([c.model_id for c in compared], question.among) == (["m2", "m3", "m1"], 3)
    found = show_better(
        truth, said["m0"], {c.model_id: said[c.model_id] for c in compared}, "f1_score", "yes", question
    )
    assert found.best == "m1"
    told = shown(selection, found, champion, compared)
    assert (told.promoted and told.promoted.model_id) == "m2"
    assert "with 3 challengers accounted for" in told.reasons[0]

    nobody = choose([candidates[0], barred, candidates[3]], "m-m0", rules)
    kept = shown(nobody, found, champion, challengers_in(nobody, champion))
    assert kept.verdict == "keep"
    assert kept.reasons[0].startswith("m0 stays: m3 gains")


def promotions_by_luck(rounds: int) -> int:
    """How often one of ten that are all alike is promoted, where a floor on the same rows bars those of low recall."""
    won = 0
    for seed in range(rounds):
        truth, said, candidates = field(*[0.0] * 11, rows=300, seed=seed)
        middle = sorted(c.metrics["recall"] for c in candidates[1:])[5]
        chosen = choose([candidates[0], *candidates[1:]], "m-m0", Rules(rails=Rails(minimum={"recall": middle})))
        champion = candidates[0]
        if chosen.promoted is None or champion_in(chosen, "m-m0") is None:
            continue
        compared, asked = asked_of(challengers_in(chosen, champion), replace(ASKED, confidence=0.9, resamples=200))
        theirs = {c.model_id: said[c.model_id] for c in compared}
        found = show_better(truth, said["m0"], theirs, "f1_score", "yes", asked)
        won += shown(chosen, found, champion, compared).promoted is not None
    return won


def test_a_floor_does_not_make_luck_easier() -> None:
    """Of 200 selections among ten that are no better at most a tenth promotes one, within what chance allows."""
    assert promotions_by_luck(200) <= 20 + 2.33 * (200 * 0.1 * 0.9) ** 0.5


def test_of_those_that_are_shown_better_the_policy_ranks_the_first() -> None:
    """The winner stands before every other that is shown better."""
    selection = decided(0.0, 1.5, 1.8, 1.6)
    better = {c["candidate"] for c in selection.comparison["challengers"] if c["verdict"] == "better"}
    first = next(r.candidate.model_id for r in selection.ranking if r.candidate.model_id in better)
    assert len(better) > 1
    assert selection.promoted is not None
    assert selection.promoted.model_id == first


def test_too_few_rows_are_a_verdict_of_their_own() -> None:
    """Nothing can be shown on them, and the champion stays."""
    selection = decided(0.0, 1.5, rows=25)
    assert (selection.verdict, selection.promoted) == ("not enough data", None)
    assert "25 rows" in selection.reasons[0]


def test_a_champion_that_meets_a_guardrail_no_more_need_not_be_beaten() -> None:
    """Anyone who meets it is better: the comparison is of those who may be in production."""
    _, _, candidates = field(0.0, 0.2)
    low = replace(candidates[0], metrics={**candidates[0].metrics, "recall": 0.1})
    selection = choose([low, candidates[1]], "m-m0", Rules(rails=Rails(minimum={"recall": 0.5})))
    assert selection.verdict == "promote"
    assert champion_in(selection, "m-m0") is None


def test_a_champion_of_which_a_guardrail_cannot_be_measured_must_be_beaten() -> None:
    """What is not known never lets a challenger win: a worse one stays out, a better one needs the evidence."""
    _, _, candidates = field(0.0, 0.2)
    champion, challenger = (replace(c, size=size) for c, size in zip(candidates, (None, 10), strict=True))
    rules = Rules(rails=Rails(size_mb=1.0))
    selection = choose([champion, challenger], "m-m0", rules)
    assert selection.promoted == challenger
    assert champion_in(selection, "m-m0") == champion
    worse = replace(challenger, metrics={**challenger.metrics, "f1_score": 0.01})
    assert choose([champion, worse], "m-m0", rules).verdict == "keep"


def test_a_champion_that_fails_a_guardrail_is_named_with_it() -> None:
    """The record says why nothing had to be beaten."""
    _, _, candidates = field(0.0, 0.2)
    low = replace(candidates[0], metrics={**candidates[0].metrics, "recall": 0.1})
    selection = choose([low, candidates[1]], "m-m0", Rules(rails=Rails(minimum={"recall": 0.5})))
    assert "m0 need not be beaten: guardrail recall >= 0.5 fails: 0.1000" in selection.reasons[0]


def test_the_first_of_many_is_not_as_good_as_it_looks() -> None:
    """Twelve models that are all alike: the best number is above what the same one measures on many other rows."""
    inflation = []
    for seed in range(20):
        truth, said, candidates = field(*[0.0] * 12, rows=300, seed=seed)
        selection = choose(candidates, None, Rules())
        assert selection.best is not None
        found = worth_of_best(truth, list(said.values()), "f1_score", "yes", replace(ASKED, resamples=200))
        told = chosen_among(selection, found, len(said), len(truth))
        assert found is not None
        assert found.naive == pytest.approx(selection.best.metrics["f1_score"])
        assert f"measure {found.estimate:.4f} f1_score on rows that did not choose it" in told.reasons[1]
        average = np.mean([c.metrics["f1_score"] for c in candidates])
        inflation.append((found.naive - average, found.estimate - average))
    naive, shrunken = np.mean(inflation, axis=0)
    assert naive > 0.01
    assert abs(shrunken) < naive / 2


def test_a_first_champion_of_few_rows_is_said_to_be_chance() -> None:
    """It is promoted, because there is nothing better, and people read what that is worth."""
    selection = choose([candidate("a")], None, Rules())
    told = chosen_among(selection, None, 1, 12)
    assert "the holdout has 12 rows; below 30 which one is best is largely chance" in told.reasons
    assert chosen_among(selection, None, 1, 30) == selection


def test_losses_are_shrunken_in_their_own_direction() -> None:
    """Of a loss the shrunken estimate is the larger one; alone there is no choice, and nothing to shrink."""
    truth, said, _ = field(*[0.0] * 6, rows=300)
    found = worth_of_best(truth, list(said.values()), "log_loss", "yes", ASKED)
    assert found is not None
    assert 0 < found.naive < found.estimate
    assert worth_of_best(truth, [said["m0"]], "log_loss", "yes", ASKED) is None
    assert worth_of_best(truth, list(said.values()), "f1_scroe", "yes", ASKED) is None


def test_candidates_of_one_name_are_told_apart() -> None:
    """Two people may have called their models the same."""
    one, other = (replace(candidate("same"), logged_model_id=name) for name in ("m-1", "m-2"))
    assert names_of([one, other, candidate("own")]) == {
        "same (m-1)": one,
        "same (m-2)": other,
        "own": candidate("own"),
    }


@pytest.fixture
def candidate_of_many() -> list[Candidate]:
    """More challengers than are compared."""
    return [candidate(f"m{i:04d}") for i in range(MOST + 300)]


def test_those_that_are_not_compared_still_count(candidate_of_many: list[Candidate]) -> None:
    """The best of very many is luckier than the best of those that were looked at."""
    compared, asked = asked_of(candidate_of_many, ASKED)
    assert (len(compared), asked.among) == (MOST, MOST + 300)
    truth, said, _ = field(0.0, 0.35)
    few, many = (
        show_better(truth, said["m0"], {"m1": said["m1"]}, "f1_score", "yes", replace(ASKED, among=among))
        for among in (1, 10_000)
    )
    assert few.challengers[0].lower_bound > many.challengers[0].lower_bound


def test_the_record_and_the_report_hold_the_comparison() -> None:
    """The record names every challenger with its numbers, the report shows the intervals; neither says what is new."""
    selection = decided(0.0, 0.2, 1.5)
    policy = {"primary": {"metric": "f1_score", "average": "weighted"}, "ties": []}
    evidence = evidence_of(selection, {"name": "h", "digest": "d", "rows": 900}, policy)
    assert canonical_json(evidence["comparison"])
    assert stable_digest(evidence) == stable_digest({**evidence, "comparison": None})
    known: Any = {"sequence": 1, "before": "0" * 64, "decided_at": "2026-01-01", "champion": "1", "asked_by": "user"}
    report = render(record(selection, evidence, code_version="0", **known), {}, "")
    assert "## Against the champion" in report.markdown
    assert "McNemar" in report.markdown
    assert "<h2>Against the champion</h2>" in report.html
    assert 'class="reach"' in report.html


def test_the_ranking_of_a_report_says_how_sure_each_number_is() -> None:
    """An interval stands beside the number that it is of; where there is none, nothing is said; it is no news."""
    plain = decided(0.0, 0.2, 1.5)
    first = plain.ranking[0].candidate.logged_model_id
    policy = {"primary": {"metric": "f1_score", "average": "weighted"}, "ties": [], "evidence": {"confidence": 0.9}}
    holdout = {"name": "h", "digest": "d", "rows": 900}
    known: Any = {"sequence": 1, "before": "0" * 64, "decided_at": "2026-01-01", "champion": "1", "asked_by": "user"}
    sure, unsure = (
        evidence_of(one, holdout, policy) for one in (replace(plain, intervals={first: (0.61, 0.72)}), plain)
    )
    assert stable_digest(sure) == stable_digest(unsure)
    told, silent = (render(record(plain, e, code_version="0", **known), {}, "") for e in (sure, unsure))
    for text in (told.markdown, told.html):
        assert "0.6100 to 0.7200" in text
        assert "by itself, at 90 %" in text
    assert "by itself" not in silent.markdown + silent.html
