"""What metadata says is read as it is written, and whatever cannot be read is a finding."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.claims import read_claims
from podium.documents import broken_registry, of_version, shared_in
from podium.fields import FIELDS
from podium.inventory import explanation, take_inventory
from podium.metadata import parse_staged
from podium.metrics import claims_of, metric_id
from podium.plan import STATES, Known, MigrationReport, Outcome, plan_migration
from podium.readings import as_number
from podium.registries import Listing, entries_of
from podium.staged import StagedModel
from podium.summary import summarise
from podium.times import parse_time
from tests.podium.factories import NOW, staged

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    *("metrics", "performance_metrics", "f1_score", "model_id", "hyperparameters", "trained_at", "feature_columns"),
    *("test", "training", "model", "weighted avg", "threshold", "requirements", "version_scores", "confusion_matrix"),
]


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5))
def test_no_metadata_raises(document):  # type: ignore[no-untyped-def]
    """Any JSON under any known key is read, or is a problem."""
    assert staged("a", json.dumps(document)).model_id == "a"


ODD = st.sampled_from([None, True, -0.5, float("nan"), 10**400, "", "0.8", "1.3.2", "2025-01-01", "\ud800"])
VALUES = ODD | st.lists(ODD, max_size=2)
INNER = st.sampled_from(["name", "type", "value", "version", "f1", "test"])
ROW = st.dictionaries(INNER, VALUES | st.dictionaries(INNER, VALUES, max_size=2), min_size=1, max_size=3)
ROWS = VALUES | ROW | st.lists(ROW, min_size=1, max_size=3)
PLACES = [
    *(names[0] for names in FIELDS.values()),
    *("metrics", "classification_report", "test", "training", "model_info"),
    *("version_scores", "models", "versions", "f1"),
]


@pytest.mark.parametrize("place", PLACES)
@given(file=st.sampled_from(["metadata.json", "metrics.json", "params.json"]), one=ROWS, more=ROWS)
def test_no_odd_value_raises(place: str, file: str, one: Any, more: Any) -> None:
    """Whatever stands where a field is looked for, in a file of the model, above it, or in one about many."""
    own = json.dumps(more if one is None else {place: one, "version": more})
    listing = Listing.of(entries_of(own), [one for one in [broken_registry("registry.json", own)] if one])
    entry = listing.entry_for("a/v1/model.pkl", "a/v1", near=True)
    above = (of_version(shared_in(f"a/{file}", own), "v1"),)
    texts = ((file, own), *((("registry.json", entry),) if entry else ()))
    for metadata in (texts, texts[1:]):
        model = parse_staged(replace(staged("a/v1").folder, metadata=metadata, above=above))
        assert json.dumps(explanation(model), allow_nan=False)


def test_no_depth_raises() -> None:
    """Two files that hold objects within objects, as deep as JSON is read, are merged as far as they are looked at."""
    for name in ("f1", "test", "metrics"):
        text = f'{{"{name}": ' * 900 + "1" + "}" * 900
        folder = staged("a").folder
        assert parse_staged(replace(folder, metadata=(("metadata.json", text), ("metrics.json", text)))).claims == {}


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    """Any text at all is read, or is a problem."""
    assert staged("a", text).model_id == "a"


@pytest.mark.parametrize(
    ("value", "number"),
    [(0.81, 0.81), ("0.81", 0.81), ("81.2%", 0.812), (1, 1.0), ("x", None), (None, None), (True, None), ("nan", None)],
)
def test_numbers_are_read_as_people_write_them(value: object, number: float | None) -> None:
    """Numbers, texts of numbers and percentages count; anything else does not."""
    assert as_number(value) == (pytest.approx(number) if number is not None else None)


@pytest.mark.parametrize("name", ["f1", "f1_score", "f1-score"])
def test_a_metric_has_many_names(name: str) -> None:
    """Each usual name of F1 is F1."""
    assert staged("a", json.dumps({"metrics": {name: 0.5}})).recorded_metrics == {"f1_score": 0.5}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        *((name, "f1_score") for name in ("f1", "f1_score", "f1-score", "F1", "F1 Score", "f1Score", "best_f1")),
        *((name, "roc_auc") for name in ("roc_auc", "auc", "auc_roc", "AUC-ROC", "best_auc", "rocAuc")),
        *((name, "average_precision") for name in ("pr_auc", "average_precision", "auc_pr")),
        ("f1_weighted", "f1_score_weighted"),
        ("macro_f1", "f1_score_macro"),
        ("test_f1_macro", "test_f1_score_macro"),
        ("f1_class1", "class_1.f1_score"),
        ("f1_class_1", "class_1.f1_score"),
        ("test_auc_roc", "test_roc_auc"),
        ("roc_auc_weighted", "roc_auc_weighted"),
        ("train_accuracy", "train_accuracy"),
        ("accuracy_train", "train_accuracy"),
        ("validation_recall", "val_recall"),
        ("cv_accuracy", "cv_accuracy"),
    ],
)
def test_a_name_is_read_with_its_split_and_average(name: str, key: str) -> None:
    """What a metric was measured on, and how it was averaged, is part of what it is."""
    metric = metric_id(name)
    assert metric is not None
    assert metric.key == key


@pytest.mark.parametrize(
    "name",
    [
        "baseline_f1",
        "gate_auc",
        "cv_f1_mean",
        "cv_f1_std",
        "f1_threshold_0.5",
        "accuracy_target",
        "n_rows",
        "",
        "class",
    ],
)
def test_what_is_no_score_of_the_model_is_none(name: str) -> None:
    """Baselines, gates, thresholds and statistics over folds are not what the model scored."""
    assert metric_id(name) is None


def recorded(document: object) -> dict[str, float]:
    """The metrics that a metadata document records."""
    return dict(staged("a", json.dumps(document)).recorded_metrics)


def test_training_scores_are_no_claim() -> None:
    """A model that records its training set's scores alone claims nothing, and that is a finding."""
    model = staged("a", json.dumps({"train_metrics": {"f1": 0.99, "accuracy": 0.99}}))
    assert model.recorded_metrics == {"train_f1_score": 0.99, "train_accuracy": 0.99}
    assert model.claims == {}
    assert "training-scores" in {p.code for p in model.problems}


