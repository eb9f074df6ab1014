"""Tells which files of a staging root make up which staged model, in any of the layouts that people use.

One folder per model; folders of types or versions with a folder per model inside; several model files side by side,
each with JSON files of its own name; one model file with JSON files about it; exports of MLflow.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePosixPath as Path

from podium.about import Side, general, is_document, is_of_one, rank
from podium.exports import WRITTEN
from podium.formats import stem_of
from podium.model_files import (
    ROOT,
    Contents,
    exported_here,
    foreign_among,
    holds_companion,
    is_foreign,
    models_by_folder,
    serves_all,
)
from podium.pairing import Names
from podium.reach import by_place, in_reach

VERSION = re.compile(r"(?:v|ver|version|rev|run|model)?[-_. ]?\d[\d._-]*", re.IGNORECASE)
"""Names of folders that hold one version of a model beside others, be they there yet or not."""
UNTOLD = Contents()


@dataclass(frozen=True, slots=True)
class Unit:
    """The files of one staged model, as paths relative to the staging root.

    ``about`` are its JSON files, those that say most first; ``files`` are all, and make its fingerprint. ``above`` are
    JSON files that several models have in common, as they lie further up or among them, the nearest first.
    ``unclaimed`` are companions near it that are nobody's.
    """

    model_id: str
    folder: str
    model: str | None
    about: tuple[str, ...]
    files: tuple[str, ...]
    above: tuple[str, ...] = ()
    unclaimed: tuple[str, ...] = ()


def arrange(files: Iterable[str], top: str = "", told: Contents = UNTOLD, empty: Iterable[str] = ()) -> list[Unit]:
    """Return the units of the files below one folder of the staging root, or of the files in the root itself.

    ``files`` are paths relative to the root, with slashes, and ``empty`` those of folders without any; ``top`` is the
    name of the folder, empty for the root.
    """
    paths = sorted(Path(file) for file in files)
    by_folder = _raised(models_by_folder(paths, told), paths)
    apart = _apart(by_folder, told)
    whole = {folder: models for folder, models in by_folder.items() if folder not in apart}
    if top and sum(max(1, len(found)) for found in whole.values()) <= 1 and not _is_versioned(whole, top):
        return [_whole(Path(top), paths, [model for found in whole.values() for model in found])]
    own = _owned(paths, by_folder)
    units = [u for folder, found in by_folder.items() for u in _of_folder(folder, found, own[folder], told, apart)]
    units += _without_model(paths, map(Path, empty), by_folder.keys() - apart)
    return sorted(_claimed(_below(_distinct(units), paths), paths), key=lambda unit: unit.model_id)


def _raised(by_folder: Mapping[Path, list[Path]], paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """Return the models by folder, one that lies alone below a folder with what is about it by that folder."""
    if len(by_folder) <= 1:
        return dict(by_folder)
    below = Counter(place for folder, found in by_folder.items() for place in folder.parents for _ in found)
    told = {path.parent for path in general(paths)} - by_folder.keys() - {ROOT}
    alone = {folder: _run_of(folder, told, below) for folder, found in by_folder.items() if len(found) == 1}
    return {alone.get(folder, folder): found for folder, found in by_folder.items()}


def _run_of(folder: Path, told: Collection[Path], below: Mapping[Path, int]) -> Path:
    """Return the nearest folder above a model that tells of it, as a run does: no version stands between them."""
    for inner, place in pairwise((folder, *folder.parents)):
        if VERSION.fullmatch(inner.name) or below[place] != 1:
            return folder
        if place in told:
            return place
    return folder


def _apart(by_folder: Mapping[Path, Sequence[Path]], told: Contents) -> set[Path]:
    """Return the folders above those of models that have nothing but files without content themselves.

    Such a file must not take what is about the models below it, nor make one that was alone one of several.
    """
    above = {folder for below in by_folder for folder in below.parents} & by_folder.keys()
    return {folder for folder in above if all(model.as_posix() in told.hollow for model in by_folder[folder])}


def _below(units: Sequence[Unit], paths: Iterable[Path]) -> list[Unit]:
    """Return the units with the files that are about several: those of no model that lie in a folder above it."""
    taken = {file for unit in units for file in (*unit.files, *unit.about, *unit.above)}
    common: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(general(paths), key=rank):
        if path.parent != Path() and path.as_posix() not in taken:
            common[path.parent].append(path)
    return [_with_above(unit, common) for unit in units] if common else list(units)


def _with_above(unit: Unit, common: Mapping[Path, Sequence[Path]]) -> Unit:
    nearest = sorted([*unit.above, *in_reach(_folder(unit), common)], key=lambda file: -len(Path(file).parts))
    return replace(unit, above=tuple(nearest))


def with_links(units: Sequence[Unit], links: Iterable[str]) -> list[Unit]:
    """Return the units with what is about several by a link, beside no model of its own, as a file there would be."""
    return _below(units, map(Path, links))


def _claimed(units: Sequence[Unit], paths: Iterable[Path]) -> list[Unit]:
    """Return the units with the companions that lie above them, and with those near them that are still nobody's."""
    taken = {file for unit in units for file in unit.files} | {unit.model for unit in units}
    free = [path for path in paths if holds_companion(path) and path.as_posix() not in taken]
    if not free:
        return list(units)
    over = by_place((path for path in free if serves_all(path) and path.parent != ROOT), ())
    units = [replace(unit, files=(*unit.files, *_over(unit, over))) if unit.model else unit for unit in units]
    carried = {file for unit in units for file in unit.files}
    near = by_place((path for path in free if path.as_posix() not in carried), map(_folder, units))
    return [replace(unit, unclaimed=tuple(in_reach(_folder(unit), near))) for unit in units]


