"""Names and forms that people use beside the usual ones are read as what they are, and what is in doubt is no score."""

import json
from dataclasses import replace
from typing import Any

import pytest

from podium.claims import read_claims
from podium.kinds import type_in
from podium.metadata import parse_staged
from podium.metrics import claims_of
from podium.registries import entries_of
from podium.staged import Above, StagedModel
from tests.podium.factories import REPORT, staged


def of_files(files: dict[str, Any], name: str = "churn", model: str = "model.pkl") -> StagedModel:
    """A staged model with files about it, each a document or a text, those that say most first."""
    texts = tuple((file, said if isinstance(said, str) else json.dumps(said)) for file, said in files.items())
    return parse_staged(replace(staged(name).folder, metadata=texts, model_file=model))


def read(document: Any, name: str = "churn") -> StagedModel:
    """A staged model with a metadata document."""
    return of_files({"metadata.json": document}, name)


def codes(model: StagedModel) -> set[str]:
    """The codes of a model's findings."""
    return {problem.code for problem in model.problems}


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("train_metrics.json", "train_f1_score"),
        ("training_results.json", "train_f1_score"),
        ("val_metrics.json", "val_f1_score"),
        ("validation_performance.json", "val_f1_score"),
        ("test_metrics.json", "test_f1_score"),
        ("metrics_test.json", "test_f1_score"),
        ("testMetrics.json", "test_f1_score"),
        ("holdout_scores.json", "test_f1_score"),
        ("cv_results.json", "cv_f1_score"),
        ("cross_validation.json", "cv_f1_score"),
        ("train.json", "train_f1_score"),
        ("test.json", "test_f1_score"),
        ("churn_v2_test_metrics.json", "test_f1_score"),
        ("metrics.json", "f1_score"),
        ("eval_metrics.json", "f1_score"),
        ("baseline_metrics.json", None),
        ("gate_metrics.json", None),
        ("baseline.json", None),
        ("gates.json", None),
        ("churn_target_metrics.json", None),
    ],
)
@pytest.mark.parametrize("inner", [None, "metrics"])
def test_the_name_of_a_file_tells_the_split_of_what_is_in_it(file: str, key: str | None, inner: str | None) -> None:
    """Whether its metrics stand alone or in a container; a baseline's are no scores at all."""
    model = of_files({file: {inner: {"f1": 0.95}} if inner else {"f1": 0.95}})
    assert model.recorded_metrics == ({key: 0.95} if key else {})
    assert ("training-scores" in codes(model)) == (key == "train_f1_score")


def test_files_of_several_splits_are_kept_apart() -> None:
    """None takes the place of another, whatever comes first."""
    files = {f"{split}_metrics.json": {"f1": value} for split, value in (("train", 0.95), ("val", 0.8), ("test", 0.7))}
    model = of_files(files)
    assert model.recorded_metrics == {"train_f1_score": 0.95, "val_f1_score": 0.8, "test_f1_score": 0.7}
    assert (model.claims, codes(model)) == ({"f1_score": 0.7}, set())


@pytest.mark.parametrize(
    ("file", "model", "name"),
    [
        ("baseline_metrics.json", "baseline.pkl", "baseline"),
        ("churn_train_metrics.json", "churn_train.pkl", "churn_train"),
        ("metrics_churn_gate.json", "x/churn_gate.joblib", "x/churn_gate"),
        ("my_baseline_metrics.json", "model.pkl", "my_baseline"),
    ],
)
def test_what_a_model_is_called_tells_nothing_of_its_files(file: str, model: str, name: str) -> None:
    """A model called baseline has metrics of its own."""
    assert of_files({file: {"f1": 0.6}}, name, model).recorded_metrics == {"f1_score": 0.6}


def test_a_name_with_a_dot_is_kept_whole() -> None:
    """A number at a threshold is no score, and takes no other's place."""
    numbers = {"precision@0.5": 0.7, "recall@0.5": 0.6, "f1_threshold_0.5": 0.9, "f1_threshold_0.3": 0.8}
    model = read({"metrics": numbers})
    assert (dict(model.recorded_metrics), model.claims) == (numbers, {})


