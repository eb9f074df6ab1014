"""Tells which files of a staging root are models: by their names, and where these do not tell by what is in them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath as Path

from podium.about import owners
from podium.exports import DESCRIPTION, by_export
from podium.formats import BINARY, FOREIGN, OFTEN_PICKLED, PICKLED, PREFERENCE, UNTOLD, may_be_model, stem_of, suffix_of
from podium.pairing import Names, is_companion_name, is_of_no_model

MAIN_STEMS = ("model", "best_model", "final_model", "pipeline")
ROOT = Path()
CACHE = "__pycache__"
HOLDING = PICKLED | OFTEN_PICKLED | BINARY | {".skops"}
"""Suffixes of files that may hold a companion as an object, and no rows or notes."""


def nothing(_: str) -> bool:
    """Whether a file that is called as a companion is a model all the same: none is where nobody looks into them."""
    return False


def is_companion(path: Path) -> bool:
    """Whether a file is called as one that stands beside a model and is none."""
    return is_companion_name(stem_of(path).lower())


def holds_companion(path: Path) -> bool:
    """Whether a file holds as an object what stands beside a model, by its name."""
    return suffix_of(path) in HOLDING and is_companion(path)


def serves_all(path: Path) -> bool:
    """Whether a file is a companion of each model beside it: its name has no word that could be of one of them."""
    return suffix_of(path) in HOLDING and is_of_no_model(stem_of(path))


@dataclass(frozen=True, slots=True)
class Contents:
    """What files hold, as far as their names do not tell; all paths are below the staging root, with slashes.

    ``natives`` are models by their content whose names could be anything's, ``hollow`` those that have none: 0 bytes,
    or a pointer of Git LFS. ``exports`` are the models that files called ``MLmodel`` name, by the paths of these.
    ``is_model`` looks into a file that is called as a companion, and is asked only where it stands beside a model.
    """

    natives: Collection[str] = frozenset()
    hollow: Collection[str] = frozenset()
    exports: Mapping[str, str | None] = field(default_factory=dict)
    is_model: Callable[[str], bool] = nothing

    def may_be_model(self, path: Path) -> bool:
        """Whether a file is a model and no companion, by its name or where that is anything's by its content."""
        return (may_be_model(path) or path.as_posix() in self.natives) and not is_companion(path)


def is_main(path: Path) -> bool:
    """Whether a file is called as the one model of its folder."""
    return stem_of(path).lower() in MAIN_STEMS


def may_be_hollow(path: Path) -> bool:
    """Whether a file without content is a model that did not arrive, by its name: any of a suffix of models alone."""
    return suffix_of(path) in BINARY or is_main(path)


def models_by_folder(paths: Sequence[Path], told: Contents) -> dict[Path, list[Path]]:
    """Return the models by the folder that each belongs to: an export has one at most, the one that it names."""
    outside, inside = by_export([path for path in paths if not _is_hidden(path)])
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for model in _models(outside, told, bool(inside)):
        by_folder[model.parent].append(model)
    if named := exported_here(outside, told):
        others = [path for path in by_folder[ROOT] if stem_of(path) != stem_of(named)]
        by_folder[ROOT] = [*others, named]
    if foreign := _foreign(outside, by_folder.get(ROOT, ())):
        by_folder[ROOT] += foreign
    for folder, files in inside.items():
        by_folder[folder] = _of_export(folder, files, told)
    return by_folder


def _is_hidden(path: Path) -> bool:
    """Whether a file lies in a folder in which people keep no models."""
    return any(map(keeps_copies, path.parts[:-1]))


def keeps_copies(folder: str) -> bool:
    """Whether a folder is one in which programs keep copies of their own, by its name."""
    return folder.startswith(".") or folder == CACHE


def is_foreign(path: Path) -> bool:
    """Whether a file is a model in a format that nothing here reads, or that no name tells, by its name."""
    suffix = suffix_of(path)
    return (suffix in FOREIGN and not is_companion(path)) or (suffix in UNTOLD and is_main(path))


def foreign_among(paths: Iterable[Path]) -> list[Path]:
    """Return the one file in a foreign format that stands for the model of a folder without another, if there is one.

    The one that is called so goes before others, and one further up before one below.
    """
    found = (path for path in paths if is_foreign(path))
    return sorted(found, key=lambda path: (not is_main(path), len(path.parts), path))[:1]


