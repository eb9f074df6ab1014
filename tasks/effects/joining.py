"""Joins a model with the separately saved transformers that prepare its rows, into one pipeline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from podium.formats import HOLLOW
from podium.streams import BrokenError, SuspectError
from tasks.effects.loading import Loaded, load_staged
from tasks.effects.mending import OtherVersionError
from tasks.effects.parts import parts_of
from tasks.effects.prediction import NotUsableError, columns_of, is_booster
from tasks.effects.renamed import are_called
from tasks.effects.rulings import RefusedGlobalError, UnknownClassError
from tasks.effects.staged_files import format_in
from tasks.effects.texts import file_named_by

FAILURES = (BrokenError, NotUsableError, OtherVersionError, RefusedGlobalError, SuspectError, UnknownClassError)


def load_preparing(file: Path, extra: Sequence[str], sha256: str | None, limit: int) -> Loaded:
    """Return what a file beside a model holds, as ``load_staged`` does; what it raises says which file it is about."""
    if said := HOLLOW.get(format_in(file)):
        raise BrokenError(f"{file.name} {said}")
    try:
        return load_staged(file, extra, sha256, limit)
    except FAILURES as error:
        raise type(error)(f"{file.name}: {error}") from error


def joined(before: Sequence[tuple[str, Any]], model: Any) -> Pipeline:
    """Return trained transformers, each with the name of its file, and a trained model as one pipeline.

    Where the model was trained on the very columns that the last transformer gives, it is given them by name.

    Raises:
        NotUsableError: one of them transforms nothing, or the model cannot stand in a pipeline, or has them in it.
        BrokenError: they make of rows what the model would read a file by.
    """
    for name, part in before:
        if not hasattr(part, "transform"):
            raise NotUsableError(
                f"{_short(name)} is a {type(part).__name__}, which transforms nothing: see staging.preprocessors"
            )
    if is_booster(model):
        raise NotUsableError("a raw booster cannot stand in a pipeline behind a preprocessor: save its classifier")
    _require_unprepared(before, model)
    last = before[-1][1]
    if are_called(model, columns_of(model, ()), _given(last)):
        last.set_output(transform="pandas")
    pipeline = Pipeline([*((_short(name), part) for name, part in before), ("model", model)])
    if obstacle := file_named_by(pipeline):
        raise BrokenError(f"with what is in staging.preprocessors its Pipeline {obstacle}")
    return pipeline


def _short(name: str) -> str:
    return name.split(".")[0]


def _require_unprepared(before: Sequence[tuple[str, Any]], model: Any) -> None:
    """Return if a model does not prepare its rows itself as one of the transformers would: twice is not the same.

    Raises:
        NotUsableError: it has such a step of its own, or was trained on the columns that a transformer is given.
    """
    wanted, own = columns_of(model, ()), _own_classes(model)
    given = _given(before[-1][1])
    if given != columns_of(before[0][1], ()) and are_called(model, wanted, given):
        # It was trained on what they give, whatever it does to that itself.
        return
    for name, part in before:
        told = columns_of(part, ())
        if _classes(part) & own or (told != _given(part) and are_called(model, wanted, told)):
            raise NotUsableError(
                f"it prepares its rows itself, and {name} would do so once more: "
                f"take {name} out of staging.preprocessors, or out of its folder"
            )


def _own_classes(model: Any) -> set[type]:
    """Return the classes of what a model does to its rows before its last step."""
    return {kind for part in parts_of(model) if isinstance(part, Pipeline) for kind in _classes(part[:-1])}


def _classes(part: Any) -> set[type]:
    """Return the classes of the transformers that a transformer consists of, or its own."""
    return {type(one) for one in parts_of(part) if hasattr(one, "transform") and not _only_passes_on(one)}


def _only_passes_on(part: Any) -> bool:
    return hasattr(part, "steps") or (isinstance(part, FunctionTransformer) and part.func is None)


def _given(transformer: Any) -> list[str]:
    try:
        return [str(name) for name in transformer.get_feature_names_out()]
    except (AttributeError, ValueError):
        return []
