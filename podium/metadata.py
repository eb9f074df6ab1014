"""Reads what a model's own metadata says, by tables of names and not by branches.

Everything read here is a claim: it is kept and shown, and never decides a promotion while there is a holdout.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from podium.metrics import is_possible
from podium.names import label_key
from podium.staged import Folder, Problem, StagedModel

METRIC_CONTAINERS = ("performance_metrics", "metrics", "test_metrics", "performance", "scores")
METRIC_NAMES = {
    "accuracy": "accuracy",
    "acc": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "f1_score",
    "f1_score": "f1_score",
    "f1-score": "f1_score",
    "roc_auc": "roc_auc",
    "auc": "roc_auc",
    "auc_roc": "roc_auc",
}
TIME_KEYS = ("trained_at", "registered_at", "training_date", "created_at", "saved_at", "timestamp")
PARAMETER_KEYS = ("hyperparameters", "params", "parameters", "best_params")
FEATURE_KEYS = ("feature_columns", "features", "feature_names", "feature_cols")
CONFUSION_KEYS = ("confusion_matrix",)
TYPE_WORDS = {
    "xgb": "xgboost",
    "lightgbm": "lightgbm",
    "lgbm": "lightgbm",
    "forest": "random_forest",
    "logistic": "logistic_regression",
}
ID_TIME = re.compile(r"(\d{8})_(\d{6})")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class When:
    """A point in time and where it was found."""

    at: datetime
    source: str


def parse_staged(folder: Folder, timezone: str = "UTC") -> StagedModel:
    """Return the staged model that a folder describes; what cannot be read becomes a problem, never an exception."""
    document, problems = _document(folder)
    recorded = _recorded(document)
    when = _when(document, folder, timezone)
    return StagedModel(
        model_id=folder.name,
        folder=folder,
        model_type=_model_type(document, folder.name),
        trained_at=when.at,
        trained_at_source=when.source,
        recorded_metrics=recorded.metrics,
        hyperparameters=_mapping(document, PARAMETER_KEYS),
        feature_columns=_texts(document, FEATURE_KEYS),
        confusion_matrix=_first(document, CONFUSION_KEYS) or _first(recorded.container, CONFUSION_KEYS),
        problems=_folder_problems(folder) + problems + recorded.problems + _id_problems(document, folder),
    )


@dataclass(frozen=True, slots=True)
class _Recorded:
    metrics: dict[str, float]
    problems: tuple[Problem, ...]
    container: Mapping[str, Any]


def _document(folder: Folder) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    if folder.metadata_text is None:
        return {}, (Problem("missing-metadata", "no metadata.json: nothing is known of how it was trained"),)
    try:
        document = json.loads(folder.metadata_text)
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        return {}, (Problem("bad-metadata", f"metadata.json is not valid JSON: {error}"),)
    if not isinstance(document, dict):
        return {}, (Problem("bad-metadata", f"metadata.json holds a {type(document).__name__}, not an object"),)
    return document, ()


def _folder_problems(folder: Folder) -> tuple[Problem, ...]:
    if folder.unreadable:
        return (Problem("unreadable", folder.unreadable),)
    if folder.model_file is None:
        return (Problem("no-model", "no model file in the folder"),)
    return FORMAT_PROBLEMS.get(folder.format, ())


FORMAT_PROBLEMS = {
    "empty": (Problem("empty-model", "the model file has 0 bytes: copy it again from where it was trained"),),
    "git-lfs": (Problem("lfs-pointer", "the model file is a Git LFS pointer: run `git lfs pull`"),),
    "unknown": (Problem("unknown-format", "the model file is in no format that Podium reads"),),
}


def _id_problems(document: Mapping[str, Any], folder: Folder) -> tuple[Problem, ...]:
    claimed = document.get("model_id")
    if claimed is None or claimed == folder.name:
        return ()
    return (Problem("id-mismatch", f"metadata calls it {claimed!r}; the folder's name is used"),)


def _recorded(document: Mapping[str, Any]) -> _Recorded:
    container = next((document[k] for k in METRIC_CONTAINERS if isinstance(document.get(k), dict)), document)
    metrics: dict[str, float] = {}
    problems: list[Problem] = []
    for name, value in _named_values(container):
        number = as_number(value)
        if number is None:
            problems.append(Problem("bad-metric", f"recorded {name} is {value!r}, not a finite number"))
        elif not is_possible(name.rpartition(".")[2], number):
            problems.append(Problem("bad-metric", f"recorded {name} is {value!r}, not between 0 and 1"))
        else:
            metrics[name] = number
    if document and not metrics:
        problems.append(Problem("no-metrics", "metadata records no metric"))
    return _Recorded(metrics, tuple(problems), container)


def _named_values(container: Mapping[str, Any]) -> list[tuple[str, Any]]:
    plain = [(METRIC_NAMES[k], v) for k, v in container.items() if k in METRIC_NAMES]
    return plain + [(f"class_{label_key(label)}.{k}", v) for label, k, v in _per_class(container)]


def _per_class(container: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """Return (label, metric, value) of a scikit-learn classification report, if the container holds one."""
    report = container.get("classification_report")
    if not isinstance(report, dict):
        return []
    rows = {k: v for k, v in report.items() if isinstance(v, dict) and not k.endswith(" avg")}
    return [(label, METRIC_NAMES[k], v) for label, row in rows.items() for k, v in row.items() if k in METRIC_NAMES]


def as_number(value: object) -> float | None:
    """Return a finite float of a number, ``"0.81"`` or ``"81.2%"``; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    scale = 0.01 if text.endswith("%") else 1.0
    try:
        number = float(text.removesuffix("%")) * scale
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _model_type(document: Mapping[str, Any], name: str) -> str:
    for text in (document.get("model_type"), document.get("model_name"), name):
        words = str(text or "").lower().replace("-", "_")
        found = next((kind for word, kind in TYPE_WORDS.items() if word in words), None)
        if found:
            return found
    return "unknown"


def _when(document: Mapping[str, Any], folder: Folder, timezone: str) -> When:
    for key in TIME_KEYS:
        found = parse_time(document.get(key), timezone)
        if found:
            return When(found, f"metadata.{key}")
    from_id = parse_time(folder.name, timezone)
    return When(from_id, "id") if from_id else When(folder.modified_at, "file time")


def parse_time(value: object, timezone: str = "UTC") -> datetime | None:
    """Return the aware time of an ISO text or of a ``YYYYmmdd_HHMMSS`` within a text; None of anything else.

    A time without an offset is taken to be in ``timezone``, an IANA zone name. A time before 1970 is a default that
    somebody's clock or database filled in, and no time of training.
    """
    if not isinstance(value, str):
        return None
    stamp = ID_TIME.search(value)
    try:
        found = datetime.strptime("".join(stamp.groups()), "%Y%m%d%H%M%S") if stamp else datetime.fromisoformat(value)
        aware = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))
        moment = aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment >= EPOCH else None


def _first(document: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((document[k] for k in keys if document.get(k) is not None), None)


def _mapping(document: Mapping[str, Any], keys: tuple[str, ...]) -> Mapping[str, Any]:
    found = _first(document, keys)
    return found if isinstance(found, dict) else {}


def _texts(document: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    found = _first(document, keys)
    return tuple(v for v in found if isinstance(v, str)) if isinstance(found, list) else ()
