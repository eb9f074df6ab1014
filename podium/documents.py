"""Makes one metadata document of the files that are about a model, and finds its entry in a file about many."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from podium.claims import CONTAINERS
from podium.exports import of_mlmodel, of_requirements
from podium.staged import Problem

EXPORTED = {"MLmodel": of_mlmodel, "requirements.txt": of_requirements}
"""Files about a model that are not JSON, and what reads them."""
METRIC_FILES = frozenset({"metrics", "evaluation", "results", "scores", "performance"})
WRAPPED = {
    "params": "hyperparameters",
    "hyperparameters": "hyperparameters",
    "features": "feature_columns",
    "feature_columns": "feature_columns",
    "feature_names": "feature_columns",
}
"""Stems of files that hold one field alone, and the field."""
LISTS = ("models", "versions", "entries", "registry")
PATH_KEYS = ("model_path", "path", "file", "filename", "model_file", "artifact_path", "artifact")
ID_KEYS = ("model_id", "id", "name", "version")


def combine(texts: Sequence[tuple[str, str]]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return one document of several JSON texts, given with their file names, those that say most first.

    What an earlier file says goes before what a later one says. A text that is no JSON object is a problem.
    """
    document: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, text in texts:
        found, problem = _load(name, text)
        problems += [problem] if problem else []
        document = _merged(document, _fields(name, found))
    return document, tuple(problems)


def _load(name: str, text: str) -> tuple[Any, Problem | None]:
    if name in EXPORTED:
        return EXPORTED[name](text)
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        return {}, Problem("bad-metadata", f"{name} is not valid JSON: {error}")
    if not isinstance(found, dict) and _stem(name) not in WRAPPED:
        return {}, Problem("bad-metadata", f"{name} holds a {type(found).__name__}, not an object")
    return found, None


def _stem(name: str) -> str:
    """Return the word of a file's name that says what it holds: ``metrics`` of ``model_v2_metrics.json``."""
    stem = PurePosixPath(name).stem.lower()
    known = (word for word in (*METRIC_FILES, *WRAPPED) if stem == word or stem.endswith(f"_{word}"))
    return max(known, key=len, default=stem)


def _fields(name: str, found: Any) -> dict[str, Any]:
    """Return what a file says under the keys that a metadata file would use."""
    stem = _stem(name)
    if stem in WRAPPED and not (isinstance(found, dict) and WRAPPED[stem] in found):
        return {WRAPPED[stem]: found} if found else {}
    if stem in METRIC_FILES and not CONTAINERS.keys() & found.keys():
        return {"evaluation" if stem == "evaluation" else "metrics": found}
    return dict(found)


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: {**second[key], **first[key]} for key in first if _are_objects(first[key], second.get(key))}
    return {**second, **first, **both}


def _are_objects(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def entries_of(text: str) -> dict[str, str]:
    """Return the entries of a file about many models, as JSON by the model file's name or else the model's id.

    The file is a list of objects, or holds one, or holds objects by id or version; any other gives nothing.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    listed = document if isinstance(document, list) else next(_lists(document), None)
    return {key: json.dumps(entry) for entry in _entries(listed) for key in _keys(entry)}


def _lists(document: object) -> Iterator[Any]:
    if isinstance(document, dict):
        yield from (document[name] for name in LISTS if isinstance(document.get(name), list | dict))


def _entries(listed: Any) -> list[dict[str, Any]]:
    if isinstance(listed, dict):
        return [{"model_id": key, **entry} for key, entry in listed.items() if isinstance(entry, dict)]
    return [entry for entry in listed or () if isinstance(entry, dict)]


def _keys(entry: Mapping[str, Any]) -> list[str]:
    """Return the names by which a model may find its entry: its file's, with whatever slashes, and its ids."""
    paths = [re.split(r"[/\\]", entry[key])[-1] for key in PATH_KEYS if isinstance(entry.get(key), str)]
    return [*paths, *(str(entry[key]) for key in ID_KEYS if isinstance(entry.get(key), str | int))]
