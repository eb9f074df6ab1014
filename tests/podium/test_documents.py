"""A file about many models tells each its own, by path as far as that goes, and never another's."""

import json
from typing import Any

import pytest

from podium.documents import broken_registry, combine, shared_in
from podium.registries import Listing, entries_of


def entry(document: Any, model: str, model_id: str, near: bool = True) -> Any:
    """What a document says of a model, None if nothing."""
    found = Listing.of(entries_of(json.dumps(document))).entry_for(model, model_id, near)
    return json.loads(found)["f1"] if found else None


BY_PATH = [{"path": "v1/model.pkl", "f1": 0.4}, {"path": "models\\v2\\model.pkl", "f1": 0.5}]


@pytest.mark.parametrize(
    ("document", "model", "model_id", "value"),
    [
        (BY_PATH, "v1/model.pkl", "v1", 0.4),
        (BY_PATH, "v2/model.pkl", "v2", 0.5),
        (BY_PATH, "v3/model.pkl", "v3", None),
        ({"models": BY_PATH}, "v2/model.pkl", "v2", 0.5),
        ([{"file": "churn_a.pkl", "f1": 0.4}, {"file": "churn_b.pkl", "f1": 0.5}], "x/churn_b.pkl", "x/churn_b", 0.5),
        ([{"path": "old/churn_a.pkl", "f1": 0.4}], "new/churn_a.pkl", "new/churn_a", 0.4),
        ([{"path": "a/model.pkl", "f1": 0.4}, {"path": "a/model.pkl", "f1": 0.5}], "a/model.pkl", "a", None),
        ({"v1": {"f1": 0.4}, "v2": {"f1": 0.5}}, "churn/v2/model.pkl", "churn/v2", 0.5),
        ({"v1": {"f1": 0.4}, "v2": {"f1": 0.5}}, "churn/model_v2.pkl", "churn/model_v2", 0.5),
        ({"1.0.2": {"f1": 0.4}, "1.0.3": {"f1": 0.5}}, "churn/model_1.0.3.pkl", "churn/model_1.0.3", 0.5),
        ({"versions": {"v1": {"f1": 0.4}}}, "churn/v1/model.pkl", "churn/v1", 0.4),
        ({"metrics": {"f1": 0.4}, "params": {"f1": 0.5}}, "metrics/model.pkl", "metrics", None),
    ],
)
def test_each_model_finds_its_own_entry(document: Any, model: str, model_id: str, value: float | None) -> None:
    """By the longest end of its path, by its id, by the version at its end; where two fit, by neither."""
    assert entry(document, model, model_id) == value


def test_a_file_at_the_root_knows_no_short_names() -> None:
    """Every folder has a v1: one that is not beside the models must tell more."""
    assert entry({"v1": {"f1": 0.4}}, "churn/v1/model.pkl", "churn/v1", near=False) is None


MODELS = {
    "name": "churn",
    "versions": [{"version": "v1", "path": "a/one.pkl", "f1": 0.4}, {"version": "v2", "f1": 0.5}],
}
OTHER = {"name": "fraud", "versions": [{"version": "v1", "f1": 0.8}, {"version": "v2", "f1": 0.9}]}
NESTED = {"churn": {"v1": {"f1": 0.4}, "v2": {"f1": 0.5}}, "fraud": {"versions": {"v2": {"f1": 0.9}}}}


