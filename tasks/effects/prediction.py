"""Asks a loaded model for labels and probabilities, whatever its library calls them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from podium.labels import Labels, canonical_labels
from podium.measurement import Predictions, Probabilities

MADE_UP = re.compile(r"Column_\d+")
"""What LightGBM calls the columns of an array, which has no names."""

LIKELIEST = {
    "xgboost.sklearn.XGBClassifier": ("binary:logistic", "multi:softprob"),
    "lightgbm.sklearn.LGBMClassifier": (None, "binary", "multiclass"),
}
"""Objectives with which the labels of boosted trees are the likeliest classes."""


class NotUsableError(Exception):
    """A model cannot be used on the rows at hand; the message says why, for a person."""


class DiffersError(NotUsableError):
    """What is stored of a model answers otherwise than the model; the message says by how much."""


def read_rows(path: Path) -> pd.DataFrame:
    """Return the rows of a Parquet or CSV file.

    They are kept as long as the file stays the same: the sandbox reads them once, for all the children it forks.

    Raises:
        NotUsableError: the file is in neither format.
    """
    found = path.stat()
    return _rows_of(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=1)
def _rows_of(path: Path, modified: int, size: int) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, na_values=[" "])
    if path.suffix in {".parquet", ".pq"}:
        return pd.read_parquet(path)
    raise NotUsableError(f"{path.name} is neither .parquet nor .csv")


def columns_of(model: Any, recorded: Sequence[str]) -> list[str]:
    """Return the feature columns a model was trained on: its own record, else what its metadata says."""
    first = _first_step(model)
    for attribute in ("feature_names_in_", "feature_name_", "feature_names", "feature_name"):
        names = named_by(model, attribute) or named_by(first, attribute)
        if names and not all(MADE_UP.fullmatch(name) for name in names):
            return names
    return list(recorded)


def columns_used(model: Any, columns: Sequence[str]) -> list[str]:
    """Return those of a model's columns that get past its first step: a column transformer may drop some."""
    inner = getattr(model, "best_estimator_", model)
    first = _first_step(inner)
    if first is not None:
        return columns_used(first, columns)
    places = getattr(inner, "_transformer_to_input_indices", None)
    dropped = {
        name for name, what, _ in getattr(inner, "transformers_", ()) if isinstance(what, str) and what == "drop"
    }
    if not places or len(columns) != getattr(inner, "n_features_in_", -1):
        return list(columns)
    kept = {place for name, own in places.items() if name not in dropped for place in own}
    return [column for place, column in enumerate(columns) if place in kept]


def _first_step(model: Any) -> Any:
    """Return the first step of a pipeline that is more than a word or nothing; of any other model nothing."""
    return next((step for _, step in getattr(model, "steps", ()) if not isinstance(step, str | None)), None)


def named_by(model: Any, attribute: str) -> list[str]:
    """Return the columns that an attribute of a model names; none if it has no such attribute."""
    try:
        names = getattr(model, attribute, None)
    except (AttributeError, ValueError):
        return []
    names = names() if callable(names) else names
    return [] if names is None else [str(name) for name in names]


