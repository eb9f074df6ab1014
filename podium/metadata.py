"""Reads what a model's own metadata says, by tables of names and not by branches.

Everything read here is a claim: it is kept and shown, and never decides a promotion while there is a holdout.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from podium.claims import as_number, read_claims
from podium.documents import combine
from podium.inherited import inherit
from podium.staged import Folder, Problem, StagedModel
from podium.times import parse_time

SECTIONS = ("metadata", "model_info", "info", "model", "training", "training_info", "config")
"""Objects in which a field is looked for after the top of the document."""
FIELDS = {
    "trained_at": (
        *("trained_at_utc", "trained_at", "training_timestamp", "training_date", "train_date", "last_trained"),
        *("registered_at", "created_at", "saved_at", "timestamp", "date"),
    ),
    "type": ("model_type", "algorithm", "model_class", "estimator", "classifier", "model_name", "type", "name"),
    "hyperparameters": ("hyperparameters", "params", "parameters", "best_params", "model_params"),
    "features": ("feature_columns", "features", "feature_names", "feature_cols", "selected_features"),
    "confusion_matrix": ("confusion_matrix",),
    "threshold": ("decision_threshold", "optimal_threshold", "best_threshold", "classification_threshold", "threshold"),
    "versions": ("library_versions", "package_versions", "versions", "dependencies"),
    "model_id": ("model_id",),
}
UNKNOWN = "unknown"
VERSION = re.compile(r"[=v<>~ ]*\d+\.\d+")
NO_MODEL = re.compile(r"Imputer|Transformer|Selector|SelectFrom|RFE|Embedding")
TYPE_WORDS = {
    "xgb": "xgboost",
    "lightgbm": "lightgbm",
    "lgbm": "lightgbm",
    "catboost": "catboost",
    "histgradient": "hist_gradient_boosting",
    "gradientboost": "gradient_boosting",
    "forest": "random_forest",
    "extratree": "extra_trees",
    "decisiontree": "decision_tree",
    "logistic": "logistic_regression",
    "logreg": "logistic_regression",
    "naivebayes": "naive_bayes",
    "neighbo": "nearest_neighbors",
    "knn": "nearest_neighbors",
    "supportvector": "svm",
    "svm": "svm",
    "svc": "svm",
    "adaboost": "ada_boost",
    "mlp": "neural_network",
    "neural": "neural_network",
    "voting": "voting",
    "stacking": "stacking",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A value of the metadata with the key where it stood."""

    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class When:
    """A point in time and where it was found."""

    at: datetime
    source: str


def parse_staged(folder: Folder, timezone: str = "UTC") -> StagedModel:
    """Return the staged model that a folder describes; what cannot be read becomes a problem, never an exception."""
    model = _described(folder, timezone)
    for shared in folder.above:
        alone = replace(folder, name="", metadata=(("metadata.json", json.dumps(shared.document)),), above=())
        model = inherit(model, shared, _described(alone, timezone))
    return model


def _described(folder: Folder, timezone: str) -> StagedModel:
    """Return what the folder of a model and its own metadata say."""
    document, problems = _document(folder)
    claims = read_claims(document)
    when, kind = _when(document, folder, timezone), _model_type(document, folder.name)
    found = {"trained_at": when.source, "model_type": kind.path, **claims.found, **_sources(document)}
    return StagedModel(
        model_id=folder.name,
        folder=folder,
        model_type=kind.value,
        trained_at=when.at,
        trained_at_source=when.source,
        recorded_metrics=claims.metrics,
        hyperparameters=_mapping(document, "hyperparameters"),
        feature_columns=_texts(document, "features"),
        confusion_matrix=_confusion(document),
        threshold=_threshold(document),
        versions=_versions(document),
        found=found,
        problems=_folder_problems(folder) + problems + claims.problems + _id_problems(document, folder),
    )


def _document(folder: Folder) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    if not folder.metadata:
        return {}, (Problem("missing-metadata", "no metadata.json: nothing is known of how it was trained"),)
    return combine(folder.metadata)


def _folder_problems(folder: Folder) -> tuple[Problem, ...]:
    left = tuple(Problem("linked", f"{name} is a symbolic link {OUTSIDE}") for name in folder.left)
    return _model_problems(folder) + left


def _model_problems(folder: Folder) -> tuple[Problem, ...]:
    if folder.unreadable:
        return (Problem("unreadable", folder.unreadable),)
    if folder.model_file is None:
        return (Problem("no-model", "no model file in the folder"),)
    return FORMAT_PROBLEMS.get(folder.format, ())


