"""Tells which files of a staging root are near which models: in the same folder, or in the nearest one above both."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath as Path


def by_place(files: Iterable[Path], models: Iterable[Path]) -> dict[Path, list[Path]]:
    """Return files by their folder, or by the nearest one above it that has models in it or below.

    ``models`` are the folders of these; without any each file stays where it is.
    """
    above = {place for folder in models for place in (folder, *folder.parents)}
    found: dict[Path, list[Path]] = defaultdict(list)
    for file in files:
        found[next((place for place in file.parents if place in above), file.parent)].append(file)
    return found


def in_reach(folder: Path, places: Mapping[Path, Sequence[Path]]) -> list[str]:
    """Return the files of the places that are a model's folder, or lie above it, the nearest first."""
    return [file.as_posix() for place in (folder, *folder.parents) for file in places.get(place, ())]
