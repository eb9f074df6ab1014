"""Turns a staged pickle into an MLflow model without pickle, and shows that it predicts the same.

Runs in the sandbox's child process: nothing here is trusted by the parent except files it can read as JSON, as arrays
without pickle, and as an MLflow model directory.
"""

import importlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import mlflow.sklearn
import numpy as np
import pandas as pd
import skops.io
from mlflow.exceptions import MlflowException
from sklearn.dummy import DummyClassifier
from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

from podium.labels import canonical_labels
from podium.measurement import Predictions
from podium.requirements import requirements_of
from podium.safety import TRUSTED_IN_SKOPS, named_in
from tasks.effects.installed import installed
from tasks.effects.loading import load_staged
from tasks.effects.mlmodel import mlmodel
from tasks.effects.prediction import (
    NotUsableError,
    answered,
    columns_of,
    is_booster,
    pick,
    predict,
    read_rows,
    save_predictions,
    split,
)
from tasks.effects.synthesis import synthesised

PARITY = 1e-6
"""Largest difference of a probability between the original and the stored model."""
SKOPS = "model.skops"
UNTRUSTED = re.compile(r"Untrusted types found in the file: \[(.*?)\]")
EXAMPLE_ROWS = 5
SIGNATURE_ROWS = 100
ASKED_ROWS = 20
"""Rows on which MLflow's own interface is asked: it only passes on what the library's object answers."""


def convert(request: dict[str, Any]) -> dict[str, Any]:
    """Convert one staged model and return what was found out about it.

    Keys of the request: ``model`` (file) and its ``sha256``, ``out`` (directory to write the MLflow model to),
    ``predictions`` (file), ``holdout`` (file or null), ``features`` (as recorded), ``extra_globals``, ``memory_mb``.
    """
    limit = request["memory_mb"] << 20
    loaded = load_staged(Path(request["model"]), request["extra_globals"], request["sha256"], limit)
    model = loaded.model
    _require_classifier(model)
    columns = columns_of(model, request["features"])
    rows = _rows(model, columns, request["holdout"])
    final, inputs = split(model, rows)
    answers = None if is_booster(model) else np.asarray(final.predict(inputs))
    said = predict(final, inputs) if answers is None else answered(final, inputs, answers)
    store = Storing(flavour_of(model), loaded.packages, frozenset(request["extra_globals"]))
    store.save(model, rows, answers, Path(request["out"]))
    difference = _parity(said, stored_predictions(Path(request["out"]), rows))
    save_predictions(said, Path(request["predictions"]))
    return {
        "estimator": f"{type(model).__module__}.{type(model).__name__}",
        "final_estimator": type(_final(model)).__name__,
        "flavour": store.flavour,
        "columns": columns,
        "parameters": _parameters(model),
        "parity": {"rows": len(rows), "largest_difference": difference},
    }


@dataclass(frozen=True, slots=True)
class Storing:
    """How one model is stored: its flavour, the packages inside it, and the types that the config trusts."""

    flavour: str
    packages: frozenset[str]
    extra: frozenset[str]

    def save(self, model: Any, rows: pd.DataFrame, answers: Any, out: Path) -> None:
        """Write the MLflow model, with the signature that some rows and the answers to them have.

        Raises:
            NotUsableError: it holds something that cannot be stored without pickle.
        """
        from mlflow.models import infer_signature

        few = None if answers is None else answers[:SIGNATURE_ROWS]
        signature = infer_signature(rows.head(SIGNATURE_ROWS), few)
        options = {"signature": signature, "input_example": rows.head(EXAMPLE_ROWS), **self._options()}
        with _storable():
            if self.flavour == "sklearn":
                self._save_sklearn(model, out, options)
            else:
                importlib.import_module(f"mlflow.{self.flavour}").save_model(model, path=str(out), **options)
        if self.flavour == "lightgbm" and (out / SKOPS).exists():
            self._narrow_trust(out)

    def _save_sklearn(self, model: Any, out: Path, options: Mapping[str, Any]) -> None:
        """Let MLflow save a stand-in with everything that describes the model, and put the model in its place.

        MLflow loads what it saves once more, only to see whether it can be loaded. The parity check does that too, and
        for a forest each time is a good part of its migration.
        """
        content = skops.io.dumps(model)
        trusted = self._named(io.BytesIO(content))
        mlflow.sklearn.save_model(stand_in(), path=str(out), **{**options, "skops_trusted_types": trusted})
        (out / SKOPS).write_bytes(content)

    def _narrow_trust(self, out: Path) -> None:
        with (out / SKOPS).open("rb") as file, mlmodel(out) as stored:
            stored["flavors"][self.flavour]["skops_trusted_types"] = self._named(file)

    def _named(self, file: IO[bytes]) -> list[str]:
        """Return the trusted types that a model's schema names: its MLmodel should trust no more than it must."""
        with zipfile.ZipFile(file) as archive:
            return named_in(archive.read("schema.json").decode("utf-8"), self._trusted())

    def _trusted(self) -> frozenset[str]:
        return TRUSTED_IN_SKOPS | self.extra

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"pip_requirements": requirements_of(self.flavour, self.packages, installed)}
        if self.flavour == "sklearn":
            options["serialization_format"] = "skops"
        if self.flavour != "xgboost":
            options["skops_trusted_types"] = sorted(self._trusted())
        return options


