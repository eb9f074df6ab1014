"""Reads the files that describe an exported MLflow model, as if they were the metadata of a staged one."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath as Path
from typing import Any

from podium.staged import Problem

VERSIONS = {
    "sklearn": ("sklearn_version", "scikit-learn"),
    "xgboost": ("xgb_version", "xgboost"),
    "lightgbm": ("lgb_version", "lightgbm"),
    "python_function": ("python_version", "python"),
}
"""Of each flavour of an ``MLmodel`` file: the key of its library's version, and the library."""
PINNED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*==\s*([\w.]+)")
LONGEST = 1_000_000
"""Characters of an ``MLmodel`` file that are read: YAML takes its time."""
DESCRIPTION = "MLmodel"
WRITTEN = frozenset(
    {
        DESCRIPTION,
        "requirements.txt",
        "conda.yaml",
        "python_env.yaml",
        "input_example.json",
        "serving_input_example.json",
    }
)
"""Files that MLflow writes beside the model of an export."""
FILE_KEYS = ("pickled_model", "data", "model_data", "model_path", "python_model")
"""Under which a flavour names the file of its model, or the folder that holds it."""


def by_export(paths: Iterable[Path]) -> tuple[list[Path], dict[Path, list[Path]]]:
    """Return the files outside of all exports, and those of each export by its folder, however deep they lie.

    An export within another is a part of it. One in the staging root itself is none of these: everything else lies
    below it, and it has no more than its own files.
    """
    every = list(paths)
    folders = {path.parent for path in every if path.name == DESCRIPTION and path.parent != Path()}
    outside: list[Path] = []
    inside: dict[Path, list[Path]] = {}
    for path in every:
        own = next((folder for folder in reversed(path.parents) if folder in folders), None) if folders else None
        (outside if own is None else inside.setdefault(own, [])).append(path)
    return outside, inside


def named_model(text: str) -> str | None:
    """Return the file or folder that an ``MLmodel`` file names as the model, relative to it: of its library first."""
    document, problem = _load(text)
    flavours = _flavours(document)
    order = sorted(flavours, key=lambda name: name == "python_function")
    told = (flavours[name].get(key) for name in order for key in FILE_KEYS)
    return None if problem else next((name for name in told if isinstance(name, str) and name), None)


def of_mlmodel(text: str) -> tuple[dict[str, Any], Problem | None]:
    """Return what an ``MLmodel`` file says: when it was saved, library versions, columns, and its own metadata."""
    document, problem = _load(text)
    if problem:
        return {}, problem
    said = {
        "trained_at_utc": document.get("utc_time_created"),
        "library_versions": _versions(document),
        "feature_columns": [name for name, _ in _columns(document)],
        "feature_types": {name: kind for name, kind in _columns(document) if isinstance(kind, str)},
        "model_type": _class(document),
    }
    own = document.get("metadata")
    return {**{key: value for key, value in said.items() if value}, **_plain(own)}, None


def _load(text: str) -> tuple[dict[str, Any], Problem | None]:
    import yaml

    try:
        # A few aliases of aliases would be a document larger than any memory; MLflow writes none.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text[:LONGEST], Loader=yaml.SafeLoader)):
            return {}, Problem("bad-metadata", "MLmodel refers to parts of itself, which MLflow never writes")
        document = yaml.safe_load(text[:LONGEST])
        json.dumps(document, ensure_ascii=False, default=str, skipkeys=True).encode("utf-8")
    # The last are what PyYAML raises where a value is none of the type that its tag names.
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError) as error:
        return {}, Problem("bad-metadata", f"MLmodel is not valid YAML: {' '.join(str(error).split())[:200]}")
    if not isinstance(document, dict):
        return {}, Problem("bad-metadata", f"MLmodel holds a {type(document).__name__}, not an object")
    return document, None


def of_requirements(text: str) -> tuple[dict[str, Any], Problem | None]:
    """Return the versions that a requirements file pins, as metadata."""
    found = (PINNED.match(line.strip()) for line in text.splitlines())
    versions = {match.group(1): match.group(2) for match in found if match}
    return {"library_versions": versions} if versions else {}, None


def _plain(own: Any) -> dict[str, Any]:
    """Return the user's metadata of an export as JSON would hold it: YAML knows dates, and shares objects."""
    try:
        found = json.loads(json.dumps(own, default=str)) if isinstance(own, dict) else {}
    except (ValueError, RecursionError, TypeError):
        return {}
    return dict(found)


def _flavours(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found = document.get("flavors")
    return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


def _versions(document: Mapping[str, Any]) -> dict[str, str]:
    flavours = _flavours(document)
    own = {"mlflow": document.get("mlflow_version")}
    libraries = {library: flavours.get(name, {}).get(key) for name, (key, library) in VERSIONS.items()}
    return {name: str(version) for name, version in {**libraries, **own}.items() if version}


def _class(document: Mapping[str, Any]) -> str:
    """Return the class of the model with its library; an export of scikit-learn names neither."""
    flavours = _flavours(document)
    own = next((name for name in ("xgboost", "lightgbm") if name in flavours), "")
    return f"{flavours[own].get('model_class', '')} {own}".strip() if own else ""


def _columns(document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the columns of a signature with their types."""
    signature = document.get("signature")
    inputs = signature.get("inputs") if isinstance(signature, dict) else None
    try:
        columns = json.loads(inputs) if isinstance(inputs, str) else []
    except ValueError:
        return []
    return [(str(c["name"]), c.get("type")) for c in columns if isinstance(c, dict) and "name" in c]
