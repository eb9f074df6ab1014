"""Tells which files beside models are about them, and about which: JSON files by their names, and MLflow's own."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath as Path

from podium.exports import DESCRIPTION
from podium.formats import NATIVE, PACKED, PICKLED, stem_of
from podium.pairing import APART, Names, is_companion_name, model_of, standing_for

ABOUT = (
    *("metadata", "model_metadata", "meta", "info", "model_info", "metrics", "evaluation", "results", "scores"),
    *("performance", "classification_report", "params", "hyperparameters", "config", "features", "feature_columns"),
    *("feature_names", "hyperparams", "best_params", "feature_list", "feature_cols", "threshold", "best_threshold"),
    *("test_metrics", "test_results", "test_scores", "test_performance", "holdout_metrics", "eval_metrics"),
    *("val_metrics", "val_results", "validation_metrics", "validation_results", "validation_performance"),
    *("train_metrics", "train_results", "training_metrics", "training_results", "train_scores"),
    *("cv_metrics", "cv_results", "cv_scores", "cross_validation", "cross_validation_results"),
    "model_metrics",
)
"""Stems of JSON files that are about the one model in their folder, those that say most first."""
DOCUMENTS = frozenset({DESCRIPTION, "requirements.txt"})
"""Files about a model that are not JSON."""
OF_ONE = frozenset({"metadata", "model_metadata", "meta", "model_info"})
"""Stems of JSON files that tell of a model, and of nothing else that a folder might hold."""
REGISTRIES = frozenset({"registry", "model_registry", "models"})
"""Stems of files about many models."""
SHARED = REGISTRIES | frozenset(ABOUT)
"""Stems of JSON files that belong to no single model, whatever is beside them."""
OF_A_FILE = re.compile(
    rf"\.(?:{'|'.join(sorted(end[1:] for end in PICKLED | NATIVE))})"
    rf"(?:\.(?:{'|'.join(sorted(end[1:] for end in PACKED))}))?(?=$|[.])",
    re.IGNORECASE,
)
"""The end of a model file's name within that of a document: in ``a.pkl.json`` and ``a.pkl.gz.metadata.json``."""
EXAMPLES = frozenset({"input_example", "serving_input_example"})
"""JSON files that MLflow puts beside a model, with rows and nothing about it."""


def is_document(path: Path) -> bool:
    """Whether a file is about models, by its name."""
    if path.name in DOCUMENTS:
        return True
    return path.suffix.lower() == ".json" and path.stem not in EXAMPLES


def is_word(words: str) -> bool:
    """Whether words are those of a document about a model."""
    return words in ABOUT


def is_of_one(path: Path) -> bool:
    """Whether a file is about the one model that its folder holds, or should hold."""
    return path.suffix.lower() == ".json" and path.stem.lower() in OF_ONE


@dataclass(frozen=True, slots=True)
class Side:
    """Files side by side with several models: by their stem, the documents about each model, and those about any.

    ``bearing`` are the other files that bear a model's name, with more behind it, ``nobodys`` those that bear none.
    """

    by_stem: Mapping[str, Sequence[Path]]
    about: Mapping[str, Sequence[Path]]
    bearing: Mapping[str, Sequence[Path]]
    general: Sequence[Path]
    nobodys: Sequence[Path]

    @classmethod
    def of(cls, paths: Sequence[Path], models: Names, apart: Collection[Path] = ()) -> "Side":
        """Return some files in order. ``models`` are the stems of the models among them.

        ``apart`` are files that belong to no other model by the start of their name alone: they may be models, too.
        """
        by_stem, about, bearing = (defaultdict[str, list[Path]](list) for _ in range(3))
        nobodys = []
        for path in paths:
            by_stem[stem_of(path)].append(path)
            subjects = _subjects(path, models) if is_document(path) else []
            bearer = subjects or (_bearer(path, models) if path not in apart else [])
            for model in bearer:
                (about if subjects else bearing)[model].append(path)
            nobodys += [] if bearer or stem_of(path) in models else [path]
        return cls(by_stem, about, bearing, general(paths), nobodys)


def owners(path: Path, models: Names) -> list[str]:
    """Return the models side by side with a file that it belongs to, by its name: nearly always one, or none."""
    subjects = _subjects(path, models) if is_document(path) else []
    return subjects or _bearer(path, models)


def _bearer(path: Path, models: Names) -> list[str]:
    """Return the model with the longest name that a file's begins with; one about any or many models bears none.

    A companion that begins with none may stand for one: ``scaler_v5`` of ``model_v5``.
    """
    if path.stem.lower() in SHARED:
        return []
    ends = [end for end, sign in enumerate(path.name) if sign in APART and path.name[:end] in models]
    return [path.name[: ends[-1]]] if ends else model_of(stem_of(path), models, is_companion_name)


def _subjects(document: Path, models: Names) -> list[str]:
    """Return the model whose name a document bears, alone or with a word such as ``metadata`` before or after it.

    Of a ``churn`` and a ``churn_test``, ``churn_test_metrics`` is about the latter. They are looked up by what is left
    of the document's name without the word: there may be thousands of models.
    """
    stem, shorter = document.stem, OF_A_FILE.sub("", document.stem, count=1)
    direct = _named_in(stem, models) or (_named_in(shorter, models) if shorter != stem else [])
    return direct or model_of(shorter, models, is_word)


def _named_in(stem: str, models: Collection[str]) -> list[str]:
    front, back = stem.rstrip(APART), stem.lstrip(APART)
    heads = [front[: -len(word)] for word in ABOUT if front.lower().endswith(word)]
    tails = [back[len(word) :] for word in ABOUT if back.lower().startswith(word)]
    named = {stem}
    named |= {head[:end] for head in heads for end in range(len(head.rstrip(APART)), len(head) + 1)}
    named |= {tail[start:] for tail in tails for start in range(len(tail) - len(tail.lstrip(APART)) + 1)}
    return sorted((name for name in named if name in models and _bears(stem, name)), key=len)[-1:]


def is_about(stem: str, model: str) -> bool:
    """Whether a document bears a model's name, alone or with a word about it before or behind, or in its place."""
    shorter = OF_A_FILE.sub("", stem, count=1)
    return _bears(stem, model) or _bears(shorter, model) or bool(standing_for(shorter, Names({model}), is_word))


def _bears(stem: str, model: str) -> bool:
    if stem == model:
        return True
    rest = stem.removeprefix(model) if stem.startswith(model) else stem.removesuffix(model)
    return rest != stem and rest.strip(APART).lower() in ABOUT


def general(paths: Iterable[Path]) -> list[Path]:
    """Return the documents that bear no name of a model: they are about whichever is there."""
    return [path for path in paths if is_document(path) and path.stem.lower() in ABOUT]


def rank(path: Path) -> tuple[int, int, bool, str]:
    """Return the sort key of a file about a model: those that say most first, before those whose names say more."""
    words = path.stem.lower()
    known = next((i for i, stem in enumerate(ABOUT) if words == stem or words.endswith(f"_{stem}")), len(ABOUT))
    return len(path.parts), known, words not in ABOUT[known : known + 1], path.name
