"""Makes what metadata records of metrics into claims, and tells where it contradicts itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from podium.metrics import CLAIMS_BY_SPLIT, SPLITS, MetricId, agree, claims_of, is_possible
from podium.readings import Reading, as_number, readings
from podium.staged import Problem


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
        key = reading.key
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


def disagreements(first: Mapping[str, Any], second: Mapping[str, Any], name: str) -> list[Problem]:
    """Return the metrics that stand at the same place of two documents with other values; ``name`` is the second's."""
    known = {reading.path: _number(reading)[0] for reading in readings(first) if reading.metric}
    found = ((reading.path, _number(reading)[0]) for reading in readings(second) if reading.path in known)
    return [
        Problem("metrics-disagree", f"{path} is {own:g}, but {other:g} in {name}: the first counts")
        for path, other in found
        if (own := known[path]) is not None and other is not None and not agree(own, other)
    ]


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
