"""Turns a staged pickle into an MLflow model without pickle, and shows that it predicts the same.

Runs in the sandbox's child process: nothing here is trusted by the parent except files it can read as JSON, as arrays
without pickle, and as an MLflow model directory.
"""

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from podium.labels import canonical_labels
from podium.measurement import Predictions
from tasks.effects.classifiers import flavour_of, require_classifier
from tasks.effects.joining import joined
from tasks.effects.loading import Loaded, load_staged
from tasks.effects.mending import of_version
from tasks.effects.prediction import (
    NotUsableError,
    answered,
    asked,
    columns_of,
    is_booster,
    pick,
    predict,
    read_rows,
    save_predictions,
    split,
)
from tasks.effects.storing import Storing, storable
from tasks.effects.synthesis import synthesised

PARITY = 1e-6
"""Largest difference of a probability between the original and the stored model."""
ASKED_ROWS = 20
"""Rows on which MLflow's own interface is asked: it only passes on what the library's object answers."""


def convert(request: dict[str, Any]) -> dict[str, Any]:
    """Convert one staged model and return what was found out about it.

    Keys of the request: ``model`` (file) and its ``sha256``, ``preprocessors`` (such pairs), ``out`` (directory to
    write the MLflow model to), ``predictions`` (file), ``holdout`` (file or null), ``features`` (as recorded),
    ``versions`` (as recorded), ``extra_globals``, ``memory_mb``.
    """
    # An earlier process may have been stopped in the middle of writing.
    shutil.rmtree(request["out"], ignore_errors=True)
    loaded = _loaded(request)
    with of_version(lambda: loaded.saved_by):
        return _converted(loaded, request)


def _converted(loaded: Loaded, request: Mapping[str, Any]) -> dict[str, Any]:
    model = loaded.model
    require_classifier(model)
    columns = columns_of(model, request["features"])
    rows = _rows(model, columns, request["holdout"])
    began = time.perf_counter()
    final, inputs = split(model, rows)
    said, answers = (predict(final, inputs), None) if is_booster(model) else asked(final, inputs)
    seconds = time.perf_counter() - began
    versions = {**loaded.saved_by, **request["versions"]}
    store = Storing(flavour_of(model), loaded.packages, frozenset(request["extra_globals"]), versions)
    store.save(model, rows, answers, Path(request["out"]))
    difference = _parity(said, stored_predictions(Path(request["out"]), rows))
    save_predictions(replace(said, seconds=seconds), Path(request["predictions"]))
    return {
        "estimator": f"{type(model).__module__}.{type(model).__name__}",
        "final_estimator": type(_final(model)).__name__,
        "flavour": store.flavour,
        "columns": columns,
        "parameters": _parameters(model),
        "saved_by": dict(loaded.saved_by),
        "requirements": "recorded" if store.requirements.recorded else "converted",
        "parity": {"rows": len(rows), "largest_difference": difference},
    }


def _loaded(request: Mapping[str, Any]) -> Loaded:
    """Return the staged model; behind what prepares its rows, as one pipeline, where that lies beside it."""
    files = [*request["preprocessors"], (request["model"], request["sha256"])]
    limit, extra = request["memory_mb"] << 20, request["extra_globals"]
    *before, last = [load_staged(Path(file), extra, sha256, limit) for file, sha256 in files]
    if not before:
        return last
    names = [Path(file).name.split(".")[0] for file, _ in request["preprocessors"]]
    model = joined(list(zip(names, (part.model for part in before), strict=True)), last.model)
    return Loaded(model, last.packages.union(*(part.packages for part in before)), last.saved_by)


def stored_predictions(directory: Path, rows: pd.DataFrame) -> Predictions:
    """Return what a stored MLflow model says, loaded the way any user would load it.

    Raises:
        NotUsableError: asked through MLflow it answers otherwise than the library's own object behind it.
    """
    from mlflow.pyfunc import load_model

    with storable():
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
