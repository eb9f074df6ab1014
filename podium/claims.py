"""Finds the metrics in a model's metadata: in containers of many names, nested, with the split they were taken on."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from podium.metrics import (
    AVERAGE_WORDS,
    CLAIMS_BY_SPLIT,
    NOT_SCORES,
    SPLIT_WORDS,
    SPLITS,
    MetricId,
    agree,
    claims_of,
    is_possible,
    metric_id,
)
from podium.names import label_key
from podium.staged import Problem

CONTAINERS = {
    "performance_metrics": "",
    "metrics": "",
    "performance": "",
    "scores": "",
    "evaluation": "",
    "results": "",
    "classification_report": "",
    "per_class": "",
    "by_class": "",
    "test_metrics": "test",
    "test_performance": "test",
    "test_scores": "test",
    "val_metrics": "val",
    "validation_metrics": "val",
    "validation_performance": "val",
    "train_metrics": "train",
    "training_metrics": "train",
    "train_performance": "train",
    "cv_metrics": "cv",
    "cross_validation": "cv",
}
"""The keys under which metrics stand, each with the split that it tells; of two that disagree the first counts."""
VERSION_NAMES = ("version", "model_version", "current_version", "best_version", "latest_version", "latest")
"""The keys that tell which of the versions a document lists it is about, those that say most first."""
REPORT_ROWS = {"weighted avg": "weighted", "macro avg": "macro", "micro avg": "micro"}
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """One number with its name in the metadata. ``metric`` is None for a number that is no score of the model."""

    path: str
    metric: MetricId | None
    value: Any


@dataclass(frozen=True, slots=True)
class Claims:
    """What metadata records: metrics by key, where each was read, and what is wrong with them."""

    metrics: Mapping[str, float]
    found: Mapping[str, str]
    problems: tuple[Problem, ...]


def read_claims(document: Mapping[str, Any]) -> Claims:
    """Return the metrics of a metadata document; what is no number or no possible value is a problem."""
    metrics: dict[str, float] = {}
    found: dict[str, str] = {}
    problems: list[Problem] = []
    read = tuple(readings(document))
    for reading in read:
        key = reading.metric.key if reading.metric else reading.path.rpartition(".")[2]
        number, why = _number(reading)
        if number is None:
            problems += [Problem("bad-metric", f"recorded {key} is {reading.value!r}, {why}")] if why else []
        elif key not in metrics:
            metrics[key], found[key] = number, reading.path
        elif reading.metric and not agree(metrics[key], number):
            text = f"{key} is {metrics[key]:g} in {found[key]} but {number:g} in {reading.path}: the first counts"
            problems.append(Problem("metrics-disagree", text))
    problems += _contradictions(read, metrics, found)
    return Claims(metrics, found, (*problems, *_about(document, metrics)))


def _contradictions(read: Iterable[Reading], metrics: Mapping[str, float], found: Mapping[str, str]) -> list[Problem]:
    """Return what containers that say no split record otherwise than each that says one.

    A score on the training set can confirm such a number, and contradicts none: it may well be another.
    """
    unsaid = dict.fromkeys(r.metric for r in read if r.metric and not r.metric.split and r.metric.key in metrics)
    return [problem for metric in unsaid if (problem := _contradiction(metric, metrics, found))]


def _contradiction(metric: MetricId, metrics: Mapping[str, float], found: Mapping[str, str]) -> Problem | None:
    own = metric.key
    keys = {split: replace(metric, split=split).key for split in SPLITS}
    here = _container(found[own])
    elsewhere = {split: key for split, key in keys.items() if _container(found.get(key)) not in {None, here}}
    against = next((elsewhere[split] for split in CLAIMS_BY_SPLIT if split in elsewhere), None)
    if against is None or any(agree(metrics[own], metrics[key]) for key in elsewhere.values()):
        return None
    unsaid, said = (f"{key} is {metrics[key]:g} in {found[key]}" for key in (own, against))
    text = f"{unsaid}, and nobody says on which rows, but {said}: both are kept, each under its name"
    return Problem("metrics-disagree", text)


def _container(path: str | None) -> str | None:
    return None if path is None else path.rpartition(".")[0]


def _about(document: Mapping[str, Any], metrics: Mapping[str, float]) -> tuple[Problem, ...]:
    if not document or claims_of(metrics):
        return ()
    if any(key.startswith("train_") for key in metrics):
        return (Problem("training-scores", "it records scores on its training set only, which say nothing"),)
    return (Problem("no-metrics", "metadata records no metric"),)


def _number(reading: Reading) -> tuple[float | None, str]:
    """Return the number of a reading, or why there is none; a text among other numbers is nobody's mistake."""
    number = as_number(reading.value)
    if reading.metric is None:
        return number, ""
    if number is None:
        return None, "not a finite number"
    if not is_possible(reading.metric.base, number):
        return None, "not between 0 and 1"
    return number, ""


