"""The bootstrap scores as measuring does, draws as drawing rows one by one does, and its intervals cover."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from sklearn import metrics as sk

from podium import bootstrap
from podium.bootstrap import Rows, against, compressed, drawn, expanded, one_by_one, paired_bootstrap
from podium.goals import NotScorableError
from podium.measurement import Holdout, Predictions
from podium.measures import measure
from podium.metrics import PROFIT
from podium.scores import KNOWN, panel, target
from tests.podium.classifiers import classifier, family, many_classes, truth_of

CLASSES = ("c", "a", "d", "b")
PROFITS = [[1.0, -5.0], [-20.0, 50.0]]
MEASURED = sorted({*KNOWN} - {PROFIT, "log_loss", "brier_score"})
OF_SEVERAL = [m for m in MEASURED if m != "average_precision"]
OPTIONS: dict[str, Any] = {"confidence": 0.9, "resamples": 500, "seed": 1}


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rounded(said: Predictions) -> Predictions:
    """The same labels, with probabilities that have many ties."""
    assert said.probabilities is not None
    return Predictions(said.labels, said.classes, np.round(said.probabilities, 1))


@pytest.mark.parametrize("metric", MEASURED)
def test_a_score_of_all_rows_is_what_measuring_finds(metric: str) -> None:
    """With a weight of one for each row, each metric of two classes is the measured one."""
    truth = truth_of(generator(), 500)
    said = classifier(generator(1), truth)
    found = panel(target(metric, truth, "yes"), [said]).score(np.ones((1, 500), np.float32))
    assert found[0, 0] == pytest.approx(measure(Holdout("h", "d", truth, "yes"), said).metrics[metric], abs=1e-12)


@pytest.mark.parametrize("metric", OF_SEVERAL)
def test_a_score_of_several_classes_is_what_measuring_finds(metric: str) -> None:
    """The same holds for four classes, in whatever order the model has them."""
    truth = np.array(CLASSES)[generator().integers(0, 4, 400)]
    said = many_classes(generator(1), truth, CLASSES)
    found = panel(target(metric, truth, "b"), [said]).score(np.ones((1, 400), np.float32))
    assert found[0, 0] == pytest.approx(measure(Holdout("h", "d", truth, "b"), said).metrics[metric], abs=1e-12)


@pytest.mark.parametrize("metric", MEASURED)
def test_weights_are_repeated_rows(metric: str) -> None:
    """A row of weight three scores as three such rows do, and one of weight zero as none."""
    truth = truth_of(generator(), 300)
    models = family(generator(1), truth, [0.0, 0.5])
    models = [rounded(m) for m in models]
    goal = target(metric, truth, "yes")
    weights = generator(2).poisson(1, (3, 300)).astype(np.float32)
    found = panel(goal, models).score(weights)
    for b, i in np.ndindex(3, 2):
        rows = np.repeat(goal.order, weights[b].astype(int))
        again = type(models[i])(models[i].labels[rows], models[i].classes, models[i].probabilities[rows])
        expected = measure(Holdout("h", "d", truth[rows], "yes"), again).metrics[metric]
        assert found[b, i] == pytest.approx(expected, abs=1e-12)


def test_losses_are_those_of_scikit_learn() -> None:
    """Log loss and Brier score of two and of four classes, with probabilities of exactly 0 and 1 among them."""
    for classes in (("a", "b"), tuple(sorted(CLASSES))):
        truth = np.array(classes)[generator().integers(0, len(classes), 200)]
        said = many_classes(generator(1), truth, classes)
        said.probabilities[:2] = np.eye(len(classes))[[0, 1]]
        ones = np.ones((1, 200))
        log, brier = (panel(target(m, truth, None), [said]).score(ones)[0, 0] for m in ("log_loss", "brier_score"))
        assert log == pytest.approx(sk.log_loss(truth, said.probabilities, labels=classes))
        binary = said.probabilities[:, 1] if len(classes) == 2 else said.probabilities
        options = {"pos_label": "b"} if len(classes) == 2 else {"labels": classes}
        assert brier == pytest.approx(sk.brier_score_loss(truth, binary, **options))


def test_profit_is_the_mean_of_what_the_outcomes_earn() -> None:
    """Each cell of the confusion matrix earns its part of the profit matrix."""
    truth = truth_of(generator(), 400)
    said = classifier(generator(1), truth)
    found = panel(target(PROFIT, truth, "yes", PROFITS), [said]).score(np.ones((1, 400)))
    assert found[0, 0] == pytest.approx((sk.confusion_matrix(truth, said.labels) * np.array(PROFITS)).sum() / 400)


@pytest.mark.parametrize("metric", ["f1_score", "accuracy", "recall_binary", "f1_score_macro", PROFIT])
def test_drawing_kinds_of_rows_is_drawing_rows(metric: str) -> None:
    """Multinomial counts of kinds give the same mean, spread and quantiles as a literal loop that draws rows."""
    truth = truth_of(generator(), 400)
    pair = family(generator(1), truth, [0.0, 0.6])
    goal = target(metric, truth, "yes", PROFITS)
    rows, models = compressed(goal, pair)
    assert len(rows.counts) <= 8
    kinds = np.vstack([against(models, w, 1) for w in drawn(rows, 6000, 3)])[:, 0]
    single = panel(goal, pair)
    literal = np.vstack([against(single, w, 1) for w in drawn(one_by_one(goal), 6000, 4)])[:, 0]
    spread = literal.std()
    assert kinds.mean() == pytest.approx(literal.mean(), abs=5 * spread / np.sqrt(3000))
    assert kinds.std() == pytest.approx(spread, rel=0.06)
    levels = [0.05, 0.5, 0.95]
    assert np.quantile(kinds, levels) == pytest.approx(np.quantile(literal, levels), abs=0.12 * spread)


def test_many_models_that_agree_make_few_kinds_of_rows() -> None:
    """With 70 models, whose answers no whole number holds, each row is scored as what it is."""
    truth = np.array(["a", "b", "c"])[generator().integers(0, 3, 3000)]
    first = many_classes(generator(1), truth, ("a", "b", "c"))
    models = [Predictions(first.labels.copy()) for _ in range(70)]
    for number, one in enumerate(models):
        one.labels[number : number + 3] = "b"
    goal = target("accuracy", truth, None)
    rows, few = compressed(goal, models)
    assert len(rows.counts) * 16 < 3000 == rows.total
    every = few.score(rows.counts[None, :].astype(np.float64))
    assert every[0] == pytest.approx([sk.accuracy_score(truth, one.labels) for one in models])


def test_rows_are_drawn_with_replacement() -> None:
    """Each resample has as many rows as there are, and leaves about 36.8 percent of them out."""
    weights = np.vstack(list(drawn(Rows(np.ones(1000, dtype=np.int64)), 200, 0)))
    assert (weights.sum(axis=1) == 1000).all()
    assert (weights == 0).mean() == pytest.approx(np.exp(-1), abs=0.003)


@pytest.mark.parametrize("metric", ["f1_score", "roc_auc", "brier_score"])
def test_the_size_of_the_chunks_changes_nothing(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held in memory at once is no part of the answer."""
    truth = truth_of(generator(), 400)
    pair = family(generator(1), truth, [0.0, 0.6])
    whole = paired_bootstrap(target(metric, truth, "yes"), *pair, **OPTIONS)
    monkeypatch.setattr(bootstrap, "CHUNK_BYTES", 10_000)
    parts = paired_bootstrap(target(metric, truth, "yes"), *pair, **OPTIONS)
    assert whole.as_json() == pytest.approx(parts.as_json(), abs=1e-12)


