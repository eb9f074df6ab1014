"""Tells for which model a file's name stands that has another word in its place: ``metrics_v5`` of ``model_v5``."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

COMPANION = re.compile(
    r"scaler|encoder|preprocess|explainer|imputer|vectorizer|tokenizer|transformer|feature|column|label_map|shap"
)
"""Names of files that stand beside a model and are none: what prepares its input or explains its output."""
SHORT = frozenset(
    {
        *("ohe", "le", "pca", "svd", "tfidf", "sc", "threshold"),
        *(f"{rows}_{split}" for rows in "xy" for split in ("train", "test", "val")),
    }
)
"""Such names that are so alone, as within others they may be part of a model's."""
KINDS = frozenset(
    {
        *("standard", "minmax", "min", "max", "robust", "label", "target", "ordinal", "one", "hot", "onehot", "knn"),
        *("column", "data", "fitted", "trained", "categorical", "numeric", "numerical", "num", "cat", "text", "simple"),
    }
)
"""Words that tell which companion a file is; any other may be the name of a model."""
APART = "_-. "
"""What stands between the name of a model and a word about it."""
TOKEN = re.compile(r"[^_\-. ]+")
MODEL = "model"
LONGEST = 3
"""Words that a file's name says what it holds in, such as ``cross_validation_results``."""


class Names(frozenset[str]):
    """The names of models side by side; what they end in is found once for all files beside them."""

    @cached_property
    def by_end(self) -> Mapping[str, Sequence[str]]:
        """The names by each word with a digit that they have, with all behind it, but for the first word."""
        found = defaultdict[str, list[str]](list)
        for name in self:
            for token in [*TOKEN.finditer(name)][1:]:
                if any(sign.isdigit() for sign in token[0]):
                    found[name[token.start() :]].append(name)
        return found


def is_companion_name(words: str) -> bool:
    """Whether words are those of a file that stands beside a model and is none."""
    return words in SHORT or COMPANION.search(words) is not None


def is_of_no_model(stem: str) -> bool:
    """Whether a file's name is that of a companion and has no word that could be a model's, a version's or a time's."""
    words = stem.lower()
    told = all(token in KINDS or is_companion_name(token) for token in TOKEN.findall(words))
    return words in SHORT or (told and is_companion_name(words) and not any(sign.isdigit() for sign in words))


def standing_for(stem: str, models: Names, is_word: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Return the models that a file may be about by its own name, each with the words that stand in their place.

    They stand before a version or a time, which it has in common with the model, and where the model's name has
    ``model`` or nothing: ``churn_metrics_20250101`` of ``churn_model_20250101`` or ``churn_20250101``. One that names
    no more than its words is of a model with that version, whatever that is called: ``metrics_v1`` of ``churn_v1``.
    """
    found = list(_in_their_place(stem, is_word))
    named = [(f"{head}{end}", words) for head, words, tail in found for end in (f"{MODEL}{tail}", tail.lstrip(APART))]
    return [(name, words) for name, words in named if name in models] or _of_version(found, models, is_word)


def _of_version(
    found: Iterable[tuple[str, str, str]], models: Names, is_word: Callable[[str], bool]
) -> list[tuple[str, str]]:
    """Return the models that end in what is behind the words of a file's name, if nothing else is before these."""
    # A companion's words may have others among them, such as a model's name: of those here all must be its own.
    is_alone = is_of_no_model if is_word is is_companion_name else is_word
    versions = {tail.lstrip(APART): words for head, words, tail in found if not head and is_alone(words)}
    ending = {version: models.by_end.get(version, ()) for version in versions}
    return [
        (model, versions[version])
        for version, names in ending.items()
        if not any(_is_part(version, name) for name in names)
        for model in names
    ]


def _is_part(version: str, model: str) -> bool:
    """Whether a model's name may have more of a version before what it ends in."""
    return any(sign.isdigit() for sign in TOKEN.findall(model.removesuffix(version))[-1])


def _in_their_place(stem: str, is_word: Callable[[str], bool]) -> Iterator[tuple[str, str, str]]:
    """Give the words about a model in a file's name, with what is before them and the version or time behind them."""
    tokens = [token.span() for token in TOKEN.finditer(stem)]
    for place, (start, _) in enumerate(tokens):
        for _, end in tokens[place : place + LONGEST]:
            words, behind = stem[start:end].lower(), stem[end:]
            if is_word(words) and any(sign.isdigit() for sign in behind):
                yield stem[:start], words, behind


def model_of(stem: str, models: Names, is_word: Callable[[str], bool]) -> list[str]:
    """Return the one model for which a file's name stands; of two that it could be it is neither's."""
    names = {name for name, _ in standing_for(stem, models, is_word)}
    return list(names) if len(names) == 1 else []