def test_splits_and_averages_never_merge() -> None:
    """Each stays under its own name, whatever the container, and the claim is that of the test set."""
    document = {
        "train_metrics": {"f1": 0.9},
        "metrics": {"test": {"f1_macro": 0.6, "f1_weighted": 0.7}, "validation": {"f1": 0.8}},
        "accuracy": "81.2%",
    }
    found = recorded(document)
    assert found == {
        "train_f1_score": 0.9,
        "test_f1_score_macro": 0.6,
        "test_f1_score_weighted": 0.7,
        "val_f1_score": 0.8,
        "accuracy": pytest.approx(0.812),
    }
    assert claims_of(found) == {"f1_score": 0.7, "accuracy": pytest.approx(0.812)}


def test_containers_that_disagree_are_a_finding() -> None:
    """Of two numbers for one metric the first counts, and the other is told."""
    model = staged("a", json.dumps({"performance_metrics": {"f1": 0.8}, "metrics": {"f1_score": 0.7}}))
    assert model.claims == {"f1_score": 0.8}
    (problem,) = [p for p in model.problems if p.code == "metrics-disagree"]
    assert "performance_metrics.f1" in problem.message
    assert "metrics.f1_score" in problem.message


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"metrics": {"f1": 0.85}, "test_metrics": {"f1": 0.80}}, ["metrics.f1", "test_metrics.f1"]),
        ({"f1": 0.85, "metrics": {"val": {"f1": 0.80}}}, ["in f1", "metrics.val.f1"]),
        ({"metrics": {"f1": 0.85}, "scores": {"f1": 0.80}}, ["metrics.f1", "scores.f1"]),
        ({"performance": {"1": {"f1": 0.9}}, "test_metrics": {"1": {"f1": 0.8}}}, ["performance.1", "test_metrics.1"]),
        ({"train_metrics": {"f1": 0.95}, "test_metrics": {"f1": 0.80}}, []),
        ({"metrics": {"f1": 0.80}, "train_metrics": {"f1": 0.95}}, []),
        ({"metrics": {"f1": 0.80}, "val_metrics": {"f1": 0.85}, "test_metrics": {"f1": 0.8012}}, []),
        ({"metrics": {"f1": 0.8123}, "scores": {"f1": "81%"}, "test_metrics": {"f1": "81.2%"}}, []),
        ({"metrics": {"rmse": 1234.5}, "test_metrics": {"rmse": 1234}}, []),
        ({"metrics": {"f1": 1.0}, "test_metrics": {"f1": 0.8}}, ["metrics.f1", "test_metrics.f1"]),
        ({"metrics": {"f1": 0.85, "test_f1": 0.80, "cv_f1": 0.81}}, []),
        ({"metrics": {"f1_macro": 0.6}, "test_metrics": {"f1_weighted": 0.7}}, []),
    ],
)
def test_what_says_no_split_may_disagree_too(document: dict[str, Any], told: list[str]) -> None:
    """A container of no known split against another, or one of new rows, unless one number is the other's rounding.

    The split stays part of each number's name.
    """
    read = read_claims(document)
    problems = [p.message for p in read.problems if p.code == "metrics-disagree"]
    assert len(problems) == bool(told)
    assert all(path in message for message in problems for path in told)
    assert any(key.startswith("test_") for key in read.metrics) == ("test" in str(document))


