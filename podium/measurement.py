"""Measures predictions against the truth: the numbers that Podium decides by.

The metrics are those of https://scikit-learn.org/stable/modules/model_evaluation.html.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from podium.labels import Labels, align
from podium.metrics import SCORER, SECONDS
from podium.numbers import Answers, confusion, label_metrics, rates
from podium.scorers import scored
from podium.slices import Slice

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is measured beside the usual metrics.

    ``primary`` is the metric that slices are measured by, ``profit`` what a row of a true class earns by the class it
    is called, ``scorers`` further metrics such as ``sklearn.jaccard``.
    """

    primary: str = "f1_score"
    profit: Mapping[str, Mapping[str, float]] | None = None
    scorers: tuple[str, ...] = ()
    slices: tuple[Slice, ...] = ()


@dataclass(frozen=True, slots=True)
class Holdout:
    """The true labels of the holdout, shape (n,), with the name and digest that identify what is measured on them.

    ``identifiers`` are columns that tell rows apart, which no model should have learned from.
    """

    name: str
    digest: str
    truth: Labels
    positive: str | None
    wanted: Wanted = Wanted()
    identifiers: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of their codes."""
        return tuple(sorted(set(self.truth.tolist())))

    def profits(self) -> npt.NDArray[np.float64] | None:
        """Return what each true class (rows) earns by the class it is called (columns); None if nobody said."""
        if self.wanted.profit is None:
            return None
        given = self.wanted.profit
        return np.array([[given.get(true, {}).get(said, 0.0) for said in self.labels] for true in self.labels])

    def as_json(self) -> dict[str, Any]:
        """Return what identifies the rows, JSON-ready."""
        return {"name": self.name, "digest": self.digest, "rows": len(self.truth), "positive_class": self.positive}


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model said of the holdout's rows: labels (n,), and probabilities (n, k) in the order of ``classes``.

    ``seconds`` is how long it took to say it.
    """

    labels: Labels
    classes: tuple[str, ...] = ()
    probabilities: Probabilities | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """Holdout metrics of one candidate, or the reason why there are none.

    ``matrix[i][j]`` counts rows of true class ``labels[i]`` that were predicted as ``labels[j]``; ``identifiers`` are
    columns it was asked by that tell the rows apart.
    """

    metrics: Mapping[str, float]
    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    rows: int
    reason: str | None = None
    identifiers: tuple[str, ...] = ()

    def asked_by(self, holdout: Holdout, columns: Iterable[str]) -> "Measurement":
        """Return the measurement of a model that looked at these columns."""
        return replace(self, identifiers=tuple(sorted(set(holdout.identifiers).intersection(columns))))

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        matrix = {"labels": list(self.labels), "matrix": [list(row) for row in self.matrix]}
        known = {"metrics": dict(self.metrics), "rows": self.rows, "confusion_matrix": matrix}
        return known | {"identifiers": list(self.identifiers)}


def unmeasurable(reason: str) -> Measurement:
    """Return the measurement of a candidate that could not be measured."""
    return Measurement({}, (), (), 0, reason)


def differs(logged: Mapping[str, float], found: Mapping[str, float], tolerance: float) -> str | None:
    """Return the largest difference between logged and found metrics in words, None if it is within ``tolerance``."""
    gaps = {k: abs(logged[k] - found.get(k, math.inf)) for k in logged if k != SECONDS}
    worst = max(gaps, key=lambda k: gaps[k], default="")
    if not worst or gaps[worst] <= tolerance:
        return None
    now = f"measures {found[worst]:.4f}" if worst in found else "cannot be measured"
    return f"its logged {worst} is {logged[worst]:.4f}, but it {now}"


def measure(holdout: Holdout, said: Predictions) -> Measurement:
    """Return the holdout metrics of some predictions; a mismatch becomes a reason, never a number.

    F1, precision and recall come weighted, macro (``f1_score_macro``), of the positive class (``f1_score_binary``) and
    by class (``class_<label>.f1_score``).
    """
    answers = answers_of(holdout, said)
    if isinstance(answers, str):
        return unmeasurable(answers)
    matrix = confusion(answers.truth, answers.said, len(holdout.labels))
    finite = {k: v for k, v in (_metrics(holdout, answers, matrix) | _timed(said)).items() if math.isfinite(v)}
    table = tuple(tuple(int(n) for n in row) for row in matrix)
    return Measurement(finite, holdout.labels, table, len(holdout.truth))


def answers_of(holdout: Holdout, said: Predictions) -> Answers | str:
    """Return predictions in codes of the holdout's labels, or the reason why they do not fit."""
    if len(said.labels) != len(holdout.truth):
        return f"it predicted {len(said.labels)} of {len(holdout.truth)} rows"
    aligned = align(holdout.truth, said.labels, said.classes, holdout.positive)
    if aligned.labels is None:
        return aligned.reason or "its labels do not fit the holdout"
    return _answers(holdout, aligned.labels, said, aligned.classes)


def _answers(holdout: Holdout, labels: Labels, said: Predictions, classes: Sequence[str]) -> Answers:
    """Return truth and answers in codes; probabilities that are not finite or not of all classes are none."""
    known = np.array(holdout.labels)
    truth, codes = (np.searchsorted(known, texts) for texts in (holdout.truth, labels))
    chances, second = said.probabilities, _second(holdout, classes)
    if chances is None or chances.shape != (len(truth), len(classes)) or {*classes} != {*holdout.labels}:
        return Answers(truth, codes, None, second)
    if not np.isfinite(chances).all() or (chances.sum(axis=1) <= 0).any():
        return Answers(truth, codes, None, second)
    ordered = chances.astype(np.float64)[:, [list(classes).index(label) for label in holdout.labels]]
    return Answers(truth, codes, ordered, second)


def _second(holdout: Holdout, classes: Sequence[str]) -> int:
    """Return the code of the positive class of two; without one it is the last of the model's own order."""
    if len(holdout.labels) != 2:
        return 1
    wanted = holdout.positive if holdout.positive is not None else (classes or holdout.labels)[-1]
    return holdout.labels.index(wanted) if wanted in holdout.labels else 1


def _timed(said: Predictions) -> dict[str, float]:
    return {} if said.seconds is None else {SECONDS: said.seconds}


def _metrics(holdout: Holdout, answers: Answers, matrix: npt.NDArray[np.int64]) -> dict[str, float]:
    found = label_metrics(matrix, holdout.labels, holdout.positive, holdout.profits())
    found |= answers.of_probabilities() | scored(holdout.wanted.scorers, *answers.positive_last())
    for part in holdout.wanted.slices:
        found |= {f"{part.key}.{name}": value for name, value in _of_slice(holdout, answers.only(part.rows)).items()}
    return found


def _of_slice(holdout: Holdout, answers: Answers) -> dict[str, float]:
    """Return the metrics of a slice: the primary one, and those that fairness is judged by."""
    primary = holdout.wanted.primary
    matrix = confusion(answers.truth, answers.said, len(holdout.labels))
    found = label_metrics(matrix, holdout.labels, holdout.positive, holdout.profits())
    if primary.startswith(SCORER):
        found |= scored((primary,), *answers.positive_last())
    elif primary not in found:
        found |= answers.of_probabilities()
    usual = {name: found[name] for name in (primary, "accuracy") if name in found}
    return usual | rates(matrix, holdout.labels, holdout.positive)
