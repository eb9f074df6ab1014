"""The interval of one model's number is the known one, and holds as often as it says."""

from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from podium.intervals import intervals
from podium.measurement import NO_LABELS, Predictions
from podium.shown import Asked

ASKED = Asked(confidence=0.9, resamples=1000, seed=3)


def right_in(share: float, rows: int, seed: int) -> tuple[Any, Predictions]:
    """Rows of two classes, and predictions that are right with a probability."""
    chance = np.random.default_rng(seed)
    truth = np.where(chance.random(rows) < 0.5, "yes", "no")
    other = np.where(truth == "yes", "no", "yes")
    return truth, Predictions(np.where(chance.random(rows) < share, truth, other))


def test_the_interval_of_an_accuracy_is_that_of_a_proportion() -> None:
    """Of 4,000 rows, of which four in five are right: 1.645 standard errors of a proportion to either side."""
    truth, said = right_in(0.8, 4000, 0)
    low, high = intervals(truth, {"m": said}, "accuracy", "yes", ASKED)["m"]
    share = float((truth == said.labels).mean())
    error = 1.645 * (share * (1 - share) / 4000) ** 0.5
    assert (low, high) == (pytest.approx(share - error, abs=error / 10), pytest.approx(share + error, abs=error / 10))


def test_it_holds_as_often_as_it_says() -> None:
    """Nine in ten intervals at 90 percent hold the true accuracy; of 300, between 250 and 290."""
    held = 0
    for seed in range(300):
        truth, said = right_in(0.75, 200, seed)
        low, high = intervals(truth, {"m": said}, "accuracy", "yes", Asked(0.9, resamples=400, seed=seed))["m"]
        held += low <= 0.75 <= high
    assert 250 <= held <= 290


def test_the_same_rows_give_the_same_interval_whoever_else_is_listed() -> None:
    """An interval is a model's own."""
    truth, said = right_in(0.8, 500, 1)
    _, other = right_in(0.6, 500, 1)
    alone = intervals(truth, {"m": said}, "f1_score", "yes", ASKED)
    assert intervals(truth, {"a": other, "m": said}, "f1_score", "yes", ASKED)["m"] == alone["m"]


def test_a_ranking_metric_has_one_too() -> None:
    """ROC AUC is drawn row by row."""
    truth, said = right_in(0.8, 400, 2)
    chances = np.random.default_rng(2).normal((truth == "yes").astype(float), 1.0)
    ranked = Predictions(said.labels, ("no", "yes"), np.column_stack([1 - expit(chances), expit(chances)]))
    low, high = intervals(truth, {"m": ranked}, "roc_auc", "yes", ASKED)["m"]
    assert 0.5 < low < high < 1


@pytest.mark.parametrize(
    ("rows", "metric"),
    [(12, "accuracy"), (400, "no_such_metric"), (400, "roc_auc")],
    ids=["too few rows", "an unknown metric", "no probabilities"],
)
def test_where_nothing_can_be_said_there_is_none(rows: int, metric: str) -> None:
    """No interval is better than a made-up one."""
    truth, said = right_in(0.8, rows, 3)
    assert intervals(truth, {"m": said, "silent": Predictions(NO_LABELS)}, metric, "yes", ASKED) == {}