OUTSIDE = "to no file of the staging root, and is not followed: copy the file there if the model needs it"
FORMAT_PROBLEMS = {
    "empty": (Problem("empty-model", "the model file has 0 bytes: copy it again from where it was trained"),),
    "git-lfs": (Problem("lfs-pointer", "the model file is a Git LFS pointer: run `git lfs pull`"),),
    "unknown": (Problem("unknown-format", "the model file is in no format that Podium reads"),),
    "onnx": (
        Problem(
            "onnx",
            "an ONNX model alone: stage the model that it was exported from beside it, with which it is kept; "
            "to use it as it is, log it with mlflow.onnx.log_model",
        ),
    ),
    "xgboost-binary": (
        Problem(
            "old-format",
            "XGBoost's old binary format: load it with XGBoost 3.0 or earlier, and save it as .ubj",
        ),
    ),
}


def _id_problems(document: Mapping[str, Any], folder: Folder) -> tuple[Problem, ...]:
    claimed = document.get("model_id")
    if claimed is None or claimed in (folder.name, folder.name.rsplit("/", 1)[-1]):
        return ()
    return (Problem("id-mismatch", f"metadata calls it {claimed!r}; the folder's name is used"),)


def _all(document: Mapping[str, Any], field: str) -> Iterator[Found]:
    """Give every value that stands under one of a field's names, those at the top first."""
    places: list[tuple[str, Mapping[str, Any]]] = [("", document)]
    places += [(f"{name}.", document[name]) for name in SECTIONS if isinstance(document.get(name), dict)]
    for prefix, place in places:
        for name in FIELDS[field]:
            if place.get(name) is not None:
                yield Found(f"{prefix}{name}", place[name])


def _mapping(document: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    return next((found.value for found in _all(document, field) if isinstance(found.value, dict)), {})


def _texts(document: Mapping[str, Any], field: str) -> tuple[str, ...]:
    found = next((found.value for found in _all(document, field) if isinstance(found.value, list)), [])
    return tuple(value for value in found if isinstance(value, str))


def _confusion(document: Mapping[str, Any]) -> Any:
    inside = [document[name] for name in ("performance_metrics", "metrics") if isinstance(document.get(name), dict)]
    found = (f.value for place in (document, *inside) for f in _all(place, "confusion_matrix"))
    return next(found, None)


def _threshold(document: Mapping[str, Any]) -> float | None:
    numbers = (as_number(found.value) for found in _all(document, "threshold"))
    return next((number for number in numbers if number is not None), None)


def _versions(document: Mapping[str, Any]) -> dict[str, str]:
    """Return library versions: of an object that lists them, and of keys such as ``sklearn_version``."""
    listed = {str(name): str(version) for name, version in _mapping(document, "versions").items()}
    single = {name: value for name, value in document.items() if name.endswith("_version") and isinstance(value, str)}
    return {name: version for name, version in {**single, **listed}.items() if VERSION.match(version)}


def _sources(document: Mapping[str, Any]) -> dict[str, str]:
    """Return where the fields were read that stand in the metadata as they are."""
    fields = ("hyperparameters", "features", "threshold", "versions")
    firsts = {field: next(_all(document, field), None) for field in fields}
    return {field: f"metadata.{found.path}" for field, found in firsts.items() if found}


def _model_type(document: Mapping[str, Any], name: str) -> Found:
    for found in (*_all(document, "type"), Found("id", name)):
        if kind := type_in(str(found.value)):
            return Found(found.path if found.path == "id" else f"metadata.{found.path}", kind)
    return Found("nowhere", UNKNOWN)


def type_in(text: str) -> str | None:
    """Return the type that a text names, such as "Random Forest Classifier (tuned)" or the name of a class."""
    words = re.sub(r"[^a-z0-9]", "", text.lower())
    return next((kind for word, kind in TYPE_WORDS.items() if word in words), None)


def of_class(model: StagedModel, classes: Iterable[str]) -> StagedModel:
    """Return a model whose metadata tells no type with that of its estimator: the first class that is one's.

    ``classes`` are the names of all classes in its file, in order. Those around it, such as pipelines, tell nothing,
    and those before it in a pipeline can bear its words: an imputer by neighbours is no model of neighbours.
    """
    named = ((name, type_in(name)) for name in classes if not NO_MODEL.search(name))
    for name, kind in named:
        if kind:
            return replace(model, model_type=kind, found={**model.found, "model_type": f"the class {name}"})
    return model


def _when(document: Mapping[str, Any], folder: Folder, timezone: str) -> When:
    for found in _all(document, "trained_at"):
        moment = parse_time(found.value, "UTC" if found.path.endswith("_utc") else timezone)
        if moment:
            return When(moment, f"metadata.{found.path}")
    from_id = parse_time(folder.name, timezone)
    return When(from_id, "id") if from_id else When(folder.modified_at, "file time")
