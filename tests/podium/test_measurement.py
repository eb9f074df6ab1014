"""What Podium measures is what scikit-learn measures, in one spelling of the labels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn import metrics as sk

from podium.labels import canonical, canonical_labels
from podium.measurement import Holdout, Predictions
from podium.measures import measure
from podium.metrics import metric_key

TRUTH = ["0", "0", "1", "1", "1", "0", "1", "0"]
SAID = ["0", "1", "1", "1", "0", "0", "1", "0"]
SCORE = np.array([0.1, 0.6, 0.9, 0.7, 0.4, 0.2, 0.8, 0.3])
HOLDOUT = Holdout("h", "d", canonical_labels(TRUTH), "1")


def said(labels: list[str], classes: tuple[str, ...] = ("0", "1")) -> Predictions:
    """Predictions with the score as the probability of the second class."""
    return Predictions(canonical_labels(labels), classes, np.column_stack([1 - SCORE, SCORE]))


@pytest.mark.parametrize("average", ["weighted", "macro", "binary"])
def test_the_numbers_are_those_of_scikit_learn(average: str) -> None:
    """F1, AUC and average precision agree for every way of averaging."""
    found = measure(HOLDOUT, said(SAID)).metrics
    positive = np.array(TRUTH) == "1"
    assert found[metric_key("f1_score", average)] == pytest.approx(
        sk.f1_score(TRUTH, SAID, average=average, pos_label="1")
    )
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(positive, SCORE))
    assert found["average_precision"] == pytest.approx(sk.average_precision_score(positive, SCORE))


def test_the_confusion_matrix_counts_every_row() -> None:
    """Rows are true labels, columns predicted ones."""
    found = measure(HOLDOUT, said(SAID))
    assert (found.labels, found.matrix) == (("0", "1"), ((3, 1), (1, 3)))
    assert found.metrics["class_1.recall"] == 0.75


@pytest.mark.parametrize("value", [1, 1.0, True, np.int64(1), np.bool_(True), "1", " 1 "])
def test_one_has_one_spelling(value: object) -> None:
    """However a model says one, it is "1"."""
    assert canonical(value) == "1"


def test_zero_and_one_are_read_as_no_and_yes() -> None:
    """A model of 0 and 1 is measured on a holdout of words, by its positive class."""
    words = Holdout("h", "d", canonical_labels(["Yes" if t == "1" else "No" for t in TRUTH]), "Yes")
    assert measure(words, said(SAID)).metrics["f1_score"] == measure(HOLDOUT, said(SAID)).metrics["f1_score"]
    assert measure(words, said(SAID)).metrics["roc_auc"] == measure(HOLDOUT, said(SAID)).metrics["roc_auc"]


@pytest.mark.parametrize(
    ("predicted", "reason"),
    [(["stay"] * 8, "it predicts"), (["0"] * 3, "3 of 8 rows")],
)
def test_what_does_not_fit_is_a_reason_and_no_number(predicted: list[str], reason: str) -> None:
    """Foreign labels and missing rows are not scored."""
    found = measure(HOLDOUT, Predictions(canonical_labels(predicted)))
    assert found.metrics == {}
    assert reason in (found.reason or "")


def test_probabilities_that_are_no_numbers_are_no_measurement() -> None:
    """One that says NaN of a single row has no number at all, whatever its labels are worth."""
    score = SCORE.copy()
    score[3] = np.nan
    found = measure(HOLDOUT, Predictions(canonical_labels(SAID), ("0", "1"), np.column_stack([1 - score, score])))
    assert (found.metrics, found.reason) == ({}, "some of its probabilities are no finite numbers")


def test_raw_scores_are_no_probabilities() -> None:
    """An objective of raw scores makes labels that look right, and numbers that no metric of probabilities stands."""
    found = measure(HOLDOUT, Predictions(canonical_labels(SAID), ("0", "1"), np.column_stack([-SCORE, 1 + SCORE])))
    assert found.metrics == {}
    assert "not between 0 and 1" in str(found.reason)


@given(
    st.lists(st.sampled_from(["0", "1", "2", "", "No"]), max_size=9),
    st.lists(st.sampled_from(["0", "1", "2", "x"]), max_size=4),
    st.none() | arrays(np.float64, array_shapes(min_dims=1, max_dims=3, max_side=8), elements=st.floats()),
)
def test_whatever_a_model_answers_it_is_measured_or_told_why_not(
    labels: list[str], classes: list[str], chances: np.ndarray | None
) -> None:
    """What a model answers is somebody else's; only finite numbers come of it, or a reason."""
    for holdout in (HOLDOUT, replace(HOLDOUT, positive=None)):
        found = measure(holdout, Predictions(canonical_labels(labels), tuple(classes), chances))
        assert bool(found.metrics) is (found.reason is None)
        assert np.isfinite(list(found.metrics.values())).all()


def test_who_asks_for_the_truth_is_not_measured() -> None:
    """A model that wants the column that it is to predict is worth nothing, be it ever so right."""
    holdout = replace(HOLDOUT, target="churn")
    found = measure(holdout, said(TRUTH))
    assert found.asked_by(holdout, ["tenure"], ["tenure"]).metrics == found.metrics
    assert "asks for churn" in str(found.asked_by(holdout, ["tenure", "churn"], ["tenure"]).reason)


def test_without_probabilities_there_is_no_auc() -> None:
    """A model that gives labels only is measured by labels only."""
    found = measure(HOLDOUT, Predictions(canonical_labels(SAID))).metrics
    assert "roc_auc" not in found
    assert "f1_score" in found


def test_more_than_two_classes_are_measured() -> None:
    """Without a positive class AUC is one against the rest, weighted."""
    truth = ["a", "b", "c", "a", "b", "c"]
    chances = np.array(
        [[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8], [0.5, 0.3, 0.2], [0.4, 0.3, 0.3], [0.2, 0.3, 0.5]]
    )
    found = measure(
        Holdout("h", "d", canonical_labels(truth), None), Predictions(canonical_labels(truth), ("a", "b", "c"), chances)
    )
    expected = sk.roc_auc_score(truth, chances, multi_class="ovr", average="weighted", labels=["a", "b", "c"])
    assert found.metrics["roc_auc"] == pytest.approx(expected)
    assert found.metrics["f1_score"] == 1.0
