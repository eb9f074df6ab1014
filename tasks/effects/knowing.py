"""Finds what a model knows of its columns: the categories of its encoders, the words of its vectorizers."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tasks.effects.categories import categories_in

Found = Iterator[tuple[str, Sequence[Any]]]
"""Columns, each with values that the model has seen in it."""
DEEPEST = 20
WITHIN = ("best_estimator_", "estimator_", "estimator", "_preprocessor", "regressor_")
"""Attributes that hold a model which is given the same rows."""
EACH = ("estimators_", "calibrated_classifiers_")
"""Attributes that hold several."""


def known_values(model: Any, columns: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Return by column what a model has seen there, where it remembers that; of several parts the first counts."""
    found: dict[str, Sequence[Any]] = {}
    for column, values in _of(model, list(columns), DEEPEST):
        found.setdefault(column, values)
    return found


def _of(part: Any, names: list[str], depth: int) -> Found:
    """Yield what a part knows of the columns that it is given, which have these names."""
    if not depth or getattr(part, "n_features_in_", len(names)) != len(names):
        return
    yield from categories_in(part, names).items()
    if hasattr(part, "categories_"):
        yield from zip(names, part.categories_, strict=False)
    elif hasattr(part, "vocabulary_") and len(names) == 1:
        yield names[0], sorted(part.vocabulary_)
    for inner, columns in _inside(part, names):
        yield from _of(inner, columns, depth - 1)


def _inside(part: Any, names: list[str]) -> Iterator[tuple[Any, list[str]]]:
    """Yield the parts of a part with the columns that each is given: as long as there are as many, they are those."""
    if hasattr(part, "transformers_"):
        yield from _of_columns(part, names)
    steps = getattr(part, "steps", None) or getattr(part, "transformer_list", None) or ()
    yield from ((step, names) for _, step in steps)
    yield from ((getattr(part, name), names) for name in WITHIN if hasattr(part, name))
    for name in EACH:
        yield from ((one, names) for one in np.ravel(np.asarray(getattr(part, name, ()), dtype=object))[:1])


def _of_columns(part: Any, names: list[str]) -> Iterator[tuple[Any, list[str]]]:
    places = getattr(part, "_transformer_to_input_indices", {})
    yield from ((found, [names[i] for i in places.get(name, ())]) for name, found, _ in part.transformers_)