@cache
def stand_in() -> Any:
    """Return a small model, whose place in a stored scikit-learn model the real one takes."""
    return DummyClassifier().fit([[0]], [0])


@contextmanager
def _storable() -> Iterator[None]:
    """Turn the complaint of a safe format into an answer about the model."""
    try:
        yield
    except (MlflowException, UnsupportedTypeException, UntrustedTypesFoundException) as error:
        named = UNTRUSTED.search(str(error))
        what = f"it needs {named.group(1)}, not reviewed as safe" if named else "its library's safe format refuses it"
        raise NotUsableError(f"it cannot be stored without pickle: {what}") from error


def stored_predictions(directory: Path, rows: pd.DataFrame) -> Predictions:
    """Return what a stored MLflow model says, loaded the way any user would load it.

    Raises:
        NotUsableError: asked through MLflow it answers otherwise than the library's own object behind it.
    """
    from mlflow.pyfunc import load_model

    with _storable():
        loaded = load_model(str(directory), suppress_warnings=True)
    raw = raw_model(loaded)
    said = predict(*split(raw, rows))
    _same_through_mlflow(loaded, raw, rows.head(ASKED_ROWS), said)
    return said


def _same_through_mlflow(loaded: Any, raw: Any, few: pd.DataFrame, said: Predictions) -> None:
    if is_booster(raw):
        return
    labels = canonical_labels(np.asarray(loaded.predict(few)).ravel().tolist())
    if not np.array_equal(labels, said.labels[: len(few)]):
        raise NotUsableError("the stored model answers otherwise through MLflow than through its own library")


def pyfunc_predictions(loaded: Any, rows: pd.DataFrame) -> Predictions:
    """Return labels as the pyfunc model gives them, and probabilities as the model behind it does."""
    raw = raw_model(loaded)
    if is_booster(raw):
        return predict(raw, rows)
    return answered(raw, rows, np.asarray(loaded.predict(rows)))


def raw_model(loaded: Any) -> Any:
    """Return the library's own object behind a pyfunc model, or the pyfunc model if it hides it."""
    try:
        return loaded.get_raw_model()
    except (AttributeError, NotImplementedError):
        return loaded


def flavour_of(model: Any) -> str:
    """Return the MLflow flavour that stores a model without pickle."""
    package = type(model).__module__.split(".")[0]
    return package if package in {"xgboost", "lightgbm"} else "sklearn"


def _require_classifier(model: Any) -> None:
    if is_booster(model):
        return
    if not hasattr(model, "predict"):
        raise NotUsableError(f"a {type(model).__name__} is not a model: it cannot predict")
    if not hasattr(model, "classes_"):
        raise NotUsableError(f"a {type(model).__name__} is not a trained classifier")


def _rows(model: Any, columns: list[str], holdout: str | None) -> pd.DataFrame:
    if holdout is None:
        return synthesised(model, columns)
    return pick(read_rows(Path(holdout)), columns)


def _parity(original: Predictions, stored: Predictions) -> float:
    different = int((original.labels != stored.labels).sum())
    if different:
        raise NotUsableError(
            f"the stored model answers {different} of {len(original.labels)} rows otherwise than the original"
        )
    if original.probabilities is None or stored.probabilities is None:
        return 0.0
    largest = float(np.abs(original.probabilities - stored.probabilities).max())
    if not largest <= PARITY:
        raise NotUsableError(
            f"probabilities of the stored model differ by {largest:.2g}; at most {PARITY:g} is accepted"
        )
    return largest


def _final(model: Any) -> Any:
    steps = getattr(model, "steps", None)
    return _final(steps[-1][1]) if steps else model


def _parameters(model: Any) -> dict[str, str]:
    """Return the constructor parameters of the final estimator that are not left at their default of None."""
    final = _final(model)
    if not hasattr(final, "get_params"):
        return {}
    return {k: str(v) for k, v in final.get_params(deep=False).items() if v is not None}
