"""Copies what lay beside a staged model to the folder of its run's artifacts, as it is."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from podium.staged import Folder

ABOVE, CONVERSION, MATRIX = "metadata_above.json", "conversion.json", "recorded_confusion_matrix.json"
OURS = frozenset({ABOVE, CONVERSION, MATRIX})
"""Names of artifacts that Podium writes itself: a user's file called so is kept beside."""


class ChangedError(Exception):
    """A staged file is not there any more as it was when its folder was read."""


def carry_files(staged: Folder, folder: Path) -> None:
    """Copy the documents about a model, byte by byte, and below ``beside`` its other files.

    What was read for it from a file about many is written as text.

    Raises:
        ChangedError: one of them is not there any more as it was.
    """
    documents = list(_placed(staged))
    for place, source in (*documents, *_beside(staged)):
        _carry(source, folder / place)
    copied = {Path(path).name for path, _ in staged.documents}
    for name, text in reversed(staged.metadata):
        if name not in copied:
            (folder / name).write_text(text, encoding="utf-8")


def _placed(staged: Folder) -> Iterator[tuple[Path, Path]]:
    """Give the documents by where they go: of two of one name, in folders within each other, the lesser one beside."""
    taken = set(OURS)
    for path, source in staged.documents:
        name = Path(path).name
        yield (Path(name) if name not in taken else _below(staged, path)), Path(source)
        taken.add(name)


def _beside(staged: Folder) -> Iterator[tuple[Path, Path]]:
    linked = dict(staged.linked)
    yield from ((_below(staged, path), Path(linked.get(path, path))) for path in staged.beside)


def _below(staged: Folder, path: str) -> Path:
    """Return where a file goes; one of a folder above has a name that none of the model's own has."""
    file, folder = Path(path), Path(staged.path)
    return Path("beside", file.relative_to(folder) if file.is_relative_to(folder) else file.name)


def _carry(source: Path, target: Path) -> None:
    """Copy a file that lay beside a model; one that has become a link since is not followed.

    Raises:
        ChangedError: it is not there any more as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        opened = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise ChangedError(f"{source.name} changed since the folder was read: {error.strerror}") from error
    with os.fdopen(opened, "rb") as found, target.open("wb") as copy:
        shutil.copyfileobj(found, copy)