@pytest.mark.parametrize(
    ("document", "model", "model_id", "value"),
    [
        ({"churn_rf": {"metrics": {"f1": 0.4}, "f1": 0.4}, "churn_lr": {"f1": 0.5}}, "churn_rf/m.pkl", "churn_rf", 0.4),
        ({"v1": {"f1": 0.4}, "v2": {"f1": 0.5}, "latest": "v2"}, "churn/v1/model.pkl", "churn/v1", 0.4),
        ({"models": [MODELS]}, "x/one.pkl", "x/one", 0.4),
        ({"models": [MODELS]}, "churn/v2/model.pkl", "churn/v2", 0.5),
        ({"models": [MODELS]}, "churn_v2.pkl", "churn_v2", 0.5),
        ({"models": [MODELS, OTHER]}, "churn/v2/model.pkl", "churn/v2", 0.5),
        ({"models": [MODELS, OTHER]}, "fraud_v1.pkl", "fraud_v1", 0.8),
        ({"models": [MODELS, OTHER]}, "other/v2/model.pkl", "other/v2", None),
        ({"models": NESTED}, "fraud/v2/model.pkl", "fraud/v2", 0.9),
        (NESTED, "churn/v2/model.pkl", "churn/v2", 0.5),
        ({"1": {"f1": 0.4}, "2": {"f1": 0.5}}, "churn/v2/model.pkl", "churn/v2", 0.5),
        ({"v1": {"f1": 0.4}, "v2": {"f1": 0.5}}, "churn/2/model.pkl", "churn/2", 0.5),
        ({"2": {"f1": 0.4}, "v2": {"f1": 0.5}}, "churn/v2/model.pkl", "churn/v2", 0.5),
        (
            [{"file_path": "a/churn_rf.pkl", "f1": 0.4}, {"file_path": "b.pkl", "f1": 0.5}],
            "churn_rf.pkl",
            "churn_rf",
            0.4,
        ),
        (
            [{"model_name": "churn_rf", "f1": 0.4}, {"model_name": "b", "f1": 0.5}],
            "churn_rf/model.pkl",
            "churn_rf",
            0.4,
        ),
        ([{"path": "models/churn_rf/", "f1": 0.4}, {"path": "models/b", "f1": 0.5}], "churn_rf/m.pkl", "churn_rf", 0.4),
        ([{"path": "models/churn/v1", "f1": 0.4}], "churn/v1/model.pkl", "churn/v1", 0.4),
        ([{"path": "models/fraud/v1", "f1": 0.4}], "churn/v1/model.pkl", "churn/v1", None),
    ],
)
def test_each_way_of_listing_models_is_read(document: Any, model: str, model_id: str, value: float | None) -> None:
    """By id without paths, by versions of models, with a ``v`` or without, by the model's folder; never another's."""
    assert entry(document, model, model_id) == value


def version(name: str, number: str, f1: float) -> dict[str, Any]:
    """An entry that tells its name and its version apart."""
    return {"model_name": name, "version": number, "f1": f1}


PAIRS = [version("churn", "v1", 0.4), version("churn", "v2", 0.5), version("fraud", "v1", 0.8)]
BY_VERSION = {"v1": {"f1": 0.4}, "v2": {"f1": 0.5}}
LISTED = [{"version": "1", "f1": 0.4}, {"version": "2", "f1": 0.5}]
BESIDE = ("current", "production", "schema_version", "generated_at", "created_at", "best_model", "baseline")


@pytest.mark.parametrize(
    ("document", "model", "model_id", "value"),
    [
        (PAIRS, "churn/v2/model.pkl", "churn/v2", 0.5),
        (PAIRS, "fraud_v1.pkl", "fraud_v1", 0.8),
        (PAIRS, "fraud_v2.pkl", "fraud_v2", None),
        ([version("churn", "v1", 0.4), version("fraud", "v2", 0.5)], "fraud_v1.pkl", "fraud_v1", None),
        ([version("RandomForest", "v1", 0.4), version("XGBoost", "v2", 0.5)], "churn/v2/m.pkl", "churn/v2", 0.5),
        ([version("churn_v1", "v1", 0.4), version("churn_v2", "v2", 0.5)], "x/v2/m.pkl", "x/v2", 0.5),
        *(({**BY_VERSION, key: "v2"}, "churn/v2/model.pkl", "churn/v2", 0.5) for key in BESIDE),
        *(({"churn_a": {"f1": 0.4}, key: "x"}, "churn_a/m.pkl", "churn_a", 0.4) for key in (*BESIDE, "updated_at")),
        ({"churn": {"versions": {"1": {"f1": 0.4}}}, "fraud": {"versions": {}}}, "churn/1/m.pkl", "churn/1", 0.4),
        ({"churn": LISTED, "fraud": LISTED}, "fraud/2/m.pkl", "fraud/2", 0.5),
        ({"models": {"churn": LISTED}}, "churn/2/m.pkl", "churn/2", 0.5),
        *(
            ({key: [{"id": "churn_a", "f1": 0.4}]}, "churn_a.pkl", "churn_a", 0.4)
            for key in ("trained_models", "experiments", "model_registry")
        ),
        ({"versions": {"sklearn": "1.3"}, "trained_models": [{"id": "a", "f1": 0.4}]}, "a.pkl", "a", 0.4),
    ],
)
def test_usual_registries_are_read(document: Any, model: str, model_id: str, value: float | None) -> None:
    """Name and version apart, plain values beside the entries, versions of several models, other words for a list."""
    assert entry(document, model, model_id) == value


