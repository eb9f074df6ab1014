"""Gives each the categories of pandas as it takes them: boosters those they were trained on, MLflow what they are.

XGBoost and LightGBM answer by categories of pandas only as such; rows of a CSV file have texts or numbers in their
place. Both libraries keep with a booster which categories there were, XGBoost from 3.1 on. MLflow has no type for them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from tasks.effects.parts import objects_in
from tasks.effects.prediction import NotUsableError, is_booster
from tasks.effects.renamed import written

PLACES = re.compile(r"\[categorical_feature: ([\d,]+)\]")
"""How LightGBM writes which columns hold categories."""
LIBRARIES = ("xgboost", "lightgbm")
ENCODER = "categories"
"""The first step of an estimator that was stored with what makes categories of texts and numbers for it."""
Known = Mapping[str, Sequence[Any]]
"""Columns of categories, each with those that it was trained on; with none if these are not known."""


def known_categories(model: Any) -> Known:
    """Return the columns in which a booster, or the estimator of one, takes categories; nothing of any other model."""
    library = type(model).__module__.partition(".")[0]
    booster = _booster(model)
    if booster is None:
        return {}
    return _of_xgboost(booster) if library == "xgboost" else _of_lightgbm(booster)


def categories_in(model: Any, columns: Sequence[str]) -> Known:
    """Return what ``known_categories`` does of these columns, by their own names, which LightGBM writes otherwise."""
    names = {written(name): name for name in columns} | {name: name for name in columns}
    return {names[name]: values for name, values in known_categories(model).items() if name in names}


def _booster(model: Any) -> Any:
    if not type(model).__module__.startswith(LIBRARIES):
        return None
    if is_booster(model):
        return model
    return getattr(model, "_Booster", None) or getattr(model, "booster_", None)


def _of_xgboost(booster: Any) -> Known:
    kinds = zip(booster.feature_names or (), booster.feature_types or (), strict=False)
    names = [name for name, kind in kinds if kind == "c"]
    if not names:
        return {}
    kept = booster.get_categories(export_to_arrow=True).to_arrow() or ()
    told = {name: values.to_pylist() for name, values in kept if values is not None}
    return {name: told.get(name, ()) for name in names}


def _of_lightgbm(booster: Any) -> Known:
    told = PLACES.search(booster.model_to_string(num_iteration=1)) if booster.pandas_categorical else None
    places = [int(place) for place in told[1].split(",")] if told else []
    names = booster.feature_name()
    # Were there others beside those of pandas, it could not be told which are which.
    if len(places) != len(booster.pandas_categorical or ()):
        return {}
    return {names[place]: kept for place, kept in zip(places, booster.pandas_categorical, strict=True)}


def as_trained(model: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with categories where a booster takes them, of those that it was trained on.

    Raises:
        NotUsableError: it is not known which they were, or there are none of them.
    """
    known = categories_in(model, [str(name) for name in rows.columns])
    made = {
        name: _as_categories(rows[name], values) for name, values in known.items() if not _has_categories(rows[name])
    }
    return rows.assign(**made) if made else rows


def _has_categories(column: "pd.Series[Any]") -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _as_categories(column: "pd.Series[Any]", values: Sequence[Any]) -> "pd.Series[Any]":
    if not values and is_numeric_dtype(column):
        return column
    if not values:
        raise NotUsableError(
            f"it was trained on categories of pandas in {column.name!r:.60} and does not say which: "
            "set holdout.path to a Parquet file that has them as such, or train it with XGBoost 3.1 or later"
        )
    made = column.astype(pd.CategoricalDtype(list(values)))
    if made.isna().all() and not column.isna().all():
        raise NotUsableError(f"the rows have no category in {column.name!r:.60} that it was trained on")
    return made


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the texts or numbers in the place of categories of pandas."""
    found = [name for name in rows.columns if _has_categories(rows[name])]
    return rows.assign(**{str(name): _plain(rows[name]) for name in found}) if found else rows


def _plain(column: "pd.Series[Any]") -> "pd.Series[Any]":
    kind = column.cat.categories.dtype
    gaps = is_integer_dtype(kind) and column.isna().any()
    return column.astype("float64" if gaps else kind)


def needs_categories(model: Any, rows: pd.DataFrame) -> bool:
    """Whether some rows have categories and a booster somewhere in a model may want them as such."""
    if is_encoded(model) or not any(_has_categories(rows[name]) for name in rows.columns):
        return False
    return any(type(one).__module__.startswith(LIBRARIES) for one in objects_in(model))


def is_encoded(model: Any) -> bool:
    """Whether a model was stored with an encoder of its own categories before it (``tasks/effects/encoded.py``)."""
    first, *_ = getattr(model, "steps", None) or [("", None)]
    return bool(first[0] == ENCODER)
