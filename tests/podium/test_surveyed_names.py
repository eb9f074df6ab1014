"""Every name of a surveyed project is read: containers, metrics, times, and the fields beside them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from podium.inventory import explanation
from podium.metrics import metric_id
from podium.staged import StagedModel
from tests.podium.factories import NOW, REPORT, staged


def read(document: Any, name: str = "model") -> StagedModel:
    """A staged model with a metadata document."""
    return staged(name, json.dumps(document))


CONTAINERS = {
    **dict.fromkeys(("performance_metrics", "metrics", "performance", "scores"), ("f1_score", "unknown")),
    **dict.fromkeys(("test_metrics", "test_performance"), ("test_f1_score", "test")),
    **dict.fromkeys(("val_metrics", "validation_metrics"), ("val_f1_score", "val")),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_each_container_of_metrics_is_read_with_its_split(container: str) -> None:
    """One whose split nobody told is labelled so."""
    model = read({container: {"f1": 0.8}})
    key, split = CONTAINERS[container]
    assert model.recorded_metrics == {key: 0.8}
    (claim,) = explanation(model)["counts_as_claim"]
    assert (claim["recorded_as"], claim["split"], claim["average"]) == (key, split, "unknown")


@pytest.mark.parametrize("name", ["version", "model_version", "current_version", "latest_version"])
def test_the_scores_of_the_version_that_a_document_is_about_are_read(name: str) -> None:
    """Whatever it calls its version; without one, and with many, there is no telling."""
    scores = {"version_scores": {"1": {"scores": {"f1": 0.6}}, "2": {"scores": {"f1": 0.7}}}}
    assert read({name: 2, **scores}).recorded_metrics == {"f1_score": 0.7}
    assert read(scores).recorded_metrics == {}


def test_a_whole_classification_report_is_read() -> None:
    """As scikit-learn gives it, at the top of a document or within a container."""
    for document in ({"classification_report": REPORT}, {"metrics": {"classification_report": REPORT}}):
        found = read(document).recorded_metrics
        assert (found["accuracy"], found["f1_score_weighted"], found["f1_score_macro"]) == (0.77, 0.79, 0.75)
        assert (found["class_1.recall"], found["class_0.f1_score"]) == (0.7, 0.85)


NAMES = {
    **dict.fromkeys(("f1", "f1_score", "f1-score"), "f1_score"),
    "f1_weighted": "f1_score_weighted",
    "macro_f1": "f1_score_macro",
    "test_f1_macro": "test_f1_score_macro",
    "f1_class1": "class_1.f1_score",
    **dict.fromkeys(("roc_auc", "auc", "auc_roc", "best_auc"), "roc_auc"),
    "test_auc_roc": "test_roc_auc",
    "roc_auc_weighted": "roc_auc_weighted",
    "pr_auc": "average_precision",
}
NO_SCORES = (
    "baseline_f1",
    "baseline_auc",
    "gate_f1",
    "cv_f1_mean",
    "cv_auc_std",
    "cv_accuracy_mean",
    "f1_threshold_05",
)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_of_a_metric_is_read_as_what_it_is(name: str) -> None:
    """In a container and at the top of the document."""
    assert read({"metrics": {name: 0.8}}).recorded_metrics == {NAMES[name]: 0.8}
    assert read({name: 0.8}).recorded_metrics == {NAMES[name]: 0.8}


@pytest.mark.parametrize("name", NO_SCORES)
def test_what_is_no_score_of_the_model_makes_no_claim(name: str) -> None:
    """It is kept under its own name."""
    model = read({"metrics": {name: 0.8}})
    assert (dict(model.recorded_metrics), model.claims, metric_id(name)) == ({name: 0.8}, {}, None)


@pytest.mark.parametrize(
    ("value", "number"),
    [(0.81, 0.81), ("0.81", 0.81), ("81.2%", 0.812), (None, None), (float("nan"), None), ([[70, 5], [9, 16]], None)],
    ids=["a number", "a text", "a percentage", "null", "NaN", "a matrix"],
)
def test_each_form_of_a_value_is_read_or_left(value: Any, number: float | None) -> None:
    """What is no number is never made one."""
    claims = read({"metrics": {"f1": value}}).claims
    assert claims == ({} if number is None else {"f1_score": pytest.approx(number)})


def test_a_dictionary_by_class_is_read_by_class() -> None:
    """Under the name of the classes, or of the container."""
    found = read({"metrics": {"per_class": {"yes": {"f1": 0.6}, "no": {"f1": 0.9}}}}).recorded_metrics
    assert found == {"class_yes.f1_score": 0.6, "class_no.f1_score": 0.9}


TIMES = {
    "2025-08-20T10:46:03": (10, 46, 3),
    "2025-08-20T12:46:03+02:00": (10, 46, 3),
    "2025-08-20T10:46:03Z": (10, 46, 3),
    "2025-08-20 10:46:03": (10, 46, 3),
    "20250820_104603": (10, 46, 3),
    "2025-08-20": (0, 0, 0),
    1755686763: (10, 46, 3),
    1755686763.25: (10, 46, 3),
    "1755686763": (10, 46, 3),
}
TIME_KEYS = (
    *("registered_at", "trained_at", "trained_at_utc", "training_date", "training_timestamp", "train_date"),
    *("created_at", "saved_at", "timestamp", "last_trained"),
)


@pytest.mark.parametrize("value", TIMES, ids=str)
@pytest.mark.parametrize("key", TIME_KEYS)
def test_each_form_of_a_time_is_read_under_each_of_its_names(key: str, value: Any) -> None:
    """And it is said where it was read."""
    model = read({key: value})
    assert model.trained_at.replace(microsecond=0) == datetime(2025, 8, 20, *TIMES[value], tzinfo=UTC)
    assert model.trained_at_source == f"metadata.{key}"


def test_without_a_time_it_is_that_of_the_id_and_then_of_the_file() -> None:
    """Which of them it is, is said."""
    assert read({}, "churn_20250820_104603").trained_at_source == "id"
    assert (read({}).trained_at_source, read({}).trained_at) == ("file time", NOW)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"model_type": "Random Forest Classifier (tuned)"}, "random_forest"),
        ({"algorithm": "XGBoost v2"}, "xgboost"),
        ({"model_name": "our best LightGBM"}, "lightgbm"),
        ({"type": "LogReg"}, "logistic_regression"),
    ],
)
def test_free_text_tells_the_type(document: Any, kind: str) -> None:
    """In anybody's words."""
    assert read(document).model_type == kind


@pytest.mark.parametrize("name", ["hyperparameters", "params", "parameters", "best_params"])
@pytest.mark.parametrize("columns", ["feature_columns", "features", "feature_names"])
@pytest.mark.parametrize("threshold", ["decision_threshold", "optimal_threshold", "threshold"])
@pytest.mark.parametrize("versions", ["library_versions", "package_versions", "versions"])
def test_the_fields_beside_are_read_under_their_usual_names(
    name: str, columns: str, threshold: str, versions: str
) -> None:
    """Hyperparameters, features, decision threshold and library versions."""
    document = {name: {"C": 1}, columns: ["a"], threshold: "0.35", versions: {"scikit-learn": "1.3.2"}}
    model = read(document)
    told = (dict(model.hyperparameters), model.feature_columns, model.threshold, dict(model.versions))
    assert told == ({"C": 1}, ("a",), 0.35, {"scikit-learn": "1.3.2"})
    found = {field["field"]: field["found"] for field in explanation(model)["fields"]}
    assert found["hyperparameters"] == f"metadata.{name}"
    assert found["threshold"] == f"metadata.{threshold}"