@pytest.mark.parametrize(
    ("metrics", "keys", "claimed"),
    [
        ({"baseline_metrics": {"f1": 0.5}}, {"baseline_metrics_f1": 0.5}, {}),
        ({"baseline_model": {"f1": 0.5}}, {"baseline_model_f1": 0.5}, {}),
        ({"gate_results": {"auc": 0.5}}, {"gate_results_auc": 0.5}, {}),
        ({"fold_1": {"f1": 0.5}, "fold2": {"f1": 0.6}}, {"fold_1_f1": 0.5, "fold2_f1": 0.6}, {}),
        ({"cv_results": {"f1": 0.5}}, {"cv_f1_score": 0.5}, {"f1_score": 0.5}),
        ({"test_set": {"f1": 0.5}}, {"test_f1_score": 0.5}, {"f1_score": 0.5}),
        ({"f1": {"value": 0.8}}, {"f1_score": 0.8}, {"f1_score": 0.8}),
        ({"test_f1": {"score": 0.8, "ci_low": 0.7}}, {"test_f1_score": 0.8, "test_f1_ci_low": 0.7}, {"f1_score": 0.8}),
        ({"f1": {"avg": 0.8, "std": 0.1}}, {"f1_avg": 0.8, "f1_std": 0.1}, {}),
        (
            {"f1": {"test": {"value": 0.8, "std": 0.1}}},
            {"test_f1_score": 0.8, "f1_test_std": 0.1},
            {"f1_score": 0.8},
        ),
        (
            {"f1": {"test": {"macro": 0.8, "1": 0.6}}},
            {"test_f1_score_macro": 0.8, "test_class_1.f1_score": 0.6},
            {"f1_score": 0.8},
        ),
        ({"thresholds": {"f1": 0.8}}, {"thresholds_f1": 0.8}, {}),
        (
            {"f1": {"point_estimate": 0.81, "ci_low": 0.78, "ci_high": 0.84, "n": 500}},
            {"f1_score": 0.81, "f1_ci_low": 0.78, "f1_ci_high": 0.84, "f1_n": 500},
            {"f1_score": 0.81},
        ),
        ({"f1": {"Estimate": 0.81, "low": 0.7}}, {"f1_score": 0.81, "f1_low": 0.7}, {"f1_score": 0.81}),
        (
            {"test": {"f1": {"lower": 0.7, "upper_95": 0.9, "yes": 0.6}}},
            {"f1_lower": 0.7, "f1_upper_95": 0.9, "test_class_yes.f1_score": 0.6},
            {},
        ),
        ({"f1": {"mean": 0.8, "low": 0.7, "high": 0.9}}, {"f1_mean": 0.8, "f1_low": 0.7, "f1_high": 0.9}, {}),
        (
            {"f1": {"low": 0.7, "medium": 0.6, "high": 0.9}},
            {"class_low.f1_score": 0.7, "class_medium.f1_score": 0.6, "class_high.f1_score": 0.9},
            {},
        ),
        (
            {"RandomForest": {"f1": 0.8}, "XGBoost": {"f1": 0.7}, "f1": 0.8},
            {"RandomForest_f1": 0.8, "XGBoost_f1": 0.7, "f1_score": 0.8},
            {"f1_score": 0.8},
        ),
        ({"f1": {"RandomForest": 0.8, "XGBoost": 0.7}}, {"f1_RandomForest": 0.8, "f1_XGBoost": 0.7}, {}),
        ({"per_class": {"forest": {"f1": 0.8}}}, {"class_forest.f1_score": 0.8}, {}),
        ({"forest": {"f1": 0.8, "support": 9}}, {"class_forest.f1_score": 0.8}, {}),
        ({"f1": {"1": {"low": 0.8}, "x": {"y": {"f1": 0.8}}}}, {"f1_1_low": 0.8}, {}),
        ({"cv_f1_avg": 0.8}, {"cv_f1_avg": 0.8}, {}),
        ({"cv_f1_macro_avg": 0.8}, {"cv_f1_macro_avg": 0.8}, {}),
        ({"avg_f1": 0.8}, {"avg_f1": 0.8}, {}),
        ({"cv": {"avg_precision": 0.8}}, {"cv_avg_precision": 0.8}, {}),
        ({"avg_precision": 0.8}, {"average_precision": 0.8}, {"average_precision": 0.8}),
        ({"f1_macro_avg": 0.8}, {"f1_score_macro": 0.8}, {"f1_score": 0.8}),
        ({"macro avg precision": 0.8}, {"precision_macro": 0.8}, {"precision": 0.8}),
        ({"cross_validation_f1": 0.8}, {"cv_f1_score": 0.8}, {"f1_score": 0.8}),
        ({"class_1": {"f1": 0.6}, "class_0": {"f1": 0.9}}, {"class_1.f1_score": 0.6, "class_0.f1_score": 0.9}, {}),
        ({"class_yes": {"f1": 0.6}, "Class 0": {"f1": 0.9}}, {"class_yes.f1_score": 0.6, "class_0.f1_score": 0.9}, {}),
        ({"classy": {"f1": 0.6}}, {"class_classy.f1_score": 0.6}, {}),
        ({"f1": {"class_1": 0.6}}, {"class_1.f1_score": 0.6}, {}),
        ({"f1": {"f1": 0.8, "f1_macro": 0.7}}, {"f1_score": 0.8, "f1_score_macro": 0.7}, {"f1_score": 0.8}),
        ({"class1_f1": 0.6, "class_0_f1": 0.9}, {"class_1.f1_score": 0.6, "class_0.f1_score": 0.9}, {}),
        ({"test_class_1_recall": 0.6}, {"test_class_1.recall": 0.6}, {}),
    ],
)
def test_a_number_in_a_container_is_read_as_what_its_name_says(
    metrics: dict[str, Any], keys: dict[str, float], claimed: dict[str, float]
) -> None:
    """A baseline, a gate and a fold are no classes, nor is a mean over folds the model's score."""
    found = read_claims({"metrics": metrics}).metrics
    assert (dict(found), dict(claims_of(found))) == (keys, claimed)
    # What was recorded is read again by its name alone, where a run tells it.
    assert dict(claims_of(found)) == claims_of(read_claims({"metrics": found}).metrics)


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        (
            {"train": {"f1": 0.9}, "test": {"f1": 0.7}, "validation": {"f1": 0.8}},
            {"train_f1_score": 0.9, "test_f1_score": 0.7, "val_f1_score": 0.8},
        ),
        ({"test": {"metrics": {"f1": 0.7}, "rows": 10}, "train": {"rows": 90}}, {"test_f1_score": 0.7}),
        ({"model": {"metrics": {"f1": 0.7}}}, {"f1_score": 0.7}),
        ({"model_info": {"accuracy": 0.7, "precision": "float32"}}, {"accuracy": 0.7}),
        ({"evaluation": {"metrics": {"f1": 0.7}}}, {"f1_score": 0.7}),
        ({"evaluation": {"test": {"metrics": {"f1": 0.7}}}}, {"test_f1_score": 0.7}),
        ({"training": {"metrics": {"f1": 0.9}, "epochs": 10}}, {"train_f1_score": 0.9}),
        ({"training": {"test_metrics": {"f1": 0.7}}}, {"test_f1_score": 0.7}),
        ({"training_info": {"metrics": {"f1": 0.9}}}, {"train_f1_score": 0.9}),
        ({"config": {"metrics": {"f1": 0.9}}}, {}),
        ({"accuracy": {"train": 0.99, "test": 0.81}}, {"train_accuracy": 0.99, "test_accuracy": 0.81}),
        ({"f1": {"value": 0.81, "ci": [0.7, 0.9]}, "recall": {"unit": "share"}}, {"f1_score": 0.81}),
        ({"model_info": {"auc": {"value": "81%"}}}, {"roc_auc": 0.81}),
        ({"baseline": {"f1": 0.9}, "baseline_metrics": {"f1": 0.9}}, {}),
        ({"something": {"f1": 0.9}}, {}),
        (
            {"weighted avg": {"f1-score": 0.7}, "1": {"f1-score": 0.6}, "baseline": {"f1": 0.5}, "data": {"rows": 1}},
            None,
        ),
    ],
)
def test_containers_are_found_at_the_top_and_in_sections(
    document: dict[str, Any], keys: dict[str, float] | None
) -> None:
    """With their splits; what a section about the training tells was scored on its rows, as far as anybody knows."""
    model = read(document)
    if keys is None:
        keys = {"f1_score_weighted": 0.7, "class_1.f1_score": 0.6, "baseline_f1": 0.5}
    assert (dict(model.recorded_metrics), "bad-metric" in codes(model)) == (keys, False)


