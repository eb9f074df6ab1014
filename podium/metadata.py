"""Reads what a model's own metadata says, by tables of names and not by branches.

Everything read here is a claim: it is kept and shown, and never decides a promotion while there is a holdout.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from podium.claims import read_claims
from podium.documents import Document, combine
from podium.fields import Found, all_of, read, type_told, versions_in
from podium.formats import HOLLOW, stem_of
from podium.inherited import inherit
from podium.kinds import UNKNOWN
from podium.staged import Folder, Problem, StagedModel
from podium.times import parse_time


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
    read_from = _document(folder)
    document = read_from.said
    claims = read_claims(document)
    when, kind = _when(document, folder, timezone), _model_type(document, folder.name)
    scores = {key: read_from.origin_of(path) for key, path in claims.found.items()}
    fields = {"trained_at": when.source, "model_type": kind.path, **_sources(document)}
    found = {**scores, **{field: _with_file(where, read_from) for field, where in fields.items()}}
    return StagedModel(
        model_id=folder.name,
        folder=folder,
        model_type=kind.value,
        trained_at=when.at,
        trained_at_source=when.source,
        recorded_metrics=claims.metrics,
        hyperparameters=_value(document, "hyperparameters", {}),
        feature_columns=_value(document, "features", ()),
        feature_types=_value(document, "types", {}),
        confusion_matrix=_value(document, "confusion_matrix"),
        threshold=_value(document, "threshold"),
        versions=versions_in(document),
        found=found,
        problems=_folder_problems(folder) + read_from.problems + claims.problems + _id_problems(document, folder),
    )


def _document(folder: Folder) -> Document:
    if not folder.metadata:
        problem = Problem("missing-metadata", "no metadata.json: nothing is known of how it was trained")
        return Document({}, (problem,))
    return combine(folder.metadata, (stem_of(PurePosixPath(folder.model_file or "")), PurePosixPath(folder.name).name))


def _with_file(where: str, document: Document) -> str:
    """Return where a field was found, with the file that says it in place of ``metadata`` if it is another."""
    path = where.removeprefix("metadata.")
    told = document.origin_of(path)
    return where if path in {where, told} else told


def _folder_problems(folder: Folder) -> tuple[Problem, ...]:
    left = tuple(Problem("linked", f"{name} is a symbolic link {OUTSIDE}") for name in folder.left)
    return _model_problems(folder) + left + _unclaimed(folder.unclaimed)


def _unclaimed(files: Sequence[str], most: int = 3) -> tuple[Problem, ...]:
    if not files:
        return ()
    more = f" and {len(files) - most} more" if len(files) > most else ""
    said = f"{', '.join(files[:most])}{more}: near it, and carried with no model, as no name tells whose it is: {MEND}"
    return (Problem("unclaimed", said),)


def _model_problems(folder: Folder) -> tuple[Problem, ...]:
    if folder.unreadable:
        return (Problem("unreadable", folder.unreadable),)
    if folder.model_file is None:
        return (Problem("no-model", "no model file in the folder"),)
    return FORMAT_PROBLEMS.get(folder.format, ())


MEND = "put it into the folder of its model, or its model's name before its own (churn_scaler.pkl of churn.pkl)"
OUTSIDE = "to no file of the staging root, and is not followed: copy the file there if the model needs it"
FORMAT_PROBLEMS = {
    "empty": (Problem("empty-model", f"the model file {HOLLOW['empty']}"),),
    "git-lfs": (Problem("lfs-pointer", f"the model file {HOLLOW['git-lfs']}"),),
    "unknown": (Problem("unknown-format", "the model file is in no format that Podium reads"),),
    "archive": (Problem("unknown-format", "the model file is an archive: unpack it into its folder"),),
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


def _sources(document: Mapping[str, Any]) -> dict[str, str]:
    """Return where the fields were read that stand in the metadata as they are."""
    fields = ("hyperparameters", "features", "types", "threshold", "versions")
    found = {field: read(document, field) for field in fields}
    return {field: f"metadata.{one.path}" for field, one in found.items() if one}


def _value(document: Mapping[str, Any], field: str, otherwise: Any = None) -> Any:
    found = read(document, field)
    return found.value if found else otherwise


def _model_type(document: Mapping[str, Any], name: str) -> Found:
    for found in (*all_of(document, "type"), Found("id", name)):
        if kind := type_told(found):
            return Found(found.path if found.path == "id" else f"metadata.{found.path}", kind)
    return Found("nowhere", UNKNOWN)


def _when(document: Mapping[str, Any], folder: Folder, timezone: str) -> When:
    for found in all_of(document, "trained_at"):
        moment = parse_time(found.value, "UTC" if found.path.endswith("_utc") else timezone)
        if moment:
            return When(moment, f"metadata.{found.path}")
    from_id = parse_time(folder.name, timezone)
    return When(from_id, "id") if from_id else When(folder.modified_at, "file time")
