"""Puts before an estimator that takes categories of pandas what makes them of texts and numbers.

MLflow has no type for categories, and refuses them. An estimator of XGBoost or LightGBM is stored behind an encoder
that gives it the places of the categories that it was trained on, as pandas does: whoever loads it by MLflow asks it
with what a file has. Both libraries take numbers in columns of categories as such places (their documentation on
categorical data).
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from tasks.effects.categories import ENCODER, Known, categories_in, plain
from tasks.effects.prediction import is_booster


def encoded(model: Any, rows: pd.DataFrame) -> Any:
    """Return an estimator that takes categories which it knows behind an encoder of them; any other model as it is."""
    known = categories_in(model, [str(name) for name in rows.columns])
    if is_booster(model) or not known or not all(map(_can_be_placed, known.values())):
        return model
    return Pipeline([(ENCODER, _encoder(known, plain(rows))), ("model", model)])


def _can_be_placed(values: Sequence[Any]) -> bool:
    """Whether there are values, and such as scikit-learn keeps in their order: it takes no numbers in disorder."""
    found = _array(values)
    return found.size > 0 and (found.dtype == object or bool((found[:-1] < found[1:]).all()))


def _encoder(known: Known, rows: pd.DataFrame) -> ColumnTransformer:
    """Return what gives the columns of some rows in their order, categories by place; what is none is a gap."""
    runs = [list(names) for _, names in groupby(map(str, rows.columns), lambda name: name in known)]
    steps = [(names[0], _places(known, names) if names[0] in known else "passthrough", names) for names in runs]
    return ColumnTransformer(steps).fit(rows)


def _places(known: Known, names: Sequence[str]) -> OrdinalEncoder:
    values = [_array(known[name]) for name in names]
    return OrdinalEncoder(categories=values, handle_unknown="use_encoded_value", unknown_value=np.nan)


def _array(values: Sequence[Any]) -> Any:
    """Return values (n,) as numbers where they are, else as objects."""
    found = np.asarray(values)
    return np.asarray(values, dtype=object) if found.dtype.kind in "US" else found