def test_numbers_beside_the_scores_are_kept_under_their_own_names() -> None:
    """Nothing in a container is lost, and nothing that is no score becomes one."""
    found = recorded({"metrics": {"f1": 0.8, "baseline_f1": 0.5, "train_seconds": 12, "note": "fine"}})
    assert found == {"f1_score": 0.8, "baseline_f1": 0.5, "train_seconds": 12.0}


def test_the_scores_of_the_version_are_taken() -> None:
    """A file that lists the scores of many versions gives those of its own."""
    scores = {"v1": {"scores": {"f1": 0.6}}, "v2": {"scores": {"f1": 0.7}}}
    assert recorded({"version": "v2", "version_scores": scores}) == {"f1_score": 0.7}


@pytest.mark.parametrize("value", [1.7, -0.2, "81.2", 1.8e308])
def test_an_impossible_value_is_a_finding(value: object) -> None:
    """An F1 of 81.2 is no F1."""
    model = staged("a", json.dumps({"metrics": {"f1": value}}))
    assert model.claims == {}
    assert "bad-metric" in {p.code for p in model.problems}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"model_type": "Random Forest Classifier (tuned)"}, "random_forest"),
        ({"algorithm": "XGBClassifier"}, "xgboost"),
        ({"model_info": {"type": "Logistic Regression"}}, "logistic_regression"),
        ({"model_type": "GradientBoostingClassifier", "model_name": "x"}, "gradient_boosting"),
        ({"estimator": "sklearn.svm.SVC"}, "svm"),
    ],
)
def test_free_text_tells_the_type(document: object, kind: str) -> None:
    """People write types in their own words."""
    assert staged("a", json.dumps(document)).model_type == kind


def test_every_field_says_where_it_was_found() -> None:
    """Nothing is read without a trace of where."""
    document = {"metrics": {"f1": 0.8}, "training_date": "2025-08-20", "model_info": {"params": {"a": 1}}}
    found = staged("xgboost_1", json.dumps(document)).found
    assert found["f1_score"] == "metrics.f1"
    assert found["trained_at"] == "metadata.training_date"
    assert found["hyperparameters"] == "metadata.model_info.params"
    assert found["model_type"] == "id"


def test_what_no_json_holds_is_explained_as_text() -> None:
    """Parameters may be no finite numbers: those of XGBoost tell by one what stands for a gap."""
    model = staged("a", '{"hyperparameters": {"missing": NaN, "of": {"bounds": [-Infinity, 1e999]}}}')
    values = {field["field"]: field["value"] for field in explanation(model)["fields"]}
    assert values["hyperparameters"] == {"missing": "NaN", "of": {"bounds": ["-Infinity", "Infinity"]}}
    assert json.dumps(explanation(model), allow_nan=False)


