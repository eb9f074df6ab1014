"""Makes up rows that a model accepts, for when there is no holdout to show it real ones."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from tasks.effects.knowing import known_values
from tasks.effects.prediction import NotUsableError

ROWS = 32
SEED = 0
NO_TYPES: Mapping[str, str] = MappingProxyType({})
OF_TYPES: tuple[tuple[str, Sequence[Any]], ...] = (
    (r"bool", (False, True)),
    (r"u?int|long|short|byte", range(10)),
    (r"str|obj|text|cat|varchar|char", ("some words", "other words", "no words")),
)
"""How types begin, as pandas, NumPy, MLflow and databases call them, and values of each; any other is of numbers."""


def synthesised(model: Any, columns: list[str], types: Mapping[str, str] = NO_TYPES) -> pd.DataFrame:
    """Return rows built from what a model knows of its columns: categories of encoders, words, else by recorded types.

    ``types`` are what metadata calls the types of columns; of one that nobody tells it is a number.

    Raises:
        NotUsableError: the model does not name its columns, so that no row can be built.
    """
    if not columns:
        raise NotUsableError("neither the model nor its metadata names its columns: set holdout.path to show it rows")
    values = known_values(model, columns)
    generator = np.random.default_rng(SEED)
    return pd.DataFrame({c: _column(values.get(c, ()), types.get(c, ""), generator) for c in columns})


def _column(values: Sequence[Any], kind: str, generator: np.random.Generator) -> Any:
    known = [v for v in values if not (v is None or (isinstance(v, float) and np.isnan(v)))] or _of_type(kind)
    if not known:
        return generator.normal(size=ROWS).round(3)
    return [known[i] for i in generator.integers(len(known), size=ROWS)]


def _of_type(kind: str) -> Sequence[Any]:
    return next((values for words, values in OF_TYPES if re.match(words, kind.lower())), ())
