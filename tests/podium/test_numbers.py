"""The numbers are scikit-learn's, on any predictions; slices and scorers follow from the rows alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from podium.labels import canonical_labels
from podium.measurement import Holdout, Predictions, Wanted
from podium.measures import measure
from podium.scorers import unknown_scorer
from podium.slices import slice_values, slices_of

AVERAGES = ("weighted", "macro")


def asked(classes: int, rows: int, seed: int) -> tuple[list[str], list[str], np.ndarray]:
    """Truth, answers and probabilities at random; every class is there."""
    random = np.random.default_rng(seed)
    truth = [*range(classes), *random.integers(0, classes, rows)]
    chances = random.dirichlet(np.ones(classes), len(truth))
    return [f"c{i}" for i in truth], [f"c{i}" for i in chances.argmax(axis=1)], chances


@given(st.integers(2, 5), st.integers(0, 60), st.integers(0, 10_000))
def test_every_number_is_that_of_scikit_learn(classes: int, rows: int, seed: int) -> None:
    """Of two classes and of more, from the confusion matrix and from probabilities."""
    truth, said, chances = asked(classes, rows, seed)
    names = [f"c{i}" for i in range(classes)]
    positive = "c1" if classes == 2 else None
    found = measure(
        Holdout("h", "d", canonical_labels(truth), positive), Predictions(canonical_labels(said), tuple(names), chances)
    ).metrics
    expected = {
        "accuracy": sk.accuracy_score(truth, said),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, said),
        "matthews_corrcoef": sk.matthews_corrcoef(truth, said),
        "f1_score": sk.f1_score(truth, said, average="weighted", zero_division=0),
        "f1_score_macro": sk.f1_score(truth, said, average="macro", labels=names, zero_division=0),
        "precision": sk.precision_score(truth, said, average="weighted", zero_division=0),
        "recall_macro": sk.recall_score(truth, said, average="macro", labels=names, zero_division=0),
        "log_loss": sk.log_loss(truth, chances, labels=names),
        "brier_score": sk.brier_score_loss(truth, chances if classes > 2 else chances[:, 1], **_labels(names)),
    }
    if classes == 2:
        positives = np.array(truth) == "c1"
        expected["roc_auc"] = sk.roc_auc_score(positives, chances[:, 1])
        expected["average_precision"] = sk.average_precision_score(positives, chances[:, 1])
        expected["f1_score_binary"] = sk.f1_score(truth, said, pos_label="c1", zero_division=0)
    else:
        expected["roc_auc"] = sk.roc_auc_score(truth, chances, multi_class="ovr", average="weighted", labels=names)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-9)


def _labels(names: list[str]) -> dict[str, object]:
    return {"labels": names} if len(names) > 2 else {"pos_label": names[1]}


def test_a_calibrated_model_has_no_calibration_error() -> None:
    """Of rows that are called 0.25, a quarter are positive; those called otherwise are off by the difference."""
    truth = ["1", "0", "0", "0"] * 25
    holdout = Holdout("h", "d", canonical_labels(truth), "1")

    def error(chance: float) -> float:
        chances = np.tile([1 - chance, chance], (100, 1))
        return measure(holdout, Predictions(canonical_labels(["0"] * 100), ("0", "1"), chances)).metrics[
            "calibration_error"
        ]

    assert error(0.25) == pytest.approx(0)
    assert error(0.45) == pytest.approx(0.2)


def test_profit_is_what_a_row_earns_on_average() -> None:
    """By its true class and by what it is called; what is not given earns nothing."""
    profit = {"1": {"1": 80.0, "0": -200.0}, "0": {"1": -20.0}}
    holdout = Holdout("h", "d", canonical_labels(["1", "1", "0", "0"]), "1", Wanted(profit=profit))
    found = measure(holdout, Predictions(canonical_labels(["1", "0", "1", "0"])))
    assert found.metrics["expected_profit"] == (80 - 200 - 20 + 0) / 4


@pytest.mark.parametrize("positive", ["a", "b"])
def test_a_scorer_is_asked_about_the_positive_class(positive: str) -> None:
    """Whichever of the two it is, and also of models that give no probabilities."""
    truth, said, chances = ["a", "b", "b", "a", "b"], ["a", "b", "a", "a", "b"], np.linspace(0.1, 0.9, 5)
    wanted = Wanted(scorers=("sklearn.jaccard", "sklearn.neg_brier_score"))
    holdout = Holdout("h", "d", canonical_labels(truth), positive, wanted)
    table = np.column_stack([1 - chances, chances])
    found = measure(holdout, Predictions(canonical_labels(said), ("a", "b"), table)).metrics
    jaccard = sk.jaccard_score(truth, said, pos_label=positive)
    assert found["sklearn.jaccard"] == pytest.approx(jaccard)
    assert found["sklearn.neg_brier_score"] == pytest.approx(-found["brier_score"])
    bare = measure(holdout, Predictions(canonical_labels(said))).metrics
    assert bare["sklearn.jaccard"] == pytest.approx(jaccard)
    assert "sklearn.neg_brier_score" not in bare, "what cannot be computed has no value"


def test_a_misspelt_scorer_is_told_what_is_near() -> None:
    """A name that scikit-learn does not have is found when the holdout is read, before anything is measured."""
    assert unknown_scorer("sklearn.jaccard") is None
    assert "jaccard" in str(unknown_scorer("sklearn.jacard"))


def test_slices_are_the_values_of_a_column() -> None:
    """Rare values are one slice together, what is missing is another, and small or uniform ones say too little."""
    truth = canonical_labels(([0, 1] * 30) + [0] * 20)
    values = ["month"] * 30 + ["year"] * 29 + [None] + ["two years"] * 20
    assert [(s.value, len(s.rows)) for s in slices_of("contract", values, truth, 10)] == [("month", 30), ("year", 29)]
    many = [f"city {i % 40}" for i in range(80)]
    found = slices_of("city", many, truth, 10)
    assert [s.value for s in found] == ["other"]


def test_a_number_of_many_values_is_cut_at_its_quartiles() -> None:
    """Ages and charges make four slices; a number of few values is taken by value."""
    truth = canonical_labels([0, 1] * 50)
    assert [s.value for s in slices_of("age", list(range(100)), truth, 10)] == [
        "24.75 to 49.5",
        "49.5 to 74.25",
        "above 74.25",
        "up to 24.75",
    ]
    assert [s.value for s in slices_of("senior", [0, 1, 1, 0] * 25, truth, 10)] == ["0", "1"]


def test_a_slice_is_measured_on_its_rows() -> None:
    """The primary metric of a slice is that of a holdout of these rows alone."""
    truth, said, chances = asked(2, 200, 7)
    labels = canonical_labels(truth)
    parts = slices_of("half", [i % 2 for i in range(len(truth))], labels, 10)
    for primary in ("f1_score", "roc_auc", "sklearn.jaccard"):
        wanted = Wanted(primary, slices=parts, scorers=("sklearn.jaccard",))
        whole = Holdout("h", "d", labels, "c1", wanted)
        found = slice_values(
            measure(whole, Predictions(canonical_labels(said), ("c0", "c1"), chances)).metrics, primary
        )
        rows = parts[0].rows
        alone = Holdout("h", "d", labels[rows], "c1", Wanted(scorers=wanted.scorers))
        own = Predictions(canonical_labels(said)[rows], ("c0", "c1"), chances[rows])
        assert found["half"][parts[0].value] == pytest.approx(measure(alone, own).metrics[primary])