def test_class_wise_metrics_are_kept_by_label() -> None:
    """A classification report gives metrics per class."""
    report = {"1": {"precision": 0.5, "support": 10}, "weighted avg": {"precision": 0.9}}
    found = staged("a", json.dumps({"metrics": {"f1": 0.5, "classification_report": report}})).recorded_metrics
    assert found == {"f1_score": 0.5, "class_1.precision": 0.5, "precision_weighted": 0.9}


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2025-08-20T10:46:03", "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("2025-08-20T10:46:03", "Europe/Berlin", datetime(2025, 8, 20, 8, 46, 3, tzinfo=UTC)),
        ("2025-08-20T10:46:03Z", "Europe/Berlin", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("2025-08-20T12:46:03+02:00", "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("xgboost_20250820_104603", "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("xgboost_20259920_104603", "UTC", None),
        ("2025-08-20 10:46:03", "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("2025-08-20T10:46:03.123456", "UTC", datetime(2025, 8, 20, 10, 46, 3, 123456, tzinfo=UTC)),
        ("2025-08-20", "UTC", datetime(2025, 8, 20, tzinfo=UTC)),
        ("churn_model_20250820", "UTC", datetime(2025, 8, 20, tzinfo=UTC)),
        (1755686763, "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        (1755686763000, "Europe/Berlin", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", "UTC", None),
        ("1969-12-31", "UTC", None),
        (True, "UTC", None),
        ("yesterday", "UTC", None),
        (20250820, "UTC", datetime(2025, 8, 20, tzinfo=UTC)),
        (20259920, "UTC", None),
        (20250820104603, "Europe/Berlin", datetime(2025, 8, 20, 8, 46, 3, tzinfo=UTC)),
        (99999999999999, "UTC", None),
        ("9999-12-31", "UTC", None),
        ("churn-2025-08-20", "UTC", datetime(2025, 8, 20, tzinfo=UTC)),
        ("churn_2025_08_20", "UTC", datetime(2025, 8, 20, tzinfo=UTC)),
        ("2025-08-20_xgb", "UTC", datetime(2025, 8, 20, tzinfo=UTC)),
        ("12345678_2025-08-20", "UTC", datetime(2025, 8, 20, tzinfo=UTC)),
        ("2025-08-20 10:46:03 UTC", "Europe/Berlin", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("2025-08-20T10:46:03.25Z", "UTC", datetime(2025, 8, 20, 10, 46, 3, 250000, tzinfo=UTC)),
        ("2025/08/20 10:46:03", "Europe/Berlin", datetime(2025, 8, 20, 8, 46, 3, tzinfo=UTC)),
        ("2025-08-20_10-46-03", "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ("2025-08-20_10-04", "UTC", datetime(2025, 8, 20, 10, 4, tzinfo=UTC)),
        # The offset of a zone's letters is not known here: the day alone is.
        ("2025-08-20 10:46:03 CET", "UTC", datetime(2025, 8, 20, tzinfo=UTC)),
        ("run 1-2-2025", "UTC", None),
        ("02/01/2025", "UTC", None),
        ("Aug 20, 2025", "UTC", datetime(2025, 8, 20, tzinfo=UTC)),
        ("20 August 2025 10:46", "Europe/Berlin", datetime(2025, 8, 20, 8, 46, tzinfo=UTC)),
        ("Wed, 20 Aug 2025 10:46:03 +0200", "UTC", datetime(2025, 8, 20, 8, 46, 3, tzinfo=UTC)),
        ("2025-08-20 10:46:03 PM", "UTC", datetime(2025, 8, 20, 22, 46, 3, tzinfo=UTC)),
        ("2025-08-20T10:46:03.25Z[UTC]", "UTC", datetime(2025, 8, 20, 10, 46, 3, 250000, tzinfo=UTC)),
        ({"$date": "2025-08-20T10:46:03Z"}, "UTC", datetime(2025, 8, 20, 10, 46, 3, tzinfo=UTC)),
        ({"$date": {"$date": 1}}, "UTC", None),
        ("may", "UTC", None),
    ],
)
def test_times_are_read_with_their_zone(value: object, zone: str, expected: datetime | None) -> None:
    """A time without an offset is in the configured zone; what is no time is None."""
    assert parse_time(value, zone) == expected


def test_where_a_time_was_found_is_said() -> None:
    """Metadata first, then the id, then the file's own time."""
    assert staged("x_20250820_104603", '{"registered_at": "2024-01-01"}').trained_at_source == "metadata.registered_at"
    assert staged("x_20250820_104603").trained_at_source == "id"
    assert (staged("x").trained_at_source, staged("x").trained_at) == ("file time", NOW)


def test_the_inventory_ranks_by_claims_with_the_silent_last() -> None:
    """The highest claim leads, a model without one is last."""
    models = [staged("none"), staged("low", '{"f1": 0.1}'), staged("high", '{"f1": 0.9}')]
    assert [m.model_id for m in take_inventory(models).models] == ["high", "low", "none"]


def test_side_by_side_problems_name_the_others() -> None:
    """Ties, copies and identifiers among the features are found."""
    text = '{"f1": 0.5, "feature_columns": ["customerID"]}'
    models = take_inventory([staged("a", text), staged("b", text, fingerprint="a", model_digest="a")], ["customerID"])
    assert {p.code for p in models.models[0].problems} == {"duplicate", "tie", "identifier-feature"}


def test_statistics_are_by_type() -> None:
    """Counts and the best claim of each type, most models first."""
    rows = summarise([staged("xgboost_1", '{"f1": 0.5}'), staged("xgboost_2", '{"f1": 0.7}'), staged("random_forest")])
    assert [(r["model_type"], r["models"], r["f1_max"]) for r in rows] == [
        ("xgboost", 2, 0.7),
        ("random_forest", 1, None),
    ]


def of_content(name: str, said: str) -> StagedModel:
    """A staged model of some bytes, or of a format that nobody knows."""
    return staged(name, fingerprint=said, format="unknown" if said == "broken" else "pickle")


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["1", "2", "3", "broken"])),
    st.sets(st.sampled_from("123")),
    st.data(),
)
def test_a_migration_accounts_for_every_model(content: dict[str, str], known: set[str], data: st.DataObject) -> None:
    """Copies, what is known, what is broken and what nobody told of: each model found is in one list."""
    found = [of_content(name, said) for name, said in content.items()]
    plan = plan_migration(found, {one: Known("first", "run", one) for one in known})
    assert not known & {m.fingerprint for m in plan.todo}
    told = [Outcome(data.draw(st.sampled_from(STATES)), m.model_id, "") for m in plan.todo if data.draw(st.booleans())]
    outcomes = (*plan.decided, *plan.completed(told))
    report = MigrationReport(outcomes, 0.0).as_json()
    accounted = [row["model_id"] for state in STATES for row in report[state]]
    assert sorted(accounted) == sorted(content)
    assert report["found"] == plan.found == len(content)


