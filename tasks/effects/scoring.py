"""Scores a stored model on labelled rows, in the sandbox: a candidate may have been logged by anyone."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.types import DataType
from pandas.api.types import is_integer_dtype

from podium.measurement import asks_for_truth
from tasks.effects.categories import as_trained
from tasks.effects.conversion import pyfunc_predictions
from tasks.effects.kinds import kind_of
from tasks.effects.logged import load_logged
from tasks.effects.passing import raw_model
from tasks.effects.prediction import NotUsableError, columns_of, columns_used, pick, read_rows, save_predictions
from tasks.effects.renamed import real_names

ALL = 2**62
"""More rows than there are."""


def score(request: dict[str, Any]) -> dict[str, Any]:
    """Write a model's predictions of the holdout, or of its own input example without one, to a file.

    Keys of the request: ``model`` (MLflow model directory), ``holdout`` (file or null), ``target`` and ``id_columns``
    (names), ``task`` (what is predicted), ``predictions`` (file to write), ``most`` (of the holdout's first rows; all,
    if not there), and those of ``load_logged``.
    """
    loaded = load_logged(request)
    rows = rows_for(loaded, request)
    if rows is None:
        return {"rows": 0}
    began = time.perf_counter()
    said = pyfunc_predictions(kind_of(request), loaded, rows)
    save_predictions(replace(said, seconds=time.perf_counter() - began), Path(request["predictions"]))
    columns = [str(column) for column in rows.columns]
    return {"rows": len(rows), "columns": columns, "used": columns_used(raw_model(loaded), columns)}


def rows_for(loaded: Any, request: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return the holdout's rows as a model wants them; without a holdout its own example, if it has a table as one."""
    if request["holdout"]:
        rows = read_rows(Path(request["holdout"])).head(request.get("most") or ALL)
        return features_for(loaded, rows, request["target"], request["id_columns"])
    example = loaded.metadata.load_input_example(request["model"])
    return as_trained(raw_model(loaded), example) if isinstance(example, pd.DataFrame) else None


def features_for(loaded: Any, rows: pd.DataFrame, target: str, id_columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows as a loaded model wants them: its columns, whole numbers as doubles where it says so.

    Raises:
        NotUsableError: it wants columns that are not there, or the target.
    """
    schema = loaded.metadata.get_input_schema()
    if schema is None or not schema.has_input_names():
        plain = [c for c in rows.columns if c != target and c not in id_columns]
        raw = raw_model(loaded)
        return as_trained(raw, _picked(rows, real_names(raw, columns_of(raw, plain), (), plain), target))
    picked = _picked(rows, [str(n) for n in schema.input_names()], target)
    kinds = dict(zip(schema.input_names(), schema.input_types(), strict=True))
    doubles = [c for c in picked.columns if kinds[c] == DataType.double and is_integer_dtype(picked[c])]
    return as_trained(raw_model(loaded), picked.astype(dict.fromkeys(doubles, "float64")))


def _picked(rows: pd.DataFrame, columns: Sequence[str], target: str) -> pd.DataFrame:
    if target in columns:
        raise NotUsableError(asks_for_truth(target))
    return pick(rows, columns)