@pytest.mark.parametrize(("metric", "better"), [("accuracy", 1), ("log_loss", 1), ("roc_auc", 1)])
def test_above_zero_is_better(metric: str, better: int) -> None:
    """For a score as for a loss, a better challenger has a positive difference, and a worse one the same, negative."""
    truth = truth_of(generator(), 1000)
    dull, sharp = family(generator(1), truth, [0.0, 1.5])
    forth = paired_bootstrap(target(metric, truth, "yes"), dull, sharp, **OPTIONS)
    back = paired_bootstrap(target(metric, truth, "yes"), sharp, dull, **OPTIONS)
    assert forth.estimate == pytest.approx(-back.estimate)
    assert (forth.low > 0, forth.probability_better, back.probability_better) == (True, 1.0, 0.0)


@pytest.mark.parametrize("metric", sorted({*KNOWN} - {PROFIT}))
def test_the_same_predictions_differ_by_nothing(metric: str) -> None:
    """Against itself a model gains exactly nothing in every resample."""
    truth = truth_of(generator(), 200)
    said = classifier(generator(1), truth)
    found = paired_bootstrap(target(metric, truth, "yes"), said, said, **OPTIONS)
    assert (found.estimate, found.low, found.high, found.standard_error) == (0, 0, 0, 0)
    assert found.probability_better == 0


def test_few_rows_widen_the_interval() -> None:
    """The number of errors is Student's t, times the root of n / (n - 1), and with many rows the normal quantile."""
    assert expanded(1.959964, 10) == pytest.approx(2.262157 * np.sqrt(10 / 9), rel=1e-5)
    assert expanded(1.959964, 10**7) == pytest.approx(1.959964, rel=1e-6)
    assert expanded(1.0, 1) == np.inf


@pytest.mark.parametrize("metric", ["accuracy", "f1_score_binary", "roc_auc"])
def test_the_interval_covers(metric: str) -> None:
    """In 200 samples the 90 percent interval holds the true difference about as often as it says."""
    large = truth_of(generator(7), 200_000)
    goal = target(metric, large, "yes")
    true = against(panel(goal, family(generator(8), large, [0.0, 0.3])), np.ones((1, 200_000), np.float32), 1)[0, 0]
    held = 0
    for seed in range(200):
        source = generator(1000 + seed)
        truth = truth_of(source, 400)
        pair = family(source, truth, [0.0, 0.3])
        found = paired_bootstrap(target(metric, truth, "yes"), *pair, confidence=0.9, resamples=400, seed=seed)
        held += found.low <= true <= found.high
    assert binom.ppf(0.001, 200, 0.9) <= held <= binom.ppf(0.999, 200, 0.9)


@pytest.mark.parametrize(
    ("metric", "positive", "words"),
    [
        ("f1_scroe", "yes", "not known"),
        ("f1_score_binary", "maybe", "positive class"),
        ("expected_profit", "yes", "finite numbers"),
    ],
)
def test_a_metric_that_cannot_be_computed_is_named(metric: str, positive: str, words: str) -> None:
    """A misspelt metric, a missing positive class and a missing profit matrix are refused in words."""
    with pytest.raises(NotScorableError, match=words):
        target(metric, truth_of(generator(), 100), positive)


def test_one_class_is_nothing_to_compare_on() -> None:
    """A holdout of one class is refused."""
    with pytest.raises(NotScorableError, match="1 classes"):
        target("f1_score", np.array(["no"] * 50), "yes")