def _folder(unit: Unit) -> Path:
    return Path(unit.folder)


def _over(unit: Unit, over: Mapping[Path, Sequence[Path]]) -> list[str]:
    """Return the companions that lie above a unit, of each name the nearest, if it has none of that name itself."""
    own = {Path(file).name for file in unit.files}
    found = {Path(file).name: file for file in reversed(in_reach(_folder(unit), over))}
    return [file for name, file in found.items() if name not in own]


def _is_versioned(by_folder: Collection[Path], top: str) -> bool:
    """Whether the one model there is lies in a folder for a version: others may come, and must not rename it."""
    return any(len(Path(folder).relative_to(top).parts) == 1 and VERSION.fullmatch(folder.name) for folder in by_folder)


def _without_model(paths: Iterable[Path], empty: Iterable[Path], with_models: Collection[Path]) -> list[Unit]:
    """Return the folders beside those of models that should hold one, and hold none."""
    above = {folder for found in with_models for folder in (found, *found.parents)}
    beside = {folder.parent for folder in with_models}
    files: dict[Path, list[Path]] = defaultdict(list)
    for places, inside in (*((path.parents, [path]) for path in paths), *(((e, *e.parents), []) for e in empty)):
        if folder := next((place for place in places if place.parent in beside and place not in above), None):
            files[folder] += inside
    return [_whole(folder, found, []) for folder, found in files.items() if _lacks_model(folder, found, with_models)]


def _lacks_model(folder: Path, files: Sequence[Path], with_models: Collection[Path]) -> bool:
    """Whether a model is missing in a folder: by its name, or by what it holds where it is no part of a model."""
    if folder.name.startswith("."):
        return False
    if VERSION.fullmatch(folder.name):
        return True
    is_bare = all(path.name.startswith(".") for path in files)
    told = is_bare or any(path.parent == folder and is_of_one(path) for path in files)
    return told and not any(place in with_models for place in folder.parents)


def _distinct(units: Sequence[Unit]) -> list[Unit]:
    """Return the units with the whole path of the model as id where two would have the same."""
    ids = Counter(unit.model_id for unit in units)
    return [replace(u, model_id=u.model or u.model_id) if ids[u.model_id] > 1 else u for u in units]


def _owned(paths: Sequence[Path], with_models: Collection[Path]) -> dict[Path, list[Path]]:
    """Return the files of each folder that has models: those that lie in it, or below it in folders without any."""
    owner = {folder: folder for folder in with_models}
    own: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        if folder := _owner(path.parent, owner):
            own[folder].append(path)
    return own


def _owner(folder: Path, known: dict[Path, Path]) -> Path | None:
    """Return the nearest folder above that has models, and keep what was found."""
    if folder not in known and folder != folder.parent and (above := _owner(folder.parent, known)):
        known[folder] = above
    return known.get(folder)


def _of_folder(
    folder: Path, models: Sequence[Path], own: Sequence[Path], told: Contents, apart: Collection[Path]
) -> list[Unit]:
    if len(models) <= 1 and folder != ROOT and folder not in apart:
        return [_whole(folder, own, models)]
    files = [path for path in own if path.parent == folder]
    called = {path for path in files if told.may_be_model(path)}
    beside = Side.of(files, Names(map(stem_of, models)), called)
    # What lies above models further down is about those, too.
    rivals = _rivals(called, models, told) | ({""} if folder in apart else set())
    named, brought = exported_here(files, told), [path for path in files if path.name in WRITTEN]
    common = [path for path in beside.nobodys if path not in models and serves_all(path)]
    return [
        _one_of_many(model, folder, beside, rivals <= {stem_of(model)}, [*common, *(brought if model == named else ())])
        for model in models
    ]


def _rivals(called: Iterable[Path], models: Iterable[Path], told: Contents) -> set[str]:
    """Return the names of the models side by side, be they the main ones or not; a companion is none.

    Nor is what nobody can read: it takes nothing that is about another.
    """
    arrived = (path for path in models if path.as_posix() not in told.hollow and not is_foreign(path))
    return {stem_of(path) for path in (*called, *arrived)} or {stem_of(path) for path in models}


def _whole(folder: Path, paths: Sequence[Path], models: Sequence[Path]) -> Unit:
    """Return a folder as one unit."""
    model = next(iter(models or foreign_among(paths)), None)
    here = model.parent if model else folder
    about = [path for path in paths if path != model and path.parent in {here, folder} and is_document(path)]
    return _unit(folder.as_posix(), folder, model, sorted(about, key=rank), paths)


def _one_of_many(model: Path, folder: Path, beside: Side, lone: bool, brought: Sequence[Path]) -> Unit:
    """Return one of several models side by side, with the files that bear its name, and those that come with it."""
    stem = stem_of(model)
    about = [path for path in (*beside.about.get(stem, ()), *filter(is_document, brought)) if path != model]
    # What is about whichever model is there tells of this one as long as it is alone, and is no part of what it is.
    own = sorted(about, key=rank)
    about = list(dict.fromkeys(own + (sorted(beside.general, key=rank) if lone else [])))
    files = [model, *own, *beside.by_stem[stem], *beside.bearing.get(stem, ()), *brought]
    return _unit((folder / stem).as_posix(), folder, model, about, list(dict.fromkeys(files)))


def _unit(model_id: str, folder: Path, model: Path | None, about: Sequence[Path], files: Sequence[Path]) -> Unit:
    return Unit(
        model_id,
        folder.as_posix(),
        model.as_posix() if model else None,
        tuple(path.as_posix() for path in about),
        tuple(path.as_posix() for path in files),
    )
