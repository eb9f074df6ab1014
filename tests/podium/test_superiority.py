"""Nobody is promoted by luck more often than stated, who is truly better is, and every doubt keeps the champion."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from podium.measurement import Holdout, Predictions
from podium.measures import measure
from podium.shown import Asked, Superiority
from podium.superiority import least_differing_rows, seed_of, show_better
from tests.podium.classifiers import classifier, family, many_classes, of_score, truth_of

QUICK = Asked(confidence=0.9, resamples=300, seed=1)


def compared(
    metric: str = "f1_score", rows: int = 600, lifts: tuple[float, ...] = (0.0, 0.1, 1.5), **more: Any
) -> Superiority:
    generator = np.random.default_rng(4)
    truth = truth_of(generator, rows)
    champion, *others = family(generator, truth, list(lifts))
    return show_better(truth, champion, {f"m{i}": m for i, m in enumerate(others)}, metric, "yes", QUICK, **more)


@pytest.mark.parametrize("metric", ["f1_score", "roc_auc", "log_loss", "recall_binary", "average_precision"])
def test_a_better_challenger_is_shown_better(metric: str) -> None:
    """The clear winner is the best, with its interval, its tests and a sentence."""
    found = compared(metric)
    assert (found.verdict, found.best, found.leading) == ("better", "m1", "m1")
    first = found.challengers[0]
    assert first.difference is not None
    assert first.mcnemar is not None
    assert first.delong is not None
    assert 0 < first.lower_bound < first.difference.estimate
    assert "m1 gains" in found.reason
    assert "2 challengers accounted for" in found.reason


def test_kinds_of_rows_give_the_verdict_that_rows_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several challengers too: bounds and shrunken gain lie within what resampling leaves open."""
    by_kind = compared(rows=4000)
    monkeypatch.setattr("podium.bootstrap.ROWS_PER_KIND", 10_000)
    by_row = compared(rows=4000)
    assert by_kind.shrunken is not None
    assert by_row.shrunken is not None
    assert (by_kind.verdict, by_kind.best) == (by_row.verdict, by_row.best) == ("better", "m1")
    for kind, row in zip(by_kind.challengers, by_row.challengers, strict=True):
        assert kind.difference is not None
        assert row.difference is not None
        assert kind.difference.estimate == pytest.approx(row.difference.estimate, abs=1e-12)
        assert kind.difference.standard_error == pytest.approx(row.difference.standard_error, rel=0.15)
        assert kind.lower_bound == pytest.approx(row.lower_bound, abs=row.difference.standard_error)
    assert by_kind.shrunken.naive == by_row.shrunken.naive
    assert by_kind.shrunken.estimate == pytest.approx(by_row.shrunken.estimate, abs=by_row.shrunken.naive / 10)


def test_the_difference_is_that_of_the_measurements() -> None:
    """The estimate is challenger minus champion as they were measured."""
    generator = np.random.default_rng(4)
    truth = truth_of(generator, 600)
    champion, other = family(generator, truth, [0.0, 1.0])
    holdout = Holdout("h", "d", truth, "yes")
    gain = measure(holdout, other).metrics["f1_score"] - measure(holdout, champion).metrics["f1_score"]
    for challengers in ({"a": other}, {"a": other, "b": champion}):
        found = show_better(truth, champion, challengers, "f1_score", "yes", QUICK)
        assert found.challengers[0].difference.estimate == pytest.approx(gain)  # type: ignore[union-attr]


def test_the_order_of_arrival_changes_nothing() -> None:
    """The same challengers in any order give the same document."""
    generator = np.random.default_rng(4)
    truth = truth_of(generator, 400)
    champion, *others = family(generator, truth, [0.0, 0.5, 0.5, 0.2])
    named = {f"m{i}": m for i, m in enumerate(others)}
    texts = {
        json.dumps(show_better(truth, champion, {n: named[n] for n in order}, "f1_score", "yes", QUICK).as_json())
        for order in (("m0", "m1", "m2"), ("m2", "m0", "m1"))
    }
    assert len(texts) == 1


@pytest.mark.parametrize("metric", ["f1_score", "roc_auc", "log_loss"])
def test_identical_predictions_are_never_better(metric: str) -> None:
    """Whoever says what the champion says gains exactly nothing, alone or among others."""
    generator = np.random.default_rng(4)
    truth = truth_of(generator, 400)
    champion, worse = classifier(generator, truth, 0.8), classifier(generator, truth, 0.6)
    for challengers in ({"same": champion}, {"same": champion, "twin": champion, "worse": worse}):
        found = show_better(truth, champion, challengers, metric, "yes", replace(QUICK, minimum_improvement=-0.5))
        same = found.challengers[0]
        assert (same.candidate, same.verdict, same.differing_rows) == ("same", "not shown better", 0)
        assert (same.difference.estimate, same.lower_bound) == (0.0, 0.0)  # type: ignore[union-attr]
        assert found.best is None