def test_a_classification_report_may_be_the_whole_metadata() -> None:
    """Its rows are read by class and by average."""
    found = read(REPORT).recorded_metrics
    assert (found["accuracy"], found["f1_score_weighted"], found["f1_score_macro"]) == (0.77, 0.79, 0.75)
    assert (found["class_1.recall"], found["class_0.f1_score"]) == (0.7, 0.85)


@pytest.mark.parametrize(
    ("files", "claimed", "disagree"),
    [
        ({"metadata.json": {"metrics": {"f1": 0.9}}, "metrics.json": {"f1": 0.7}}, 0.9, True),
        ({"metadata.json": {"metrics": {"f1": 0.9}}, "metrics.json": {"f1_score": 0.7}}, 0.9, True),
        ({"metadata.json": {"metrics": {"f1": 0.9}}, "registry.json": {"metrics": {"f1": 0.7}}}, 0.9, True),
        ({"metadata.json": {"f1": 0.9}, "registry.json": {"f1": "70%"}}, 0.9, True),
        ({"metadata.json": {"metrics": {"test": {"f1": 0.9}}}, "metrics.json": {"test": {"f1": 0.7}}}, 0.9, True),
        ({"test_metrics.json": {"f1": 0.7}, "train_metrics.json": {"f1": 0.9}}, 0.7, False),
        ({"metadata.json": {"metrics": {"f1": 0.9}}, "metrics.json": {"f1": 0.904}}, 0.9, False),
    ],
)
def test_files_that_record_other_scores_are_a_finding(files: dict[str, Any], claimed: float, disagree: bool) -> None:
    """What is said first counts, as between containers; and it is said that another says otherwise."""
    model = of_files(files)
    assert (model.claims, "metrics-disagree" in codes(model)) == ({"f1_score": claimed}, disagree)


