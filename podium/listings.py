"""Tells whether an object holds entries of many models, by their ids or versions, or is about one."""

from collections.abc import Mapping
from typing import Any

from podium.containers import SECTIONS, split_of, tells_no_score
from podium.fields import FIELDS
from podium.layout import VERSION
from podium.metrics import OF_A_CLASS, in_words, metric_id
from podium.readings import AVERAGES, VERSION_NAMES

LISTS = ("models", "versions", "entries", "registry", "trained_models", "experiments", "model_registry")
"""Keys under which models are listed, those that count first before others."""
PATH_KEYS = ("model_path", "path", "file_path", "file", "filename", "model_file", "artifact_path", "artifact")
ABOUT_ALL = frozenset({*VERSION_NAMES, "name", "model_name", "updated_at", "last_updated"})
"""Keys with plain values that stand beside entries by version, be those bare numbers."""
DATES = frozenset({"created_at", "timestamp", "date"})
"""Keys that tell when a list was written where they stand beside one."""
OF_ONE = frozenset({*SECTIONS, *LISTS, "version_scores", *(name for names in FIELDS.values() for name in names)})
"""Keys of the metadata of one model, which are no model's id."""
SUPPORT = "support"
"""What each row of a classification report has, and no entry of a model."""


def is_listing(document: Any) -> bool:
    """Whether an object is nothing but entries of models, by their ids or versions, and plain values beside them."""
    entries = _without_plain(document) if isinstance(document, dict) else {}
    listed = bool(entries) and all(isinstance(entry, dict) for entry in entries.values())
    # The parts of one model may name files, too, and have plain values beside them.
    return listed and (_is_of_many(entries) if len(entries) == len(document) else _is_told(entries))


def as_versions(value: Any) -> Any:
    """Return a list of versions, each with its scores or its file, as an entry that lists them; else what it was."""
    return {"versions": value} if isinstance(value, list) and value and all(map(_is_version, value)) else value


def versions_of(entry: Mapping[str, Any]) -> Any:
    """Return the versions that an entry lists, in a list or by their names; None if it lists none."""
    listed = entry.get("versions", entry)
    return listed if isinstance(listed, list) or (isinstance(listed, dict) and _is_by_version(listed)) else None


def _without_plain(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document without the plain values beside its entries, such as which is the latest version.

    One of them that tells of a single model leaves the document as it is.
    """
    rest = {key: as_versions(value) for key, value in document.items() if isinstance(value, dict | list)}
    by_version = all(VERSION.fullmatch(key) for key in rest)
    # Bare numbers are classes, too: beside them what is not known leaves the document to one model.
    bare = by_version and any(key.isdigit() for key in rest)
    beside = document.keys() - rest.keys() - (ABOUT_ALL if by_version else set())
    return document if beside and (bare or any(map(_tells_of_one, beside))) else rest


def _tells_of_one(key: str) -> bool:
    """Whether a plain value tells something of a single model: one of its fields, or a score."""
    return (key in OF_ONE and key not in DATES) or split_of(key) is not None or metric_id(key) is not None


def _is_of_many(document: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether keys are versions or ids, or what they hold names a file each, and not the parts of one model."""
    return all(map(_names_file, document.values())) or _is_told(document)


def _is_told(document: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether keys are versions, or ids by what they hold."""
    # Classes are counted from 0, versions from 1.
    if "0" in document or any(SUPPORT in entry for entry in document.values()):
        return False
    return all(VERSION.fullmatch(key) for key in document) or _is_by_id(document)


def _is_by_id(document: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether no key is one of a model's own metadata, and something below one is: its scores, or its versions."""
    return not any(map(_is_of_one, document)) and any(map(_tells_model, document.values()))


def _is_of_one(key: str) -> bool:
    words = in_words(key)
    known = key in OF_ONE or words in AVERAGES or split_of(key) is not None or OF_A_CLASS.fullmatch(words)
    return bool(known) or tells_no_score(key) or metric_id(key) is not None or key.isdigit()


def _tells_model(entry: Mapping[str, Any]) -> bool:
    versions = entry.get("versions")
    listed = isinstance(versions, dict) and _is_by_version(versions)
    return listed or _is_by_version(entry) or as_versions(versions) is not versions or _has_scores(entry)


def _is_by_version(entry: Mapping[str, Any]) -> bool:
    versions = _without_plain(entry)
    return bool(versions) and all(VERSION.fullmatch(key) and isinstance(v, dict) for key, v in versions.items())


def _is_version(value: Any) -> bool:
    return isinstance(value, dict) and "version" in value and (_has_scores(value) or _names_file(value))


def _has_scores(entry: Mapping[str, Any]) -> bool:
    return any(split_of(key) is not None or metric_id(key) for key in entry)


def _names_file(entry: Mapping[str, Any]) -> bool:
    return any(isinstance(entry.get(key), str) for key in PATH_KEYS)
