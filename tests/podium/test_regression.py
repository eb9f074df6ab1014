"""Predicted numbers are measured as scikit-learn does, and nobody is promoted by luck among them either."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from sklearn import metrics as sk

from configs.policy import OF_NUMBERS
from podium.bootstrap import one_by_one
from podium.inventory import take_inventory
from podium.measurement import NO_LABELS, Holdout, Predictions, Wanted
from podium.measures import measure
from podium.metrics import MetricId, metric_id
from podium.number_scores import KNOWN, LOSSES, number_target
from podium.regression import MEASURED
from podium.shown import Asked, Superiority
from podium.slices import Slice
from podium.superiority import show_better
from tests.podium.factories import staged

QUICK = Asked(confidence=0.9, resamples=300, seed=1)
SCIKIT: dict[str, Any] = {
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "r2": sk.r2_score,
    "median_absolute_error": sk.median_absolute_error,
    "mape": sk.mean_absolute_percentage_error,
    "max_error": sk.max_error,
}


def said(numbers: Any) -> Predictions:
    """What a regressor said."""
    return Predictions(NO_LABELS, numbers=np.asarray(numbers, dtype=np.float64))


def family(seed: int, rows: int, noises: list[float], unit: float = 1.0) -> tuple[Any, list[Predictions]]:
    """A truth, and models that share some noise and have some of their own; less noise is better."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(10, 3, rows)
    shared = generator.normal(0, 1, rows)
    return truth * unit, [said((truth + shared + generator.normal(0, n, rows)) * unit) for n in noises]


def compared(metric: str, noises: tuple[float, ...] = (1.0, 1.0, 0.2), **more: Any) -> Superiority:
    """The comparison of models with some noise, of which the first is the champion."""
    truth, (champion, *others) = family(4, 400, list(noises))
    named = {f"m{i}": one for i, one in enumerate(others)}
    return show_better(truth, champion, named, metric, None, QUICK, task="regression", **more)


def test_metrics_are_those_of_scikit_learn() -> None:
    """Each of them, on the whole and on a slice, with a scorer by name."""
    truth, (one,) = family(0, 200, [1.0])
    part = Slice("a", "b", np.arange(50))
    wanted = Wanted("mae", scorers=("sklearn.neg_mean_squared_error",), slices=(part,))
    found = measure(Holdout("h", "d", truth, None, wanted, task="regression"), one)
    assert set(MEASURED) == set(SCIKIT) == set(OF_NUMBERS)
    for name, metric in SCIKIT.items():
        assert found.metrics[name] == pytest.approx(metric(truth, one.numbers))
    assert found.metrics["sklearn.neg_mean_squared_error"] == pytest.approx(-sk.mean_squared_error(truth, one.numbers))
    assert found.metrics["slice_a.b.mae"] == pytest.approx(sk.mean_absolute_error(truth[:50], one.numbers[:50]))
    assert found.confusion_matrix is None


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (said([1.0, np.nan, 3.0]), "no finite numbers"),
        (said([1.0, np.inf, 3.0]), "no finite numbers"),
        (said([1.0, 2.0]), "predicted 2 of 3 rows"),
        (Predictions(np.array(["1", "2", "3"])), "it predicts labels"),
    ],
)
def test_what_does_not_fit_is_a_reason(numbers: Predictions, told: str) -> None:
    """Never a number; and numbers do not fit a holdout of labels."""
    found = measure(Holdout("h", "d", np.array([1.0, 2.0, 3.0]), None, task="regression"), numbers)
    assert (found.metrics, told in str(found.reason)) == ({}, True)
    labels = measure(Holdout("h", "d", np.array(["0", "1", "1"]), "1"), said([0.0, 1.0, 1.0]))
    assert labels.reason == "it predicts numbers; holdout.task is classification"


@pytest.mark.parametrize("metric", [*KNOWN, "sklearn.neg_mean_absolute_error"])
def test_weights_are_repeated_rows(metric: str) -> None:
    """A row of weight three scores as three such rows do, and one of weight zero as none."""
    truth, models = family(0, 150, [1.0, 0.5])
    goal = number_target(metric, truth)
    weights = np.random.default_rng(2).poisson(1, (3, 150)).astype(np.float32)
    found = goal.panel(models).score(weights)
    wanted = Wanted(scorers=(metric,) if metric.startswith("sklearn.") else ())
    for b, i in np.ndindex(3, 2):
        rows = np.repeat(np.arange(150), weights[b].astype(int))
        again = said(models[i].numbers[rows])
        expected = measure(Holdout("h", "d", truth[rows], None, wanted, task="regression"), again).metrics[metric]
        assert found[b, i] == pytest.approx(expected, abs=1e-12)
    assert one_by_one(goal).total == 150


