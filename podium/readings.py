"""Finds the numbers in a model's metadata: in containers of many names, nested, with the split they were taken on."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from podium.containers import SECTIONS_WITH_METRICS, containers_in, split_of, tells_no_score
from podium.kinds import type_in
from podium.metrics import AVERAGE_WORDS, SPLIT_WORDS, MetricId, in_words, metric_id
from podium.names import label_key

VERSION_NAMES = ("version", "model_version", "current_version", "best_version", "latest_version", "latest")
"""The keys that tell which of the versions a document lists it is about, those that say most first."""
AVERAGES = {"weighted_avg": "weighted", "macro_avg": "macro", "micro_avg": "micro", **AVERAGE_WORDS}
"""The rows of a classification report that are about all classes, and what else says an average."""
ITSELF = frozenset({"value", "score", "estimate", "point_estimate", "point"})
"""Under which the number of a metric stands beside others about it, such as its interval."""
STATISTICS = frozenset(
    {
        *("ci", "lower", "upper", "interval", "confidence", "bound", "margin", "se", "sem", "stderr", "sd", "var"),
        *("variance", "support", "count", "samples", "quantile", "percentile"),
    }
)
"""Words of numbers about a metric that are no value of it."""
AS_CLASSES = frozenset({"low", "high", "n"})
"""What such a number may be called, and a class too: with any class beside it, it is one."""
OF_CLASSES = frozenset({"class", "classes", "classification"})
"""Words of places in which what is called as a kind of model is a class: the forest of a land's cover."""
CLASS = ("class_", "class-", "class ", "class")
"""What may stand before the label of a class."""
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of the metadata: where it stands, the metric, and its value.

    ``metric`` is None for a number that is no score of the model; ``name`` is then the whole name it is kept under.
    """

    path: str
    metric: MetricId | None
    value: Any
    name: str = ""

    @property
    def key(self) -> str:
        """The name under which it is recorded."""
        return self.metric.key if self.metric else self.name


def readings(document: Mapping[str, Any]) -> Iterator[Reading]:
    """Give every number of every container, and the metrics at the top of the document and of its sections."""
    yield from _containers(document, "", "", DEEPEST)
    yield from _of_versions(document)
    yield from _plain(document, "", "")
    for name, split in SECTIONS_WITH_METRICS.items():
        if isinstance(section := document.get(name), dict):
            yield from _section(section, name, split, DEEPEST)


def _section(section: Mapping[str, Any], path: str, split: str, depth: int) -> Iterator[Reading]:
    """Give the numbers of an object that holds metrics among much else: of that no number is taken."""
    yield from _containers(section, path, split, depth)
    yield from (one for one in _plain(section, path, split) if as_number(one.value) is not None)


def _containers(document: Mapping[str, Any], path: str, split: str, depth: int) -> Iterator[Reading]:
    for name, inner, told in containers_in(document) if depth else ():
        here, own = _below(path, name), told or split
        among_others = in_words(name) in SPLIT_WORDS and not any(metric_id(str(key)) for key in inner)
        yield from (_section if among_others else _in_whole)(inner, here, own, depth - 1)
    if rows := _report(document):
        yield from _in(rows, path, split, "", depth)


def _in_whole(container: Mapping[str, Any], path: str, split: str, depth: int) -> Iterator[Reading]:
    return _in(container, path, split, "", depth)


def _report(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows of a classification report that is the document itself, known by its rows about all classes."""
    rows = {str(key): row for key, row in document.items() if isinstance(row, dict) and split_of(str(key)) is None}
    rows = {key: row for key, row in rows.items() if any(metric_id(str(name)) for name in row)}
    return rows if any(in_words(key).endswith("_avg") for key in rows) else {}


def _plain(document: Mapping[str, Any], path: str, split: str) -> Iterator[Reading]:
    """Give the metrics among much else; of one that is an object only what are numbers, as it may be something else."""
    for name, value in document.items():
        metric = metric_id(str(name), split)
        if metric and isinstance(value, dict):
            inner = _of_metric(str(name), metric, value, _below(path, name), DEEPEST)
            yield from (one for one in inner if as_number(one.value) is not None)
        elif metric and _is_plain(value):
            yield Reading(_below(path, name), metric, value)


