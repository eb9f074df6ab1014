"""Makes up rows that a model accepts, for when there is no holdout to show it real ones."""

from typing import Any

import numpy as np
import pandas as pd

from tasks.effects.prediction import NotUsableError

ROWS = 32
SEED = 0


def synthesised(model: Any, columns: list[str]) -> pd.DataFrame:
    """Return rows built from what a model knows of its columns: encoder categories, words, else numbers.

    Raises:
        NotUsableError: the model does not name its columns, so that no row can be built.
    """
    if not columns:
        raise NotUsableError("neither the model nor its metadata names its columns: set holdout.path to show it rows")
    categories = dict(_categories(model))
    generator = np.random.default_rng(SEED)
    return pd.DataFrame({c: _column(categories.get(c), generator) for c in columns})


def _column(values: Any, generator: np.random.Generator) -> Any:
    if values is None:
        return generator.normal(size=ROWS).round(3)
    known = [v for v in values if not (isinstance(v, float) and np.isnan(v))]
    return [known[i] for i in generator.integers(len(known), size=ROWS)]


def _categories(model: Any) -> list[tuple[str, Any]]:
    """Return (column, categories or words) of the encoders and vectorizers in the column transformers of a pipeline."""
    if not hasattr(model, "steps"):
        return []
    transformers = [t for _, step in model.steps for t in getattr(step, "transformers_", [])]
    found: list[tuple[str, Any]] = []
    for _, transformer, names in transformers:
        if isinstance(names, str) and hasattr(transformer, "vocabulary_"):
            found.append((names, sorted(transformer.vocabulary_)))
        encoder = _encoder(transformer)
        if encoder is not None and not isinstance(names, str):
            found += zip([str(n) for n in names], encoder.categories_, strict=False)
    return found


def _encoder(transformer: Any) -> Any:
    steps = [step for _, step in getattr(transformer, "steps", [("", transformer)])]
    return next((s for s in steps if hasattr(s, "categories_")), None)