@pytest.mark.parametrize("metric", [*KNOWN, "sklearn.neg_mean_absolute_error"])
def test_a_better_challenger_is_shown_better(metric: str) -> None:
    """Above zero is better, whichever direction the metric has; tests of labels do not apply."""
    found = compared(metric)
    assert (found.verdict, found.best) == ("better", "m1"), found.reason
    first = found.challengers[0]
    assert first.difference is not None
    assert first.lower_bound is not None
    assert 0 < first.lower_bound < first.difference.estimate
    assert (first.mcnemar, first.delong) == (None, None)
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["best"] == "m1"


@pytest.mark.parametrize("metric", KNOWN)
def test_identical_predictions_are_never_better(metric: str) -> None:
    """Whoever says what the champion says gains exactly nothing, in whatever unit."""
    truth, (champion, worse) = family(4, 300, [1.0, 2.0], unit=1e6)
    asked = replace(QUICK, minimum_improvement=0.0)
    found = show_better(truth, champion, {"same": champion, "worse": worse}, metric, None, asked, task="regression")
    same = next(c for c in found.challengers if c.candidate == "same")
    assert (found.best, same.verdict, same.differing_rows) == (None, "not shown better", 0)
    assert (same.difference.estimate, same.lower_bound) == (0.0, 0.0)  # type: ignore[union-attr]


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2", "median_absolute_error"])
def test_luck_promotes_no_more_often_than_stated(metric: str) -> None:
    """Where nobody is better, at most 10 percent of 200 selections among six challengers promote somebody."""
    promoted = 0
    for seed in range(200):
        truth, (champion, *others) = family(seed, 200, [1.0] * 7)
        named = {f"m{i}": one for i, one in enumerate(others)}
        asked = replace(QUICK, resamples=200, seed=seed)
        promoted += show_better(truth, champion, named, metric, None, asked, task="regression").verdict == "better"
    assert promoted <= binom.ppf(0.999, 200, 0.1)


def test_an_error_that_is_smaller_by_a_tenth_is_found() -> None:
    """Of 500 rows and six challengers, one whose error is a tenth smaller is found in 80 of 100 selections."""
    found = 0
    for seed in range(100):
        truth, (champion, better, *others) = family(seed, 500, [1.0, 0.75, *[1.0] * 5])
        named = {"better": better, **{f"m{i}": one for i, one in enumerate(others)}}
        asked = replace(QUICK, confidence=0.95, seed=seed)
        found += show_better(truth, champion, named, "rmse", None, asked, task="regression").best == "better"
    assert found >= 80


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("f1_score", "not known of a regression"),
        ("max_error", "hangs on a single row"),
        ("sklearn.nothing", "resamples"),
    ],
)
def test_a_metric_that_cannot_be_shown_keeps_the_champion(metric: str, words: str) -> None:
    """One of labels, one that resampling says nothing of, and one that is not there."""
    found = compared(metric)
    assert found.best is None
    assert words in found.reason


def test_losses_of_rows_are_those_that_are_known() -> None:
    """Whatever follows from losses of rows is a metric that is measured."""
    assert set(LOSSES) < set(KNOWN) < set(MEASURED)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("rmse", MetricId("rmse")),
        ("test_RMSE", MetricId("rmse", "test")),
        ("mean_absolute_error", MetricId("mae")),
        ("val_mean_squared_error", MetricId("mse", "val")),
        ("r2_score", MetricId("r2")),
        ("max_error", MetricId("max_error")),
        ("mean_f1", None),
        ("max_accuracy", None),
        ("error_mean", None),
    ],
)
def test_recorded_names_of_errors_are_known(name: str, found: MetricId | None) -> None:
    """The mean absolute error is a score; the mean of a score is none."""
    assert metric_id(name) == found


def test_an_inventory_puts_the_smallest_claimed_error_first() -> None:
    """Regressors claim no F1: they stand in the order of their errors, and who claims nothing stands last."""
    told = {"silent": "{}", "worse": '{"metrics": {"rmse": 3.5}}', "better": '{"metrics": {"rmse": 2.5}}'}
    found = take_inventory([staged(name, text) for name, text in told.items()], ())
    assert [model.model_id for model in found.models] == ["better", "worse", "silent"]
