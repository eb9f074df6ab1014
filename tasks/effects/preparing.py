"""Finds the files of a staged model that prepare its rows, by the names that the config gives them."""

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from podium.names import printable
from tasks.effects.links import Links
from tasks.effects.staged_files import is_plain


def preparing(names: Sequence[str], around: Path, files: Collection[Path], links: Links) -> list[Path]:
    """Return the files of these names, in order, that lie beside a model, or alone of their name among its own.

    ``around`` is the folder of the model, ``files`` are its own.
    """
    wanted = set(names)
    below = [file for file in (*files, *links.followed) if file.name in wanted]
    found = (_of_name(name, around, below, links) for name in names)
    return [file for file in found if file]


def _of_name(name: str, around: Path, below: Iterable[Path], links: Links) -> Path | None:
    beside = around / name
    if is_plain(beside) or beside in links.followed:
        return beside
    own = [file for file in below if file.name == name]
    return own[0] if len(own) == 1 else None


def unprepared(names: Sequence[str], around: Path, files: Collection[Path], links: Links) -> str | None:
    """Return what to say of a model whose rows nothing would prepare, None if nothing should.

    What does is a link that is not followed, or several files have its name and none is beside the model.
    """
    if left := [name for name in names if around / name in links.left]:
        return f"{printable(left[0])}, which prepares its rows, is a link to no file of the staging root"
    below = [file for file in (*files, *links.followed) if file.name in set(names)]
    for name in names:
        own = [printable(os.path.relpath(file, around)) for file in below if file.name == name]
        if len(own) > 1 and _of_name(name, around, below, links) is None:
            return f"{printable(name)}, which prepares its rows, is there as {', '.join(own)}: put one beside the model"
    return None