def test_the_minimum_improvement_is_asked_of_the_bound() -> None:
    """A gain that is large enough, but not surely, is not enough; the bound must lie above the minimum."""
    bound = compared().challengers[0].lower_bound
    assert bound is not None
    for minimum, verdict in (
        (bound - 0.001, "better"),
        (bound, "not shown better"),
        (bound + 0.001, "not shown better"),
    ):
        generator = np.random.default_rng(4)
        truth = truth_of(generator, 600)
        champion, *others = family(generator, truth, [0.0, 0.1, 1.5])
        asked = replace(QUICK, minimum_improvement=minimum)
        found = show_better(truth, champion, {"m0": others[0], "m1": others[1]}, "f1_score", "yes", asked)
        assert found.verdict == verdict


@pytest.mark.parametrize(("rows", "words"), [(29, "29 rows"), (31, "rows of class")])
def test_a_small_holdout_is_not_enough_data(rows: int, words: str) -> None:
    """Too few rows, or too few of one class, decide nothing, and the reason counts them."""
    truth = np.array(["no"] * (rows - 9) + ["yes"] * 9)
    flawless = of_score(np.where(truth == "yes", 0.9, 0.1))
    hopeless = of_score(np.where(truth == "yes", 0.1, 0.9))
    found = show_better(truth, hopeless, {"new": flawless}, "f1_score", "yes", QUICK)
    assert (found.verdict, found.best) == ("not enough data", None)
    assert words in found.reason


@pytest.mark.parametrize("metric", ["f1_score", "log_loss"])
def test_few_differing_rows_show_nothing(metric: str) -> None:
    """Being right on three rows more out of three is no evidence, however the bootstrap looks."""
    truth = np.array(["no", "yes"] * 200)
    score = np.where(truth == "yes", 0.9, 0.1)
    worse = score.copy()
    worse[:3] = 1 - worse[:3]
    found = show_better(
        truth, of_score(worse), {"new": of_score(score)}, metric, "yes", replace(QUICK, confidence=0.95)
    )
    assert found.verdict == "not enough data"
    assert "differ on 3 rows; fewer than 5" in found.reason


@pytest.mark.parametrize(("challengers", "least"), [(1, 5), (2, 6), (15, 9), (1000, 15)])
def test_the_least_number_of_differing_rows_is_that_of_the_sign_test(challengers: int, least: int) -> None:
    """It is the first number of wins in a row that is rarer than 5 percent shared by all challengers."""
    assert least_differing_rows(0.95, challengers) == least
    assert 0.5**least <= 0.05 / challengers < 0.5 ** (least - 1)


BAD = {
    "not finite": lambda p: Predictions(p.labels, p.classes, np.where(p.probabilities > 0.35, p.probabilities, np.nan)),
    "needs probabilities": lambda p: Predictions(p.labels),
    "predicted 10 of 400": lambda p: Predictions(p.labels[:10], p.classes, p.probabilities[:10]),
    "predicts maybe": lambda p: Predictions(np.where(p.labels == "yes", "maybe", "no"), p.classes, p.probabilities),
    "between 0 and 1": lambda p: Predictions(p.labels, p.classes, p.probabilities * 2),
    "all 0 for a row": lambda p: Predictions(p.labels, p.classes, p.probabilities * (np.arange(400) > 0)[:, None]),
    "do not fit": lambda p: Predictions(p.labels, p.classes, p.probabilities[:, :1]),
}


@pytest.mark.parametrize("words", BAD)
def test_what_cannot_be_scored_never_wins_and_never_loses_to_anyone(words: str) -> None:
    """A challenger that cannot be scored is left out with the reason; a champion that cannot be is not replaced."""
    generator = np.random.default_rng(4)
    truth = truth_of(generator, 400)
    champion, better = family(generator, truth, [0.0, 2.0])
    found = show_better(truth, champion, {"bad": BAD[words](better), "good": better}, "roc_auc", "yes", QUICK)
    assert found.best == "good"
    assert words in found.challengers[-1].reason
    assert found.challengers[-1].difference is None
    alone = show_better(truth, champion, {"bad": BAD[words](better)}, "roc_auc", "yes", QUICK)
    assert (alone.verdict, alone.best) == ("not shown better", None)
    kept = show_better(truth, BAD[words](champion), {"good": better}, "roc_auc", "yes", QUICK)
    assert (kept.verdict, kept.best) == ("not shown better", None)
    assert words in kept.reason


