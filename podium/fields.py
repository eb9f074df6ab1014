"""Finds the fields of a model's metadata that are no metrics, each under any of the names that people give it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from podium.containers import SECTIONS, containers_in
from podium.exports import PINNED
from podium.kinds import type_alone, type_in
from podium.metrics import in_words
from podium.readings import as_number

FIELDS = {
    "trained_at": (
        *("trained_at_utc", "trained_at", "training_timestamp", "training_date", "train_date", "last_trained"),
        *("registered_at", "created_at", "saved_at", "timestamp", "date"),
    ),
    "type": (
        *("model_type", "algorithm", "model_class", "estimator", "classifier", "model_name", "type", "name"),
        "model",
    ),
    "hyperparameters": (
        *("hyperparameters", "hyperparams", "hyper_parameters", "hyper_params", "params", "parameters"),
        *("best_params", "best_params_", "model_params", "model_parameters"),
    ),
    "features": (
        *("feature_columns", "features", "feature_names", "feature_cols", "feature_list", "input_features"),
        *("selected_features", "columns"),
    ),
    "types": ("feature_types", "feature_dtypes", "column_types", "dtypes", "schema", "input_schema"),
    "confusion_matrix": ("confusion_matrix",),
    "threshold": ("decision_threshold", "optimal_threshold", "best_threshold", "classification_threshold", "threshold"),
    "versions": (
        *("library_versions", "package_versions", "versions", "libraries", "dependencies", "requirements"),
        "environment",
    ),
    "model_id": ("model_id",),
}
OF_SEVERAL = ("type", "hyperparameters", "features", "types", "threshold", "versions")
"""Fields that may be said once for several models, such as the versions of one."""
AMONG_METRICS = frozenset({"confusion_matrix", "threshold"})
"""Fields that stand in containers of metrics too; those of a training set are not taken."""
OF_NUMBERS = ("value", "optimal", "best")
"""Keys of an object that says more of a number than the number."""
ANYTHING = "model"
"""A key of the type that is one of much else."""
DEEP = 3
NO_LIBRARIES = frozenset(
    {
        *("model", "current", "best", "latest", "previous", "data", "dataset", "schema", "api", "feature", "features"),
        *("set", "store", "pipeline", "code", "config", "app", "service", "project", "format", "metadata", "registry"),
        *("experiment", "release", "training", "policy", "framework", "library", "container", "image"),
    }
)
"""What has versions and is no library, or none by its name: the last word before ``_version``."""
VERSION = re.compile(r"[=v<>~ ]*\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Found:
    """A value of the metadata with the key where it stood."""

    path: str
    value: Any


def all_of(document: Mapping[str, Any], field: str) -> Iterator[Found]:
    """Give every value that stands under one of a field's names, those at the top first."""
    for prefix, place in _places(document, field):
        keys = _keys(place)
        for name in FIELDS[field]:
            if (key := keys.get(name)) is not None:
                yield Found(f"{prefix}{key}", place[key])


def read(document: Mapping[str, Any], field: str) -> Found | None:
    """Return the first value of a field that can be read as what the field is, so read; None if there is none."""
    found = (Found(one.path, READERS[field](one.value)) for one in all_of(document, field))
    return next((one for one in found if one.value is not None), None)


def says(document: Mapping[str, Any], field: str) -> bool:
    """Whether a document says anything that can be read as a field, wherever it says it."""
    if field == "type":
        return any(map(type_told, all_of(document, field)))
    return bool(versions_in(document)) if field == "versions" else read(document, field) is not None


def type_told(found: Found) -> str | None:
    """Return the type of a model that a value tells; one under ``model`` may be a file or an id as well."""
    if in_words(found.path.rpartition(".")[2]) == ANYTHING:
        return type_alone(found.value) if isinstance(found.value, str) else None
    return type_in(str(found.value))