def readings(document: Mapping[str, Any]) -> Iterator[Reading]:
    """Give every number of every container, and the metrics at the top of the document."""
    for name, split in CONTAINERS.items():
        if isinstance(document.get(name), dict):
            yield from _in(document[name], name, split, "", DEEPEST)
    yield from _of_versions(document)
    for name, value in document.items():
        metric = metric_id(name)
        if metric and not isinstance(value, dict | list):
            yield Reading(name, metric, value)


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
        here = f"{path}.{name}"
        if isinstance(value, dict):
            yield from _nested(name, value, here, split, average, depth)
        elif not isinstance(value, list):
            yield Reading(here, metric_id(str(name), split, average), value)


def _nested(name: str, inner: Mapping[str, Any], here: str, split: str, average: str, depth: int) -> Iterator[Reading]:
    """Give the numbers of a dictionary in a container: of a split, an average, a report, or a class."""
    if depth == 0:
        return
    word = name.lower()
    if word in SPLIT_WORDS or CONTAINERS.get(word):
        yield from _in(inner, here, SPLIT_WORDS.get(word) or CONTAINERS[word], average, depth - 1)
    elif word in REPORT_ROWS or word in AVERAGE_WORDS:
        yield from _in(inner, here, split, REPORT_ROWS.get(word) or AVERAGE_WORDS[word], depth - 1)
    elif word in CONTAINERS:
        yield from _in(inner, here, split, average, depth - 1)
    elif metric_id(name, split, average):
        yield from _of_metric(name, inner, here, split, average)
    elif word in NOT_SCORES:
        # Of a baseline, a gate: numbers under their own names, and no score of the model.
        yield from (Reading(f"{here}_{key}", None, value) for key, value in inner.items() if _is_plain(value))
    else:
        yield from _of_class(name, inner, here, split)


def _of_metric(name: str, inner: Mapping[str, Any], here: str, split: str, average: str) -> Iterator[Reading]:
    """Give the numbers of one metric: of several splits, averages or classes, or its mean over folds, which is none."""
    for key, value in inner.items():
        word, path = str(key).lower(), f"{here}.{key}"
        if not _is_plain(value):
            continue
        if word in SPLIT_WORDS:
            yield Reading(path, metric_id(name, SPLIT_WORDS[word], average), value)
        elif word in REPORT_ROWS or word in AVERAGE_WORDS:
            yield Reading(path, metric_id(name, split, REPORT_ROWS.get(word) or AVERAGE_WORDS[word]), value)
        elif word in NOT_SCORES:
            yield Reading(f"{here}_{key}", None, value)
        elif metric := metric_id(name, split):
            yield Reading(path, MetricId(metric.base, metric.split, label=label_key(str(key))), value)


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict | list)


def _of_class(label: str, row: Mapping[str, Any], here: str, split: str) -> Iterator[Reading]:
    for name, value in row.items():
        metric = metric_id(str(name))
        if metric and not isinstance(value, dict | list):
            yield Reading(f"{here}.{name}", MetricId(metric.base, split, label=label_key(str(label))), value)


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
