"""The names under which metrics stand, as keys of a document and as files, each with the split that it tells."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from podium.metrics import MEAN, NOT_SCORES, SPLIT_WORDS, SPLITS, in_words

PLAIN = (
    *("performance_metrics", "metrics", "performance", "scores", "evaluation", "results"),
    *("classification_report", "per_class", "by_class"),
    *("evaluation_metrics", "eval_metrics", "evaluation_results", "model_performance", "model_metrics"),
)
"""Containers that tell no split."""
OF_A_SPLIT = (
    *("metrics", "performance", "scores", "results", "evaluation", "performance_metrics", "classification_report"),
    *("report", "set"),
)
"""What makes a container together with the word of a split: ``test_metrics``, ``metrics_test``."""
TOLD = {
    name: split
    for split in ("test", "val", "train", "cv")
    for word in SPLITS[split]
    for what in OF_A_SPLIT
    for name in (f"{word}_{what}", f"{what}_{word}")
}
CONTAINERS = {**dict.fromkeys(PLAIN, ""), **TOLD}
"""The keys under which metrics stand, each with the split that it tells; of two that disagree the first counts."""
NO_SCORES = NOT_SCORES | {MEAN, "average", "median"}
RANKS = {name: place for place, name in enumerate((*CONTAINERS, *SPLIT_WORDS))}
LAST = re.compile(r"^(?:(?:final|best|overall)_)+")
"""Words before the name of a container that tell nothing of what is in it."""
SECTIONS = ("metadata", "model_info", "info", "model", "training", "training_info", "config")
"""Objects in which a field is looked for after the top of the document."""
SECTIONS_WITH_METRICS = {"metadata": "", "model_info": "", "info": "", "model": "", "training_info": "train"}
"""Those in which metrics stand too. What one about the training tells may well be of the rows of the training."""
Place = tuple[str, Mapping[str, Any], str]
"""The path of an object in a document, the object, and the split that its name tells."""


def split_of(name: str) -> str | None:
    """Return the split of the metrics that a key holds: empty if it tells none, None if it is no container's."""
    words = _words(name)
    return CONTAINERS.get(words, SPLIT_WORDS.get(words))


def _words(name: str) -> str:
    """Return a key without what says no more than that nothing came after: ``final_test_metrics``."""
    words = in_words(name)
    rest = LAST.sub("", words)
    return rest if rest in CONTAINERS else words


def tells_no_score(name: str) -> bool:
    """Whether a key is that of something other than the model: ``baseline_model``, ``gate_results``, ``fold_1``."""
    words = in_words(name).rstrip("0123456789").split("_")
    return any(word in NO_SCORES or word.removesuffix("s") in NO_SCORES for word in words)


def containers_in(document: Mapping[str, Any]) -> Iterator[Place]:
    """Give the containers at the top of an object, those that count first before others.

    A bare split, such as ``train``, is one too.
    """
    named = [(_words(str(key)), str(key)) for key, value in document.items() if isinstance(value, dict)]
    for _, key in sorted((RANKS[words], key) for words, key in named if words in RANKS):
        yield key, document[key], split_of(key) or ""
