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

import pandas as pd

from podium.measurement import Predictions
from podium.requirements import known_versions
from tasks.effects.categories import as_trained
from tasks.effects.classifiers import flavour_of
from tasks.effects.encoded import encoded
from tasks.effects.joining import joined, load_preparing
from tasks.effects.kinds import Kind, kind_of
from tasks.effects.loading import Loaded, load_staged
from tasks.effects.mending import of_version
from tasks.effects.passing import passed_on, raw_model
from tasks.effects.prediction import (
    DiffersError,
    columns_of,
    columns_used,
    is_booster,
    pick,
    read_rows,
    save_predictions,
    split,
)
from tasks.effects.renamed import real_names
from tasks.effects.storing import Storing, storable
from tasks.effects.synthesis import synthesised

ASKED_ROWS = 20
"""Rows on which MLflow's own interface is asked: it only passes on what the library's object answers."""


def convert(request: dict[str, Any]) -> dict[str, Any]:
    """Convert one staged model and return what was found out about it.

    Keys of the request: ``model`` (file) and its ``sha256``, ``preprocessors`` (such pairs), ``out`` (directory to
    write the MLflow model to), ``predictions`` (file), ``holdout`` (file or null), ``features`` and ``types`` of them
    (as recorded), ``task`` (what the holdout's models predict), ``versions`` (as recorded), ``extra_globals``,
    ``memory_mb``.
    """
    # An earlier process may have been stopped in the middle of writing.
    shutil.rmtree(request["out"], ignore_errors=True)
    loaded = _loaded(request)
    with of_version(lambda: loaded.saved_by):
        return _converted(loaded, request)


def _converted(loaded: Loaded, request: Mapping[str, Any]) -> dict[str, Any]:
    model, kind = loaded.model, kind_of(request)
    kind.require(model)
    rows = _rows(model, request)
    columns = [str(column) for column in rows.columns]
    began = time.perf_counter()
    final, inputs = split(model, rows)
    said, answers = kind.ask(final, inputs)
    seconds = time.perf_counter() - began
    versions = known_versions(request["versions"], loaded.saved_by)
    kept = encoded(model, rows)
    store = Storing(flavour_of(kept), loaded.packages, frozenset(request["extra_globals"]), versions)
    store.save(kept, rows, answers, Path(request["out"]))
    difference = kind.difference(said, stored_predictions(kind, Path(request["out"]), rows))
    save_predictions(replace(said, seconds=seconds), Path(request["predictions"]))
    return {
        "estimator": f"{type(model).__module__}.{type(model).__name__}",
        "final_estimator": type(_final(model)).__name__,
        "flavour": store.flavour,
        "columns": columns,
        "used": columns_used(model, columns),
        "parameters": _parameters(model),
        "saved_by": dict(loaded.saved_by),
        "requirements": "recorded" if store.requirements.recorded else "converted",
        "parity": {"rows": len(rows), "largest_difference": difference},
    }


def _loaded(request: Mapping[str, Any]) -> Loaded:
    """Return the staged model; behind what prepares its rows, as one pipeline, where that lies beside it."""
    limit, extra = request["memory_mb"] << 20, request["extra_globals"]
    before = [load_preparing(Path(file), extra, sha256, limit) for file, sha256 in request["preprocessors"]]
    last = load_staged(Path(request["model"]), extra, request["sha256"], limit)
    if not before:
        return last
    names = [Path(file).name for file, _ in request["preprocessors"]]
    model = joined(list(zip(names, (part.model for part in before), strict=True)), last.model)
    return Loaded(model, last.packages.union(*(part.packages for part in before)), last.saved_by)


def stored_predictions(kind: Kind, directory: Path, rows: pd.DataFrame) -> Predictions:
    """Return what a stored MLflow model says, loaded the way any user would load it.

    Raises:
        DiffersError: asked through MLflow it answers otherwise than the library's own object behind it.
    """
    from mlflow.pyfunc import load_model

    with storable():
        loaded = load_model(str(directory), suppress_warnings=True)
    raw = raw_model(loaded)
    said, _ = kind.ask(*split(raw, rows))
    if not is_booster(raw) and not kind.is_same(said, passed_on(loaded, rows.head(ASKED_ROWS))):
        raise DiffersError("the stored model answers otherwise through MLflow than through its own library")
    return said


def pyfunc_predictions(kind: Kind, loaded: Any, rows: pd.DataFrame) -> Predictions:
    """Return what a pyfunc model says."""
    return kind.through(raw_model(loaded), loaded, rows)


def _rows(model: Any, request: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows that a model is shown, with its columns: the holdout's, or such as it would accept."""
    columns, recorded = columns_of(model, request["features"]), request["features"]
    if request["holdout"] is None:
        real = real_names(model, columns, recorded, None)
        return as_trained(model, synthesised(model, real, request.get("types", {})))
    rows = read_rows(Path(request["holdout"]))
    return as_trained(model, pick(rows, real_names(model, columns, recorded, rows.columns)))


def _final(model: Any) -> Any:
    steps = getattr(model, "steps", None)
    return _final(steps[-1][1]) if steps else model


def _parameters(model: Any) -> dict[str, str]:
    """Return the constructor parameters of the final estimator that are not left at their default of None."""
    final = _final(model)
    if not hasattr(final, "get_params"):
        return {}
    return {k: str(v) for k, v in final.get_params(deep=False).items() if v is not None}