def test_what_only_a_later_file_says_is_added_at_any_depth() -> None:
    """A split that both tell of has the metrics of both."""
    files = {"metadata.json": {"metrics": {"test": {"f1": 0.9}}}, "metrics.json": {"test": {"f1": 0.9, "auc": 0.8}}}
    assert of_files(files).recorded_metrics == {"test_f1_score": 0.9, "test_roc_auc": 0.8}


@pytest.mark.parametrize(
    "later", [{"metrics.json": {"f1_score": 0.81}}, {"registry.json": {"metrics": {"f1_score": 0.81}}}]
)
def test_a_null_hides_nothing(later: dict[str, Any]) -> None:
    """A template whose fields nobody filled in says nothing, at the top or in a container."""
    empty = {"trained_at": None, "algorithm": None, "metrics": {"f1_score": None}}
    model = of_files(
        {"metadata.json": empty, **later, "model_info.json": {"trained_at": "2025-08-20", "algorithm": "SVC"}}
    )
    assert (model.claims, model.model_type, model.trained_at_source) == (
        {"f1_score": 0.81},
        "svm",
        "metadata.trained_at",
    )
    assert not codes(model)


def test_a_key_that_is_given_twice_is_a_finding() -> None:
    """The last counts, as everywhere; it is said if the one before was another."""
    (problem,) = staged("m", '{"metrics": {"f1": 0.9}, "metrics": {"f1": 0.5}}').problems
    assert (problem.code, problem.message) == (
        "bad-metadata",
        "metadata.json says metrics twice, and not the same: the last counts",
    )
    assert not codes(staged("m", '{"f1": 0.9, "f1": 0.9}'))


def test_keys_of_javascript_are_read_too() -> None:
    """Whoever writes ``trainedAt`` means what others call ``trained_at``; the path says how it was written."""
    said = {
        "trainedAt": "2025-08-20",
        "modelType": "SVC",
        "hyperParameters": {"C": 1},
        "decisionThreshold": {"optimal": 0.3},
        "finalTestMetrics": {"f1Score": 0.8},
    }
    model = of_files({"metadata.json": said})
    assert (model.model_type, model.trained_at_source) == ("svm", "metadata.trainedAt")
    assert (dict(model.hyperparameters), model.threshold, model.claims) == ({"C": 1}, 0.3, {"f1_score": 0.8})