def pick(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the columns a model needs.

    Raises:
        NotUsableError: some are not there, or it is not known which they are.
    """
    if not columns:
        raise NotUsableError("neither the model nor its metadata names its feature columns")
    missing = [c for c in columns if c not in rows.columns]
    if missing:
        raise NotUsableError(f"it needs {', '.join(missing[:5])}, which the rows do not have")
    return rows[list(columns)]


def is_booster(model: Any) -> bool:
    """Whether a model is a raw booster, which answers with scores and not with labels."""
    return type(model).__name__ == "Booster"


def predict(model: Any, rows: pd.DataFrame) -> Predictions:
    """Return labels (n,) and, if the model gives them, probabilities (n, k) in the order of ``classes``."""
    if not hasattr(model, "predict"):
        raise NotUsableError(f"a {type(model).__name__} cannot predict")
    if is_booster(model):
        return _from_scores(booster_scores(model, rows))
    return asked(model, rows)[0]


def asked(model: Any, rows: pd.DataFrame) -> tuple[Predictions, Any]:
    """Return the predictions of a classifier, and its labels (n,) as it gives them itself."""
    classes, values = probabilities(model, rows)
    if values is not None and chooses_the_likeliest(model):
        # Its own predict would only ask all its trees for this once more.
        return likeliest(classes, values), np.asarray(model.classes_).take(values.argmax(axis=1), axis=0)
    labels = np.asarray(model.predict(rows))
    return Predictions(labels_of(labels), classes, values), labels


def likeliest(classes: Sequence[str], values: Probabilities) -> Predictions:
    """Return predictions of which each label is the likeliest class, the first of several."""
    return Predictions(np.array(classes, dtype=np.str_).take(values.argmax(axis=1)), tuple(classes), values)


def chooses_the_likeliest(model: Any) -> bool:
    """Whether a model's labels are known to be its likeliest classes, the first of several."""
    kind = type(model)
    if kind.__module__ == "sklearn.ensemble._forest":
        return getattr(model, "n_outputs_", 0) == 1
    objectives = LIKELIEST.get(f"{kind.__module__}.{kind.__name__}", ())
    return bool(objectives) and getattr(model, "objective", "") in objectives


def split(model: Any, rows: pd.DataFrame) -> tuple[Any, Any]:
    """Return the last step of a pipeline with what the steps before make of the rows, and any other model as it is.

    Labels and probabilities then need one transformation; it is most of the work of many pipelines.
    """
    from sklearn.pipeline import Pipeline

    if type(model) is not Pipeline or len(model.steps) < 2:
        return model, rows
    return model.steps[-1][1], model[:-1].transform(rows)


def labels_of(answers: Any) -> Labels:
    """Return the labels (n,) that a model answers with, in the one spelling of labels.

    Raises:
        NotUsableError: it answers each row with several.
    """
    found = np.asarray(answers)
    if found.ndim > 1 and found.shape[1] != 1:
        _refuse_several(found.shape[1])
    return canonical_labels(found.ravel().tolist())


def _refuse_several(outputs: int) -> None:
    raise NotUsableError(f"it answers each row with {outputs} labels, and one is measured: stage a model for each")


def probabilities(model: Any, rows: pd.DataFrame) -> tuple[tuple[str, ...], Probabilities | None]:
    """Return the classes and the probabilities (n, k) of a model, or nothing if it gives none."""
    if not (hasattr(model, "predict_proba") and hasattr(model, "classes_")):
        return (), None
    if isinstance(model.classes_, list) and any(np.ndim(of_one) for of_one in model.classes_):
        _refuse_several(len(model.classes_))
    classes = canonical_labels(np.asarray(model.classes_).tolist()).tolist()
    return tuple(classes), np.asarray(model.predict_proba(rows), dtype=np.float64)


def booster_scores(model: Any, rows: pd.DataFrame) -> Any:
    """Return what a raw booster answers, in whatever its objective is in."""
    if type(model).__module__.startswith("xgboost"):
        import xgboost

        return model.predict(xgboost.DMatrix(rows, enable_categorical=True))
    return model.predict(rows)


def _from_scores(scores: Any) -> Predictions:
    """Return predictions of a raw booster: (n,) are probabilities of class 1, (n, k) of classes 0 to k-1."""
    values = np.asarray(scores, dtype=np.float64)
    if values.size and (values.min() < 0 or values.max() > 1):
        raise NotUsableError("its scores are no probabilities: a regressor, or a booster with a raw objective")
    table = values if values.ndim == 2 else np.column_stack([1 - values, values])
    classes = tuple(str(i) for i in range(table.shape[1]))
    return Predictions(canonical_labels(table.argmax(axis=1).tolist()), classes, table)


def save_predictions(said: Predictions, path: Path) -> None:
    """Write predictions to an ``.npz`` file that loads without pickle."""
    arrays: dict[str, Any] = {"labels": said.labels, "classes": np.array(said.classes, dtype=np.str_)}
    if said.probabilities is not None:
        arrays["probabilities"] = said.probabilities
    if said.numbers is not None:
        arrays["numbers"] = said.numbers
    if said.seconds is not None:
        arrays["seconds"] = np.float64(said.seconds)
    np.savez(path, **arrays)


def load_predictions(path: Path) -> Predictions:
    """Return the predictions of a file that ``save_predictions`` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        probabilities, seconds = stored.get("probabilities"), stored.get("seconds")
        classes = tuple(stored["classes"].tolist())
        took = None if seconds is None else float(seconds)
        return Predictions(stored["labels"], classes, probabilities, took, stored.get("numbers"))