def test_an_alias_is_noted_once() -> None:
    """Another id of known bytes is noted on the version, and not again when it is noted already."""
    copy = staged("copy", fingerprint="f")
    assert plan_migration([copy], {"f": Known("first", "r", "3")}).aliases == {"3": ("copy",)}
    assert plan_migration([copy], {"f": Known("first", "r", "3", ("copy",))}).aliases == {}


@pytest.mark.parametrize(
    ("metrics", "keys", "claimed"),
    [
        ({"f1": {"0": 0.9, "1": 0.6}}, {"class_0.f1_score": 0.9, "class_1.f1_score": 0.6}, {}),
        ({"f1": {"train": 0.9, "test": 0.6}}, {"train_f1_score": 0.9, "test_f1_score": 0.6}, {"f1_score": 0.6}),
        ({"f1": {"mean": 0.9, "std": 0.1}}, {"f1_mean": 0.9, "f1_std": 0.1}, {}),
        ({"f1": {"macro": 0.5, "weighted": 0.6}}, {"f1_score_macro": 0.5, "f1_score_weighted": 0.6}, {"f1_score": 0.6}),
        ({"f1": 0.8, "baseline": {"f1": 0.5}}, {"f1_score": 0.8, "baseline_f1": 0.5}, {"f1_score": 0.8}),
        ({"f1": 0.8, "gate": {"f1": 0.5}}, {"f1_score": 0.8, "gate_f1": 0.5}, {"f1_score": 0.8}),
    ],
)
def test_a_metric_told_by_class_split_or_fold_is_each_of_them(
    metrics: dict[str, Any], keys: dict[str, float], claimed: dict[str, float]
) -> None:
    """And what a baseline or a gate has is no score of the model, nor that of a class of such a name."""
    found = read_claims({"metrics": metrics}).metrics
    assert (dict(found), dict(claims_of(found))) == (keys, claimed)