COLUMNS = ["tenure", "gender"]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("feature_columns.json", {"features": COLUMNS}),
        ("feature_names.json", {"feature_names": COLUMNS, "target": "churn"}),
        ("features.json", {"features": COLUMNS}),
        ("features.json", {"numeric": ["tenure"], "categorical": ["gender"]}),
        ("feature_list.json", COLUMNS),
        ("metadata.json", {"feature_list": COLUMNS}),
        ("metadata.json", {"input_features": COLUMNS}),
        ("metadata.json", {"columns": COLUMNS}),
        ("metadata.json", {"columns": [{"name": "x"}], "training": {"feature_names": COLUMNS}}),
        ("metadata.json", {"features": {"numeric": ["tenure"], "categorical": ["gender"]}}),
        ("metadata.json", {"features": 2, "feature_cols": COLUMNS}),
        ("metadata.json", {"features": "tenure, gender"}),
        ("metadata.json", {"featureNames": COLUMNS}),
    ],
)
def test_features_are_read_in_each_form(file: str, said: Any) -> None:
    """In a list, in the lists by kind, and wrapped in an object that calls them something."""
    assert of_files({file: said}).feature_columns == ("tenure", "gender")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("params.json", {"params": {"C": 1}}),
        ("params.json", {"C": 1}),
        ("hyperparameters.json", {"best_params": {"C": 1}, "best_score": 0.81}),
        ("best_params.json", {"C": 1}),
        ("churn_hyperparams.json", {"C": 1}),
        ("metadata.json", {"hyperparams": {"C": 1}}),
        ("metadata.json", {"best_params_": {"C": 1}}),
        ("metadata.json", {"model": {"model_parameters": {"C": 1}}}),
    ],
)
def test_hyperparameters_are_read_in_each_form(file: str, said: Any) -> None:
    """Alone in a file or wrapped in one, and nothing beside them is one."""
    model = of_files({file: said})
    assert (model.hyperparameters, model.claims) == ({"C": 1}, {})


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"metadata.json": {"metrics": {"best_threshold": 0.4}}}, "metrics.best_threshold"),
        ({"metadata.json": {"evaluation": {"test": {"optimal_threshold": 0.4}}}}, "evaluation.test.optimal_threshold"),
        ({"metadata.json": {"threshold": {"value": 0.4, "by": "f1"}}}, "threshold"),
        ({"threshold.json": {"threshold": 0.4}}, "threshold"),
        ({"threshold.json": {"value": 0.4}}, "decision_threshold"),
        ({"threshold.json": "0.4"}, "decision_threshold"),
        ({"metadata.json": {"train_metrics": {"best_threshold": 0.4}}}, None),
        ({"metadata.json": {"metrics": {"baseline": {"threshold": 0.4}}}}, None),
    ],
)
def test_the_threshold_is_read_in_each_form(files: dict[str, Any], found: str | None) -> None:
    """In a file of its own, as an object, and among the metrics, but those of the training set."""
    model = of_files(files)
    source = "metadata." if "metadata.json" in files else "threshold.json: "
    assert (model.threshold, model.found.get("threshold")) == ((0.4, f"{source}{found}") if found else (None, None))


def test_each_field_says_the_file_that_it_is_from() -> None:
    """Of several files about one model; the one that is usual goes without saying."""
    files = {
        "metadata.json": {"algorithm": "SVC", "metrics": {"auc": 0.7}, "trained_at": None},
        "metrics.json": {"f1": 0.8, "auc": 0.7, "baseline": {"f1": 0.5}},
        "params.json": {"C": 1},
        "notes.json": {"id": 7},
        "MLmodel": "utc_time_created: '2025-01-01'",
        "drift_report.json": {"threshold": 0.1},
    }
    assert of_files(files).found == {
        "trained_at": "MLmodel: trained_at_utc",
        "model_type": "metadata.algorithm",
        "roc_auc": "metrics.auc",
        "f1_score": "metrics.json: metrics.f1",
        "baseline_f1": "metrics.json: metrics.baseline_f1",
        "hyperparameters": "params.json: hyperparameters",
        "threshold": "drift_report.json: threshold",
    }
    assert of_files({"notes.json": {"id": 7}}, "xgb_2025-08-20").found == {"trained_at": "id", "model_type": "id"}


@pytest.mark.parametrize(
    "said",
    [
        {"libraries": {"scikit-learn": "1.3.2", "note": "x"}},
        {"environment": {"scikit-learn": "1.3.2", "os": "linux"}},
        {"requirements": ["scikit-learn==1.3.2", "shap", 3]},
        {"dependencies": ["scikit-learn[x] == 1.3.2"]},
        {"versions": {"v1": {"f1": 1}}, "libraries": {"scikit-learn": "1.3.2"}},
    ],
)
def test_library_versions_are_read_in_each_form(said: Any) -> None:
    """As an object, or as lines of a requirements file."""
    assert read(said).versions == {"scikit-learn": "1.3.2"}


