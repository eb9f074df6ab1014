"""Looks into files of a staging root as far as their names do not tell whether they are models, and loads none."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from podium.companions import is_model
from podium.exports import DESCRIPTION, named_model
from podium.formats import PERHAPS
from podium.model_files import Contents
from tasks.effects.inspection import outermost_in
from tasks.effects.staged_files import format_in, text_of

HOLLOW = frozenset({"empty", "git-lfs"})
NO_FORMATS = HOLLOW | {"unreadable", "unknown", "pickle", "joblib"}
"""What a file whose name could be anything's is told to be where it is no model in a library's own format."""


def contents_of(root: Path, files: Iterable[Path]) -> Contents:
    """Return what the files of a staging root hold that their names do not tell."""
    found = {str(file.relative_to(root)): file for file in files}
    kinds = {path: _kind(file) for path, file in found.items() if file.suffix.lower() in PERHAPS}
    return Contents(
        natives=frozenset(path for path, kind in kinds.items() if kind not in NO_FORMATS),
        hollow=frozenset(path for path, kind in kinds.items() if kind in HOLLOW),
        exports={path: _model_named_in(file) for path, file in found.items() if file.name == DESCRIPTION},
        is_model=partial(_is_model, root),
    )


def _kind(file: Path) -> str:
    try:
        return format_in(file)
    except OSError:
        # Whatever it is, the unit that it belongs to says that it cannot be read.
        return "unreadable"


def _model_named_in(description: Path) -> str | None:
    """Return the model that an ``MLmodel`` file names; one that cannot be read is told of by its unit."""
    try:
        return named_model(text_of(description))
    except OSError:
        return None


def _is_model(root: Path, path: str) -> bool:
    """Whether a file that is called as a companion holds a model."""
    try:
        return is_model(outermost_in(root / path, format_in(root / path)))
    except OSError:
        return False
