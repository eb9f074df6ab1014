"""Tells which files of a staging root make up which staged model, in any of the layouts that people use.

One folder per model; folders of types or versions with a folder per model inside; several model files side by side,
each with JSON files of its own name; one model file with JSON files about it; exports of MLflow.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath as Path

from podium.formats import PREFERENCE, may_be_model, stem_of, suffix_of

COMPANION = re.compile(
    r"scaler|encoder|preprocess|explainer|imputer|vectorizer|tokenizer|transformer|feature|column|label_map|shap"
)
"""Names of files that stand beside a model and are none: what prepares its input or explains its output."""
MAIN_STEMS = ("model", "best_model", "final_model", "pipeline")
ABOUT = (
    *("metadata", "model_metadata", "meta", "info", "model_info", "metrics", "evaluation", "results", "scores"),
    *("performance", "params", "hyperparameters", "config", "features", "feature_columns", "feature_names"),
)
"""Stems of JSON files that are about the one model in their folder, those that say most first."""
REGISTRIES = frozenset({"registry", "model_registry", "models"})
DOCUMENTS = frozenset({"MLmodel", "requirements.txt"})
"""Files about a model that are not JSON."""
EXAMPLES = frozenset({"input_example", "serving_input_example"})
"""JSON files that MLflow puts beside a model, with rows and nothing about it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The files of one staged model, as paths relative to the staging root.

    ``about`` are its JSON files, those that say most first; ``files`` are all, and make its fingerprint.
    """

    model_id: str
    folder: str
    model: str | None
    about: tuple[str, ...]
    files: tuple[str, ...]


def arrange(files: Iterable[str], top: str = "", natives: Collection[str] = ()) -> list[Unit]:
    """Return the units of the files below one folder of the staging root, or of the files in the root itself.

    ``files`` are paths relative to the root, with slashes; ``top`` is the name of the folder, empty for the root.
    ``natives`` are those files whose names could be anything's and whose content is a model's.
    """
    known = frozenset(natives)
    paths = sorted(Path(file) for file in files)
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for model in _models(paths, known):
        by_folder[model.parent].append(model)
    if top and sum(len(found) for found in by_folder.values()) <= 1:
        return [_whole(Path(top), paths, [model for found in by_folder.values() for model in found])]
    units = [unit for folder, models in by_folder.items() for unit in _of_folder(folder, models, paths, by_folder)]
    return sorted(_distinct(units), key=lambda unit: unit.model_id)


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


def _of_folder(
    folder: Path, models: Sequence[Path], paths: Sequence[Path], with_models: Collection[Path]
) -> list[Unit]:
    if len(models) > 1 or folder == Path():
        return [_one_of_many(model, folder, paths) for model in models]
    own = [path for path in paths if next((f for f in path.parents if f in with_models), None) == folder]
    return [_whole(folder, own, models)]


def _whole(folder: Path, paths: Sequence[Path], models: Sequence[Path]) -> Unit:
    """Return a folder as one unit."""
    model = models[0] if models else None
    here = model.parent if model else folder
    about = [path for path in paths if path != model and path.parent in {here, folder} and _is_document(path)]
    return _unit(folder.as_posix(), folder, model, sorted(about, key=_rank), paths)


def _is_document(path: Path) -> bool:
    if path.name in DOCUMENTS:
        return True
    return path.suffix.lower() == ".json" and path.stem not in EXAMPLES


def _one_of_many(model: Path, folder: Path, paths: Sequence[Path]) -> Unit:
    """Return one of several models side by side, with the files that bear its name."""
    beside = [path for path in paths if path.parent == folder and path != model]
    same = [path for path in beside if stem_of(path) == stem_of(model)]
    about = [path for path in beside if _is_document(path) and _is_about(path.stem, stem_of(model))]
    lone = all(path in same for path in beside if may_be_model(path))
    about = sorted(about, key=_rank) + (sorted(_general(beside), key=_rank) if lone else [])
    model_id = (folder / stem_of(model)).as_posix()
    return _unit(model_id, folder, model, about, list(dict.fromkeys([model, *about, *same])))


def _is_about(stem: str, model: str) -> bool:
    if stem == model:
        return True
    rest = stem.removeprefix(model) if stem.startswith(model) else stem.removesuffix(model)
    return rest != stem and rest.strip("_-. ").lower() in ABOUT


def _general(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if _is_document(path) and path.stem.lower() in ABOUT]


def _rank(path: Path) -> tuple[int, int, str]:
    """Return the sort key of a file about a model: those that say most first."""
    words = path.stem.lower()
    known = next((i for i, stem in enumerate(ABOUT) if words == stem or words.endswith(f"_{stem}")), len(ABOUT))
    return len(path.parts), known, path.name


def _unit(model_id: str, folder: Path, model: Path | None, about: Sequence[Path], files: Sequence[Path]) -> Unit:
    return Unit(
        model_id,
        folder.as_posix(),
        model.as_posix() if model else None,
        tuple(path.as_posix() for path in about),
        tuple(path.as_posix() for path in files),
    )