def _foreign(paths: Iterable[Path], models: Iterable[Path]) -> list[Path]:
    """Return one file of each name in the root itself that is a model in a foreign format, and no part of another."""
    stems = Names(map(stem_of, models))
    found = {stem_of(path): path for path in paths if path.parent == ROOT and is_foreign(path)}
    return [path for stem, path in sorted(found.items()) if stem not in stems and not owners(path, stems)]


def exported_here(paths: Iterable[Path], told: Contents) -> Path | None:
    """Return the model that an export in the staging root itself names, None if it names no file that lies there."""
    named = told.exports.get(DESCRIPTION)
    return next((path for path in paths if path == Path(named)), None) if named else None


def _of_export(folder: Path, files: Sequence[Path], told: Contents) -> list[Path]:
    named = told.exports.get((folder / DESCRIPTION).as_posix())
    theirs = [path for path in files if path.is_relative_to(folder / named)] if named else files
    found = theirs if theirs == [folder / (named or "")] else _models(theirs, told)
    return sorted(found, key=lambda path: len(path.parts))[:1]


def _models(paths: Sequence[Path], told: Contents, others: bool = False) -> list[Path]:
    """Return the files that are models, of each folder but the staging root its main one alone if it has one.

    ``others`` is whether there are models beside these files.
    """
    natives = frozenset(told.natives)
    found = _preferred(path for path in paths if may_be_model(path, natives))
    hollow = _preferred(path for path in paths if path.as_posix() in told.hollow and may_be_hollow(path))
    hollow = [path for path in hollow if not is_companion(path)]
    named = [path for path in found if not is_companion(path)]
    companions = [path for path in found if is_companion(path)]
    solid = _main(_readable([*named, *_estimators(companions, [*named, *hollow], told)]))
    models = [*solid, *_not_arrived(hollow, solid)]
    held = {path.parent for path in models}
    # A model file of whatever name is the model where there is no other.
    apart = [path for path in companions if not _is_below(path, held)]
    return models + _readable([path for path in apart if not (held or others) or told.is_model(path.as_posix())])


def _preferred(models: Iterable[Path]) -> list[Path]:
    """Return one file of each name: the same model may lie there in several formats."""
    best: dict[tuple[Path, str], Path] = {}
    for path in sorted(models, key=lambda path: PREFERENCE.index(suffix_of(path))):
        best.setdefault((path.parent, stem_of(path)), path)
    return sorted(best.values())


def _estimators(companions: Sequence[Path], beside: Sequence[Path], told: Contents) -> list[Path]:
    """Return the models among files that are called as companions and stand beside or below other models."""
    folders = {path.parent for path in beside}
    decided = {path.parent for path in beside if is_main(path) and path.suffix != ".onnx"} - {ROOT}
    asked = (path for path in companions if path.parent not in decided and _is_below(path, folders))
    return [path for path in asked if told.is_model(path.as_posix())]


def _is_below(path: Path, folders: Collection[Path]) -> bool:
    """Whether a file lies in one of some folders, however deep."""
    return any(folder in folders for folder in path.parents)


def _readable(models: Sequence[Path]) -> list[Path]:
    """Return the models without those that are there as what was exported of others.

    In the staging root that is one of a model's very name, of which one file is left by now.
    """
    folders = {path.parent for path in models if path.suffix != ".onnx"} - {ROOT}
    return [path for path in models if path.suffix != ".onnx" or path.parent not in folders]


def _main(models: Sequence[Path]) -> list[Path]:
    """Return of each folder its main model alone if it has one; in the staging root every file may be a model."""
    main = {path.parent: path for stem in reversed(MAIN_STEMS) for path in models if stem_of(path).lower() == stem}
    return [path for path in models if path.parent == ROOT or main.get(path.parent, path) == path]


def _not_arrived(hollow: Sequence[Path], solid: Sequence[Path]) -> list[Path]:
    """Return the files without content that stand for models: below a model they are a part of what it brought along.

    In the staging root, where every file may be a model, each is one, but for the same model in another format.
    """
    held, names = {path.parent for path in solid}, {path.with_name(stem_of(path)) for path in solid}
    flat = [path for path in hollow if path.parent == ROOT and path.with_name(stem_of(path)) not in names]
    return flat + _main([path for path in hollow if path.parent != ROOT and not _is_below(path, held)])