def holds(document: Mapping[str, Any], field: str) -> bool:
    """Whether a field can be read at the very top of a document."""
    keys = _keys(document)
    return any(READERS[field](document[keys[name]]) is not None for name in FIELDS[field] if name in keys)


def _keys(place: Mapping[str, Any]) -> dict[str, str]:
    """Return by names in small letters, such as ``trained_at``, the keys with a value: that one, or ``trainedAt``."""
    told = [str(key) for key, value in place.items() if value is not None]
    return {in_words(key): key for key in reversed(told)} | {key: key for key in told}


def versions_in(document: Mapping[str, Any]) -> dict[str, str]:
    """Return library versions: of an object or a list of them, and of keys such as ``sklearn_version``."""
    places = reversed(list(_sections(document)))
    keys = {name: value for _, place in places for name, value in library_keys(place).items()}
    listed = read(document, "versions")
    return {**_by_library({k: v for k, v in keys.items() if isinstance(v, str)}), **(listed.value if listed else {})}


def library_keys(place: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an object tells the version of a library in a key of its own."""
    return {name: value for name, value in place.items() if tells_library(name)}


def tells_library(name: str) -> bool:
    """Whether a key tells the version of a library, as ``sklearn_version`` does and ``model_version`` does not."""
    what = name.removesuffix("_version")
    return what != name and in_words(what).rpartition("_")[2] not in NO_LIBRARIES


def _places(document: Mapping[str, Any], field: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from _sections(document)
    if field in AMONG_METRICS:
        for prefix, place in _sections(document):
            yield from _among_metrics(place, prefix, DEEP)


def _sections(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "", document
    yield from ((f"{name}.", document[name]) for name in SECTIONS if isinstance(document.get(name), dict))


def _among_metrics(document: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inner, split in containers_in(document) if depth else ():
        if split != "train":
            yield f"{prefix}{name}.", inner
            yield from _among_metrics(inner, f"{prefix}{name}.", depth - 1)


def _mapping(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) and value else None


def _texts(value: Any) -> tuple[str, ...] | None:
    """Return the texts of a list, or of the lists by kind that an object holds, in their order.

    Commas part a text.
    """
    if isinstance(value, dict):
        lists = [_texts(inner) if isinstance(inner, list) else None for inner in value.values()]
        return None if None in lists else tuple(text for found in lists for text in found or ()) or None
    if isinstance(value, str):
        return tuple(filter(None, map(str.strip, value.split(",")))) if "," in value else None
    return (tuple(one for one in value if isinstance(one, str)) or None) if isinstance(value, list) else None


def _types(value: Any) -> dict[str, str] | None:
    """Return types of columns: of an object by their names, or of a list of objects that name each."""
    if isinstance(value, list):
        named = [(one.get("name"), one.get("type", one.get("dtype"))) for one in value if isinstance(one, dict)]
        # A column of several levels has a list for its name.
        value = dict(named) if all(isinstance(name, str) for name, _ in named) else None
    if not isinstance(value, dict):
        return None
    found = {name: kind for name, kind in value.items() if isinstance(name, str) and isinstance(kind, str)}
    return found if found and len(found) == len(value) else None


def _number(value: Any) -> float | None:
    told = next((value[key] for key in OF_NUMBERS if key in value), None) if isinstance(value, dict) else value
    return as_number(told)


def _libraries(value: Any) -> dict[str, str] | None:
    if isinstance(value, list):
        pins = (PINNED.match(line.strip()) for line in value if isinstance(line, str))
        value = {pin.group(1): pin.group(2) for pin in pins if pin}
    return _by_library(value) or None if isinstance(value, dict) else None


def _by_library(found: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(version) for name, version in found.items() if VERSION.match(str(version))}


READERS: Mapping[str, Callable[[Any], Any]] = {
    "hyperparameters": _mapping,
    "features": _texts,
    "types": _types,
    "confusion_matrix": lambda value: value,
    "threshold": _number,
    "versions": _libraries,
}
"""What makes of a value what its field is, or None of anything else."""
