"""Looks into files of a staging root as far as their names do not tell whether they are models, and loads none."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from podium.companions import is_model
from podium.exports import DESCRIPTION, named_model
from podium.formats import BINARY, OFTEN_PICKLED, PACKED, PERHAPS, PROTOCOL, suffix_of
from podium.model_files import Contents
from podium.streams import DAMAGED
from tasks.effects.inspection import outermost_in
from tasks.effects.staged_files import format_in, text_of
from tasks.effects.streams import opened

HOLLOW = frozenset({"empty", "git-lfs"})
NO_MODELS = HOLLOW | {"unreadable", "unknown"}
PLAIN_PICKLES = frozenset({"pickle", "joblib"})
"""What only the first letter tells, of a file that is not called as a pickle."""


def contents_of(root: Path, files: Iterable[Path]) -> Contents:
    """Return what the files of a staging root hold that their names do not tell."""
    found = {str(file.relative_to(root)): file for file in files}
    kinds = {path: _kind(file) for path, file in found.items() if _must_tell(file)}
    return Contents(
        natives=frozenset(path for path, kind in kinds.items() if _is_format(path, kind)),
        hollow=frozenset(path for path, kind in kinds.items() if kind in HOLLOW),
        exports={path: _model_named_in(file) for path, file in found.items() if file.name == DESCRIPTION},
        is_model=partial(_is_model, root),
    )


def _must_tell(file: Path) -> bool:
    """Whether the content of a file must tell what it is; of what is packed only pickles are read."""
    suffix = suffix_of(PurePosixPath(file.name))
    return suffix in (OFTEN_PICKLED if _is_packed(file) else PERHAPS)


def _is_packed(file: Path) -> bool:
    return file.suffix.lower() in PACKED


def _packs_pickle(file: Path) -> bool:
    """Whether what is packed in a file begins as a pickle; one that is cut off is taken for one."""
    try:
        with file.open("rb") as raw:
            return opened(raw).read(1) == PROTOCOL
    except DAMAGED:
        return True


def _is_format(path: str, kind: str) -> bool:
    """Whether what a file whose name could be anything's holds is a model."""
    pickled = suffix_of(PurePosixPath(path)) in OFTEN_PICKLED | BINARY
    return kind not in NO_MODELS and (pickled or kind not in PLAIN_PICKLES)


def _kind(file: Path) -> str:
    try:
        kind = format_in(file)
        return "unknown" if _is_packed(file) and kind not in HOLLOW and not _packs_pickle(file) else kind
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