@pytest.mark.parametrize(
    ("metric", "asked", "words"),
    [
        ("f1_scroe", QUICK, "metric f1_scroe is not known"),
        ("f1_score", replace(QUICK, confidence=float("nan")), "confidence"),
        ("f1_score", replace(QUICK, confidence=1.0), "confidence"),
        ("f1_score", replace(QUICK, minimum_improvement=float("nan")), "minimum improvement"),
        ("f1_score", replace(QUICK, resamples=20), "too few"),
        ("f1_score", replace(QUICK, seed=-1), "negative"),
    ],
)
def test_a_question_that_makes_no_sense_keeps_the_champion(metric: str, asked: Asked, words: str) -> None:
    """A misspelt metric, a confidence that is none and too few resamples are reasons to keep it."""
    generator = np.random.default_rng(4)
    truth = truth_of(generator, 200)
    champion, better = family(generator, truth, [0.0, 3.0])
    found = show_better(truth, champion, {"new": better}, metric, "yes", asked)
    assert (found.verdict, found.best) == ("not shown better", None)
    assert words in found.reason


def test_no_challenger_is_not_shown_better() -> None:
    """Without anybody to compare nobody is better."""
    truth = np.array(["no", "yes"] * 50)
    found = show_better(truth, of_score(np.full(100, 0.4)), {}, "f1_score", "yes", QUICK)
    assert (found.verdict, found.challengers) == ("not shown better", ())


def test_several_classes_are_compared() -> None:
    """With more than two classes there is no DeLong test, and the rest is there."""
    generator = np.random.default_rng(4)
    classes = ("a", "b", "c")
    truth = np.array(classes)[generator.integers(0, 3, 500)]
    champion = many_classes(generator, truth, classes)
    right = many_classes(generator, truth, classes)
    better = Predictions(np.where(generator.random(500) < 0.5, truth, right.labels), classes, right.probabilities)
    found = show_better(truth, champion, {"new": better}, "f1_score_macro", None, QUICK)
    assert (found.best, found.challengers[0].delong) == ("new", None)


@pytest.mark.parametrize(
    ("metric", "challengers", "rows"),
    [
        ("f1_score", 1, 300),
        ("f1_score", 6, 100),
        ("f1_score", 20, 300),
        ("f1_score_binary", 6, 300),
        ("roc_auc", 6, 200),
        ("average_precision", 6, 150),
        ("log_loss", 6, 200),
    ],
)
def test_luck_promotes_no_more_often_than_stated(metric: str, challengers: int, rows: int) -> None:
    """Where nobody is better, at most 10 percent of 250 selections at confidence 0.9 promote somebody.

    The allowance is what a binomial share of 10 percent exceeds once in a thousand times.
    """
    promoted = 0
    for seed in range(250):
        generator = np.random.default_rng(seed)
        truth = truth_of(generator, rows)
        champion, *others = family(generator, truth, [0.3] * (challengers + 1))
        named = {f"m{i}": m for i, m in enumerate(others)}
        asked = replace(QUICK, resamples=200, seed=seed)
        promoted += show_better(truth, champion, named, metric, "yes", asked).verdict == "better"
    assert promoted <= binom.ppf(0.999, 250, 0.1)


def test_choosing_by_the_number_alone_promotes_by_luck() -> None:
    """The same six challengers, none of them better, beat the champion's number in most selections."""
    lucky = 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        truth = truth_of(generator, 300)
        scores = [np.mean(m.labels == truth) for m in family(generator, truth, [0.3] * 7)]
        lucky += max(scores[1:]) > scores[0]
    assert lucky > 70


def test_a_challenger_that_is_better_by_seven_points_is_found() -> None:
    """Of 1,000 rows and six challengers, one that is right on 87 percent replaces one of 80 in 80 of 100 selections."""
    found = 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        truth = truth_of(generator, 1000)
        champion = classifier(generator, truth, 0.80)
        better, others = classifier(generator, truth, 0.87), [classifier(generator, truth, 0.8) for _ in range(5)]
        named = {"better": better, **{f"m{i}": m for i, m in enumerate(others)}}
        shown = show_better(truth, champion, named, "accuracy", "yes", replace(QUICK, confidence=0.95, seed=seed))
        found += shown.best == "better"
    assert found >= 80


def test_the_document_is_json_without_nan() -> None:
    """All of it can be recorded, also where nothing could be computed."""
    for found in (compared(), compared(rows=20), compared("f1_scroe")):
        assert json.loads(json.dumps(found.as_json(), allow_nan=False))["verdict"] == found.verdict


def test_a_seed_comes_from_what_is_compared() -> None:
    """The same texts give the same seed, others another one."""
    assert seed_of("digest", "champion") == seed_of("digest", "champion") != seed_of("digest", "other")