def test_a_version_in_a_section_is_read() -> None:
    """That of one library, where the training is told of; the top says more."""
    document = {"training": {"sklearn_version": "1.3.2", "xgboost_version": "2.0.0"}, "xgboost_version": "2.1.0"}
    assert read(document).versions == {"sklearn_version": "1.3.2", "xgboost_version": "2.1.0"}


def test_a_version_of_something_else_is_no_library() -> None:
    """It hides none that a file above or a registry tells."""
    own = {"model_version": "2.1.0", "training_data_version": "1.0", "schema_version": "1.1", "api_version": "1.2"}
    assert read({**own, "feature_engine_version": "1.6.2"}).versions == {"feature_engine_version": "1.6.2"}
    above = Above("churn/metadata.json", {"sklearn_version": "1.3.2"})
    model = parse_staged(replace(read(own).folder, above=(above,)))
    assert (model.versions, model.found["versions"]) == (above.document, "churn/metadata.json: versions")
    (entry,) = entries_of(json.dumps({"models": [{"id": "a", "sklearn_version": "1.3.2", "versions": [own]}]}))
    assert json.loads(entry.text)["sklearn_version"] == "1.3.2"


MATRIX = [[70, 5], [9, 16]]


@pytest.mark.parametrize(
    "document",
    [
        {"confusion_matrix": MATRIX},
        {"test_metrics": {"confusion_matrix": MATRIX}, "train_metrics": {"confusion_matrix": [[1, 0], [0, 1]]}},
        {"results": {"confusion_matrix": MATRIX}},
        {"model_info": {"metrics": {"confusion_matrix": MATRIX}}},
        {"evaluation": {"test": {"confusion_matrix": MATRIX}}},
    ],
)
def test_the_confusion_matrix_is_read_in_each_container(document: Any) -> None:
    """But in those of the training set."""
    assert read(document).confusion_matrix == MATRIX
    assert read({"train_metrics": {"confusion_matrix": MATRIX}}).confusion_matrix is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(
            (text, None)
            for text in ("ml_pipeline", "html_parser", "churn_ml_prod_v1", "neighborhood_churn", "logistics")
        ),
        *((text, None) for text in ("bridge_model", "forestry_v1", "knnx", "StandardScaler", "Pipeline", "invoting")),
        *(
            (text, "neural_network")
            for text in ("MLPClassifier", "churn_mlp", "mlpclassifier", "mlp2", "Neural Network")
        ),
        *((text, "svm") for text in ("LinearSVC", "linearsvc", "sklearn.svm.SVC", "NuSVC", "Support Vector Machine")),
        *(
            (text, "xgboost")
            for text in ("XGBClassifier", "xgb_v2", "XGBoost v2", "xgbv2", "myxgbmodel", "xgboost.Booster")
        ),
        *((text, "lightgbm") for text in ("LGBMClassifier", "churn_lgbm2", "LightGBM", "lightgbm", "Light GBM")),
        *((text, "catboost") for text in ("CatBoostClassifier", "catboost")),
        *((text, "random_forest") for text in ("Random Forest Classifier (tuned)", "randomforest", "churn_forest_1")),
        *((text, "hist_gradient_boosting") for text in ("HistGradientBoostingClassifier", "histgradientboosting")),
        *((text, "gradient_boosting") for text in ("GradientBoostingClassifier", "gradient boosted trees")),
        *(
            (text, "logistic_regression")
            for text in ("LogisticRegressionCV", "logreg", "LogReg", "logistic-regression")
        ),
        *((text, "nearest_neighbors") for text in ("KNeighborsClassifier", "knn_v1", "k-NN", "k nearest neighbours")),
        *((text, "naive_bayes") for text in ("GaussianNB", "BernoulliNB", "Naive Bayes", "naivebayes")),
        *((text, "decision_tree") for text in ("DecisionTreeClassifier", "decision tree")),
        *((text, "extra_trees") for text in ("ExtraTreesClassifier", "extra-trees")),
        *((text, "ada_boost") for text in ("AdaBoostClassifier", "adaboost")),
        ("BaggingClassifier", "bagging"),
        ("StackingClassifier", "stacking"),
        ("VotingClassifier", "voting"),
        ("SGDClassifier", "sgd"),
        ("RidgeClassifierCV", "ridge"),
        ("LinearDiscriminantAnalysis", "linear_discriminant_analysis"),
        ("churn_lda", "linear_discriminant_analysis"),
        ("QuadraticDiscriminantAnalysis", "quadratic_discriminant_analysis"),
        ("GaussianProcessClassifier", "gaussian_process"),
    ],
)
def test_words_tell_a_type_where_they_stand_alone(text: str, kind: str | None) -> None:
    """At the borders of words, also those within the name of a class; part of another word is none."""
    assert type_in(text) == kind


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer: run `git lfs pull`"),
        ('{"f1": 0.8}'.encode("utf-16").decode("utf-8-sig", "replace"), "is not UTF-8"),
        ('{"f1": 0.8}'.encode("utf-16-le").decode("utf-8-sig", "replace"), "is not UTF-8"),
        ('{"f1": 0.8}'.encode("utf-16-be").decode("utf-8-sig", "replace"), "is not UTF-8"),
        ('{"f1": 0.8}\x00\x00', "has NUL bytes in it"),
        ("larger than 1000 bytes", "metadata.json is larger than 1000 bytes"),
        ("{", "is not valid JSON"),
    ],
)
def test_metadata_that_is_no_json_is_told_as_what_it_is(text: str, said: str) -> None:
    """With what to do about it."""
    (problem,) = [p for p in of_files({"metadata.json": text}).problems if p.code == "bad-metadata"]
    assert said in problem.message


