"""Tells which files of a staging root make up which staged model, in any of the layouts that people use.

One folder per model; folders of types or versions with a folder per model inside; several model files side by side,
each with JSON files of its own name; one model file with JSON files about it; exports of MLflow.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath as Path
from types import MappingProxyType

from podium.about import Side, general, is_document, rank
from podium.exports import DESCRIPTION, by_export
from podium.formats import PREFERENCE, may_be_model, stem_of, suffix_of

COMPANION = re.compile(
    r"scaler|encoder|preprocess|explainer|imputer|vectorizer|tokenizer|transformer|feature|column|label_map|shap"
)
"""Names of files that stand beside a model and are none: what prepares its input or explains its output."""
MAIN_STEMS = ("model", "best_model", "final_model", "pipeline")
VERSION = re.compile(r"(?:v|ver|version|rev|run|model)?[-_. ]?\d[\d._-]*", re.IGNORECASE)
"""Names of folders that hold one version of a model beside others, be they there yet or not."""
REGISTRIES = frozenset({"registry", "model_registry", "models"})
NONE: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Unit:
    """The files of one staged model, as paths relative to the staging root.

    ``about`` are its JSON files, those that say most first; ``files`` are all, and make its fingerprint. ``above`` are
    JSON files that several models have in common, as they lie further up or among them, the nearest first.
    """

    model_id: str
    folder: str
    model: str | None
    about: tuple[str, ...]
    files: tuple[str, ...]
    above: tuple[str, ...] = ()


def arrange(
    files: Iterable[str], top: str = "", natives: Collection[str] = (), exports: Mapping[str, str | None] = NONE
) -> list[Unit]:
    """Return the units of the files below one folder of the staging root, or of the files in the root itself.

    ``files`` are paths relative to the root, with slashes; ``top`` is the name of the folder, empty for the root.
    ``natives`` are those files whose names could be anything's and whose content is a model's. ``exports`` are the
    models that files called ``MLmodel`` name, by the paths of these.
    """
    paths = sorted(Path(file) for file in files)
    by_folder = _by_folder(paths, frozenset(natives), exports)
    if top and sum(max(1, len(found)) for found in by_folder.values()) <= 1 and not _is_versioned(by_folder, top):
        return [_whole(Path(top), paths, [model for found in by_folder.values() for model in found])]
    own = _owned(paths, by_folder)
    units = [unit for folder, models in by_folder.items() for unit in _of_folder(folder, models, own[folder])]
    units += _without_model(paths, by_folder)
    return sorted(_below(_distinct(units), paths), key=lambda unit: unit.model_id)


def _below(units: Sequence[Unit], paths: Sequence[Path]) -> list[Unit]:
    """Return the units with the files that are about several: those of no model that lie in a folder above it."""
    taken = {file for unit in units for file in (*unit.files, *unit.about)}
    common: dict[Path, list[str]] = defaultdict(list)
    for path in sorted(general(paths), key=rank):
        if path.parent != Path() and path.as_posix() not in taken:
            common[path.parent].append(path.as_posix())
    return [replace(unit, above=_above(Path(unit.folder), common)) for unit in units] if common else list(units)


def _above(folder: Path, common: Mapping[Path, Sequence[str]]) -> tuple[str, ...]:
    return tuple(file for place in (folder, *folder.parents) for file in common.get(place, ()))


def _by_folder(
    paths: Sequence[Path], natives: frozenset[str], exports: Mapping[str, str | None]
) -> dict[Path, list[Path]]:
    """Return the models by the folder that each belongs to: an export has one at most, the one that it names."""
    outside, inside = by_export(paths)
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for model in _models(outside, natives):
        by_folder[model.parent].append(model)
    for folder, files in inside.items():
        named = exports.get((folder / DESCRIPTION).as_posix())
        theirs = [path for path in files if path.is_relative_to(folder / named)] if named else files
        found = theirs if theirs == [folder / (named or "")] else _models(theirs, natives)
        by_folder[folder] = sorted(found, key=lambda path: len(path.parts))[:1]
    return by_folder


def _is_versioned(by_folder: Collection[Path], top: str) -> bool:
    """Whether the one model there is lies in a folder for a version: others may come, and must not rename it."""
    return any(len(Path(folder).relative_to(top).parts) == 1 and VERSION.fullmatch(folder.name) for folder in by_folder)


def _without_model(paths: Sequence[Path], with_models: Collection[Path]) -> list[Unit]:
    """Return the folders for versions that hold files about a model, and none that is one."""
    above = {folder for found in with_models for folder in (found, *found.parents)}
    beside = {folder.parent for folder in with_models}
    files: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        folder = path.parent
        if folder not in above and folder.parent in beside and VERSION.fullmatch(folder.name):
            files[folder].append(path)
    return [_whole(folder, found, []) for folder, found in files.items()]


def _distinct(units: Sequence[Unit]) -> list[Unit]:
    """Return the units with the whole path of the model as id where two would have the same."""
    ids = Counter(unit.model_id for unit in units)
    return [replace(u, model_id=u.model or u.model_id) if ids[u.model_id] > 1 else u for u in units]


def _models(paths: Sequence[Path], natives: frozenset[str]) -> list[Path]:
    """Return the files that are models, of each folder its main one alone if it has one."""
    found = _preferred([path for path in paths if may_be_model(path, natives)])
    models = [path for path in found if not COMPANION.search(stem_of(path).lower())]
    alone = {path.parent for path in models}
    # A model file of whatever name is the model where there is no other.
    models += [path for path in found if path.parent not in alone]
    main = {path.parent: path for stem in reversed(MAIN_STEMS) for path in models if stem_of(path).lower() == stem}
    return [path for path in models if main.get(path.parent, path) == path]


def _preferred(models: Sequence[Path]) -> list[Path]:
    """Return one file of each name: the same model may lie there in several formats."""
    best: dict[tuple[Path, str], Path] = {}
    for path in sorted(models, key=lambda path: PREFERENCE.index(suffix_of(path))):
        best.setdefault((path.parent, stem_of(path)), path)
    readable = {path.parent for path in best.values() if path.suffix != ".onnx"}
    return sorted(path for path in best.values() if path.suffix != ".onnx" or path.parent not in readable)


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


def _of_folder(folder: Path, models: Sequence[Path], own: Sequence[Path]) -> list[Unit]:
    if len(models) <= 1 and folder != Path():
        return [_whole(folder, own, models)]
    beside = Side.of([path for path in own if path.parent == folder], {stem_of(model) for model in models})
    return [_one_of_many(model, folder, beside) for model in models]


def _whole(folder: Path, paths: Sequence[Path], models: Sequence[Path]) -> Unit:
    """Return a folder as one unit."""
    model = models[0] if models else None
    here = model.parent if model else folder
    about = [path for path in paths if path != model and path.parent in {here, folder} and is_document(path)]
    return _unit(folder.as_posix(), folder, model, sorted(about, key=rank), paths)


def _one_of_many(model: Path, folder: Path, beside: Side) -> Unit:
    """Return one of several models side by side, with the files that bear its name."""
    stem = stem_of(model)
    lone = all(other == stem for other in beside.model_stems)
    about = [path for path in beside.about.get(stem, ()) if path != model]
    # What is about whichever model is there tells of this one as long as it is alone, and is no part of what it is.
    own = sorted(about, key=rank)
    about = own + (sorted(beside.general, key=rank) if lone else [])
    files = [model, *own, *beside.by_stem[stem]]
    return _unit((folder / stem).as_posix(), folder, model, about, list(dict.fromkeys(files)))


def _unit(model_id: str, folder: Path, model: Path | None, about: Sequence[Path], files: Sequence[Path]) -> Unit:
    return Unit(
        model_id,
        folder.as_posix(),
        model.as_posix() if model else None,
        tuple(path.as_posix() for path in about),
        tuple(path.as_posix() for path in files),
    )
