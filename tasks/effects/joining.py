"""Joins a model with the separately saved transformers that prepare its rows, into one pipeline."""

from collections.abc import Sequence
from typing import Any

from sklearn.pipeline import Pipeline

from tasks.effects.prediction import NotUsableError, columns_of, is_booster


def joined(before: Sequence[tuple[str, Any]], model: Any) -> Pipeline:
    """Return trained transformers, each with its name, and a trained model as one pipeline.

    Where the model was trained on the very columns that the last transformer gives, it is given them by name.

    Raises:
        NotUsableError: one of them transforms nothing, or the model cannot stand in a pipeline.
    """
    for name, part in before:
        if not hasattr(part, "transform"):
            raise NotUsableError(
                f"{name} is a {type(part).__name__}, which transforms nothing: see staging.preprocessors"
            )
    if is_booster(model):
        raise NotUsableError("a raw booster cannot stand in a pipeline behind a preprocessor: save its classifier")
    wanted, last = columns_of(model, ()), before[-1][1]
    if wanted and wanted == _given(last):
        last.set_output(transform="pandas")
    return Pipeline([*before, ("model", model)])


def _given(transformer: Any) -> list[str]:
    try:
        return [str(name) for name in transformer.get_feature_names_out()]
    except (AttributeError, ValueError):
        return []