@pytest.mark.parametrize("common", [{"model": {"metrics": {"f1": 0.9}}}, {"test": {"f1": 0.9}}, REPORT])
def test_the_scores_of_whichever_model_are_nobodys(common: Any) -> None:
    """A file above several tells no model's scores, wherever in it they stand."""
    folder = replace(staged("v1", None).folder, above=(Above("churn/metadata.json", common),))
    assert parse_staged(folder).recorded_metrics == {}


@pytest.mark.parametrize(
    "told",
    [
        {"feature_types": {"a": "int64", "b": "object"}},
        {"dtypes": {"a": "int64", "b": "object"}},
        {"training": {"schema": [{"name": "a", "type": "int64"}, {"name": "b", "dtype": "object"}]}},
    ],
)
def test_the_types_of_columns_are_read(told: dict[str, Any]) -> None:
    """By their names, or each with its name; what tells of other things as well is none."""
    assert staged("m", json.dumps(told)).feature_types == {"a": "int64", "b": "object"}
    assert staged("m", json.dumps({"schema": {"a": "int64", "required": ["a"]}})).feature_types == {}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("RandomForestClassifier", "random_forest"),
        ("sklearn.ensemble.RandomForestClassifier", "random_forest"),
        ("XGBClassifier(n_estimators=100, max_depth=3)", "xgboost"),
        ("Random Forest (tuned)", "random_forest"),
        ("Tuned Logistic Regression", "logistic_regression"),
        ("xgb", "xgboost"),
        ("hist_gradient_boosting", "hist_gradient_boosting"),
        *[(text, "svm") for text in ("SVC", "linear-svc", " SVM ")],
        *[(text, "unknown") for text in ("models/xgb.pkl", "xgb.pkl", "C:\\models\\xgb", "xgb_v3", "churn_xgb")],
        *[(text, "unknown") for text in ("s3://bucket/xgb", "champion", "", "xgboost-2025-01-01", "RandomForest/v1")],
        *[(other, "unknown") for other in (3, ["RandomForestClassifier"], {"path": "xgb"}, None, True)],
    ],
)
def test_model_is_a_type_where_it_reads_as_one(said: object, kind: str) -> None:
    """Under that key people write paths, files and ids, too."""
    assert of_files({"metadata.json": {"model": said}}, "a").model_type == kind


def test_what_is_called_a_type_goes_before_what_is_called_a_model() -> None:
    """The key says so; and a type under ``model`` goes before the id."""
    told = {"model": "RandomForestClassifier", "type": "xgboost"}
    assert of_files({"metadata.json": told}, "svm_1").model_type == "xgboost"
    model = of_files({"metadata.json": {"model": "RandomForestClassifier"}}, "svm_1")
    assert (model.model_type, model.found["model_type"]) == ("random_forest", "metadata.model")
    assert of_files({"metadata.json": {"model": "champion"}}, "svm_1").model_type == "svm"
