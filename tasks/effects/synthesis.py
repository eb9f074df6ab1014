"""Makes up rows that a model accepts, for when there is no holdout to show it real ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tasks.effects.knowing import known_values
from tasks.effects.prediction import NotUsableError

ROWS = 32
SEED = 0


def synthesised(model: Any, columns: list[str]) -> pd.DataFrame:
    """Return rows built from what a model knows of its columns: categories of encoders, words, else numbers.

    Raises:
        NotUsableError: the model does not name its columns, so that no row can be built.
    """
    if not columns:
        raise NotUsableError("neither the model nor its metadata names its columns: set holdout.path to show it rows")
    values = known_values(model, columns)
    generator = np.random.default_rng(SEED)
    return pd.DataFrame({c: _column(values.get(c, ()), generator) for c in columns})


def _column(values: Sequence[Any], generator: np.random.Generator) -> Any:
    known = [v for v in values if not (v is None or (isinstance(v, float) and np.isnan(v)))]
    if not known:
        return generator.normal(size=ROWS).round(3)
    return [known[i] for i in generator.integers(len(known), size=ROWS)]