def test_library_versions_beside_entries_are_those_of_each() -> None:
    """Unless an entry tells its own; above several models they hold for those without an entry, too."""
    document = {"sklearn_version": "1.3.2", "v1": {"f1": 0.4}, "v2": {"f1": 0.5, "library_versions": {"numpy": "1.26"}}}
    first, second = (json.loads(found.text) for found in entries_of(json.dumps(document)))
    assert (first["sklearn_version"], "sklearn_version" in second) == ("1.3.2", False)
    assert shared_in("a/metadata.json", json.dumps(document)).document == {"sklearn_version": "1.3.2"}


@pytest.mark.parametrize("document", [{"owner": "us", "models": 3}, [1, 2], {"best_f1": 0.4, "rf": {"f1": 0.4}}])
def test_a_registry_of_which_nothing_is_read_is_said(document: Any) -> None:
    """Whoever has models below it learns that its entries reach none of them."""
    found = broken_registry("registry.json", json.dumps(document))
    assert found and found.problem and "lists no models" in found.problem.message
    assert not broken_registry("registry.json", "{}")
    assert not broken_registry("registry.json", json.dumps(PAIRS))


@pytest.mark.parametrize(
    "document",
    [
        {"n_classes": 2, "1": {"f1": 0.4}, "2": {"f1": 0.5}},
        {"accuracy": 0.8, "churn_a": {"f1": 0.4}},
        {"note": "x", "training_data": {"path": "a/model.pkl"}},
        {"packages": [{"name": "numpy", "version": "1.26"}]},
        {"metrics": {"test": {"f1": 0.4}}, "params": {"C": 1}},
        {"model": {"metrics": {"f1": 0.4}}},
        {"train": {"f1": 0.4}, "test": {"f1": 0.5}},
        {"training": {"metrics": {"f1": 0.4}}, "evaluation": {"f1": 0.5}},
        {"0": {"f1": 0.4}, "1": {"f1": 0.5}},
        {"1": {"f1": 0.4, "support": 10}, "2": {"f1": 0.5, "support": 9}},
        {"class_1": {"f1": 0.4}, "class_2": {"f1": 0.5}},
        {"macro avg": {"f1": 0.4}, "weighted avg": {"f1": 0.5}},
        {"baseline": {"f1": 0.4}, "gate": {"f1": 0.5}},
        {"data": {"rows": 4}, "authors": {"names": 5}},
        {"model_type": "xgb", "1": {"f1": 0.4}, "2": {"f1": 0.5}},
        {"versions": {"sklearn": "1.3"}, "metrics": {"f1": 0.4}},
        {"models": 3, "f1": 0.4},
    ],
)
def test_what_one_model_has_is_no_list_of_models(document: Any) -> None:
    """Sections, splits, classes and rows of a report are parts of one."""
    assert entries_of(json.dumps(document)) == ()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("test_metrics_v5.json", {"test_metrics": {"f1": 0.5}}),
        ("metrics_v5.json", {"metrics": {"f1": 0.5}}),
        ("params_v5.json", {"hyperparameters": {"f1": 0.5}}),
        ("metrics_v6.json", {"f1": 0.5}),
    ],
)
@pytest.mark.parametrize("model", ["model_v5", "xgb_churn_v5"])
def test_a_word_in_the_place_of_model_tells_what_a_file_holds(file: str, said: object, model: str) -> None:
    """Its split is that of the word, and bare parameters are no metadata."""
    assert combine([(file, '{"f1": 0.5}')], (model,)).said == said