def _below(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _of_versions(document: Mapping[str, Any]) -> Iterator[Reading]:
    """Give the scores of the version that a document is about, of those that ``version_scores`` lists."""
    scores = document.get("version_scores")
    if not isinstance(scores, dict):
        return
    told = (document[name] for name in VERSION_NAMES if document.get(name) is not None)
    version = str(next(told, next(iter(scores)) if len(scores) == 1 else ""))
    entry = scores.get(version)
    if isinstance(entry, dict):
        inner = entry.get("scores", entry)
        yield from _in(inner if isinstance(inner, dict) else {}, f"version_scores.{version}", "", "", DEEPEST)


def _in(container: Mapping[str, Any], path: str, split: str, average: str, depth: int) -> Iterator[Reading]:
    for name, value in container.items():
        here = _below(path, name)
        if isinstance(value, dict):
            yield from _nested(str(name), value, here, split, average, depth)
        elif _is_plain(value):
            metric = metric_id(str(name), split, average)
            yield Reading(here, metric, value) if metric else _no_score(here, str(name), value, split)


def _no_score(path: str, name: str, value: Any, split: str) -> Reading:
    """Return a number that is no score, under its name, which must not read as a score's once it stands alone."""
    return Reading(path, None, value, f"{split}_{name}" if metric_id(name) else name)


def _nested(name: str, inner: Mapping[str, Any], here: str, split: str, average: str, depth: int) -> Iterator[Reading]:
    """Give the numbers of a dictionary in a container: of a split, an average, a metric, or a class.

    Those of anything else, such as a baseline, a gate, a fold or the models that it was compared with, are under their
    own names, and no score of the model.
    """
    words = in_words(name)
    if depth == 0:
        return
    if (told := split_of(name)) is not None:
        yield from _in(inner, here, told or split, average, depth - 1)
    elif words in AVERAGES:
        yield from _in(inner, here, split, AVERAGES[words], depth - 1)
    elif metric := metric_id(name, split, average):
        yield from _of_metric(name, metric, inner, here, depth - 1)
    elif tells_no_score(name) or _is_of_another(name, inner, here):
        yield from (_no_score(f"{here}_{key}", f"{name}_{key}", v, split) for key, v in inner.items() if _is_plain(v))
    else:
        yield from _of_class(name, inner, here, split)


def _of_metric(name: str, metric: MetricId, inner: Mapping[str, Any], here: str, depth: int) -> Iterator[Reading]:
    """Give the numbers of one metric: its own, of several splits, averages or classes, or a mean over folds.

    Where its own number is among them, all that are of no split and no average are about that number.
    """
    told = any(in_words(str(key)) in ITSELF for key in inner) or all(map(_may_be_statistic, map(str, inner)))
    for key, value in inner.items():
        found, own = _part(metric, str(key), told), f"{name}_{key}"
        if isinstance(value, dict) and found and depth:
            yield from _of_metric(own, found, value, f"{here}.{key}", depth - 1)
        elif found and _is_plain(value):
            yield Reading(f"{here}.{key}", found, value)
        elif _is_plain(value):
            yield _no_score(f"{here}_{key}", own, value, metric.split)


def _part(metric: MetricId, key: str, told: bool) -> MetricId | None:
    """Return what one number about a metric is a score of, None if of nothing."""
    words = in_words(key)
    if words in SPLIT_WORDS:
        return replace(metric, split=SPLIT_WORDS[words])
    if words in AVERAGES:
        return replace(metric, average=AVERAGES[words])
    if (own := metric_id(key, metric.split, metric.average)) and own.base == metric.base:
        return replace(own, label=own.label or metric.label)
    if told or _is_statistic(key):
        return metric if words in ITSELF else None
    return None if metric.label else replace(metric, average="", label=_label(key))


def _is_statistic(key: str) -> bool:
    """Whether a number about a metric is none of its values, such as a bound of its interval."""
    return tells_no_score(key) or not STATISTICS.isdisjoint(in_words(key).rstrip("0123456789").split("_"))


def _may_be_statistic(key: str) -> bool:
    """Whether a number about a metric is none of a class, if nothing beside it is: also that of another model."""
    return _is_statistic(key) or in_words(key) in AS_CLASSES or type_in(key) is not None


def _is_of_another(name: str, row: Mapping[str, Any], here: str) -> bool:
    """Whether a row of metrics is that of a model that was compared, by the kind that it is called by."""
    among_classes = "support" in row or not OF_CLASSES.isdisjoint(in_words(here).split("_"))
    return type_in(name) is not None and not among_classes


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict | list)


def _of_class(label: str, row: Mapping[str, Any], here: str, split: str) -> Iterator[Reading]:
    for name, value in row.items():
        metric = metric_id(str(name))
        if metric and _is_plain(value):
            yield Reading(f"{here}.{name}", MetricId(metric.base, split, label=_label(label)), value)


def _label(name: str) -> str:
    """Return the part of a metric's name that stands for a class: ``1`` of ``class_1``."""
    before = next((word for word in CLASS if name.lower().startswith(word)), "")
    rest = name[len(before) :]
    return label_key(rest if rest and (before != "class" or rest.isdigit()) else name)


def as_number(value: object) -> float | None:
    """Return a finite float of a number, ``"0.81"`` or ``"81.2%"``; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    scale = 0.01 if text.endswith("%") else 1.0
    try:
        number = float(text.removesuffix("%")) * scale
    except ValueError:
        return None
    return number if math.isfinite(number) else None
