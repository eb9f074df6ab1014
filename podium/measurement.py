"""Measures predictions against the truth: the numbers that Podium decides by.

The metrics are those of https://scikit-learn.org/stable/modules/model_evaluation.html.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from podium.labels import NO_CODES, Codes, Labels, align
from podium.metrics import OF_NO_ANSWER, SCORER, SECONDS, gap
from podium.numbers import Answers, confusion, label_metrics, rates
from podium.regression import Numbers, as_numbers, number_metrics
from podium.scorers import scored, scored_numbers
from podium.slices import Slice

Task = Literal["classification", "regression"]
"""What is predicted: a label, or a number."""
NO_LABELS: Labels = np.array([], dtype=np.str_)
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
    """The true labels or numbers of the holdout, shape (n,), with the name and digest of what is measured on them.

    ``rows_digest`` is that of the rows and their target alone, whatever is measured on them. ``identifiers`` are
    columns that tell rows apart, which no model should have learned from. ``labels`` are the classes in the order of
    their codes, and ``codes`` (n,) is the truth in these; of numbers there are none.
    """

    name: str
    digest: str
    truth: npt.NDArray[Any]
    positive: str | None
    wanted: Wanted = Wanted()
    identifiers: tuple[str, ...] = ()
    task: Task = "classification"
    rows_digest: str = ""
    labels: tuple[str, ...] = field(init=False, default=())
    codes: Codes = field(init=False, default_factory=lambda: NO_CODES)

    def __post_init__(self) -> None:
        """Sort the labels once: every candidate is measured by them."""
        if self.task == "classification":
            known, codes = np.unique(self.truth, return_inverse=True)
            object.__setattr__(self, "labels", tuple(known.tolist()))
            object.__setattr__(self, "codes", codes)

    def profits(self) -> npt.NDArray[np.float64] | None:
        """Return what each true class (rows) earns by the class it is called (columns); None if nobody said."""
        if self.wanted.profit is None:
            return None
        given = self.wanted.profit
        return np.array([[given.get(true, {}).get(said, 0.0) for said in self.labels] for true in self.labels])

    def as_json(self) -> dict[str, Any]:
        """Return what identifies the rows, JSON-ready."""
        told = {"name": self.name, "digest": self.digest, "rows": len(self.truth), "positive_class": self.positive}
        told |= {"rows_digest": self.rows_digest} if self.rows_digest else {}
        return told if self.task == "classification" else {**told, "task": self.task}


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model said of the holdout's rows: labels (n,), and probabilities (n, k) in the order of ``classes``.

    A regressor says ``numbers`` (n,), and no labels. ``seconds`` is how long it took to say it.
    """

    labels: Labels
    classes: tuple[str, ...] = ()
    probabilities: Probabilities | None = None
    seconds: float | None = None
    numbers: Numbers | None = None

    @property
    def count(self) -> int:
        """How many rows something was said of."""
        return len(self.labels if self.numbers is None else self.numbers)

    def only(self, rows: npt.NDArray[np.bool_]) -> "Predictions":
        """Return what was said of some of the rows, which are marked in a mask (n,)."""
        some = [None if values is None else values[rows] for values in (self.probabilities, self.numbers)]
        labels = self.labels if self.numbers is not None else self.labels[rows]
        return Predictions(labels, self.classes, some[0], self.seconds, some[1])


@dataclass(frozen=True, slots=True)
class Measurement:
    """Holdout metrics of one candidate, or the reason why there are none.

    ``matrix[i][j]`` counts rows of true class ``labels[i]`` that were predicted as ``labels[j]``; ``identifiers`` are
    columns it was asked by that tell the rows apart. ``files`` are the sha256 over its files, in hex, and their bytes.
    """

    metrics: Mapping[str, float]
    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    rows: int
    reason: str | None = None
    identifiers: tuple[str, ...] = ()
    files: tuple[str, int] | None = None

    def asked_by(self, holdout: Holdout, columns: Iterable[str]) -> "Measurement":
        """Return the measurement of a model that looked at these columns."""
        return replace(self, identifiers=tuple(sorted(set(holdout.identifiers).intersection(columns))))

    def with_metrics(self, further: Mapping[str, float]) -> "Measurement":
        """Return the measurement with metrics that do not follow from the answers."""
        return replace(self, metrics={**self.metrics, **further}) if further else self

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        known = {"metrics": dict(self.metrics), "rows": self.rows, "confusion_matrix": self.confusion_matrix}
        return known | {"identifiers": list(self.identifiers)}

    @property
    def confusion_matrix(self) -> dict[str, Any] | None:
        """The confusion matrix, JSON-ready; None of predicted numbers."""
        return {"labels": list(self.labels), "matrix": [list(row) for row in self.matrix]} if self.labels else None


def unmeasurable(reason: str) -> Measurement:
    """Return the measurement of a candidate that could not be measured."""
    return Measurement({}, (), (), 0, reason)


def differs(logged: Mapping[str, float], found: Mapping[str, float], tolerance: float) -> str | None:
    """Return the largest difference between logged and found metrics in words, None if it is within ``tolerance``."""
    gaps = {k: gap(logged[k], found.get(k, math.inf)) for k in logged if k not in OF_NO_ANSWER}
    worst = max(gaps, key=lambda k: gaps[k], default="")
    if not worst or gaps[worst] <= tolerance:
        return None
    now = f"measures {found[worst]:.4f}" if worst in found else "cannot be measured"
    return f"its logged {worst} is {logged[worst]:.4f}, but it {now}"


def measure(holdout: Holdout, said: Predictions) -> Measurement:
    """Return the holdout metrics of some predictions; a mismatch becomes a reason, never a number."""
    return MEASURES[holdout.task](holdout, said)


def _of_labels(holdout: Holdout, said: Predictions) -> Measurement:
    """Return the metrics of predicted labels and their probabilities.

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


def _of_numbers(holdout: Holdout, said: Predictions) -> Measurement:
    """Return the metrics of predicted numbers."""
    numbers = numbers_of(holdout, said)
    if isinstance(numbers, str):
        return unmeasurable(numbers)
    found = _metrics_of_numbers(holdout, numbers) | _timed(said)
    finite = {name: value for name, value in found.items() if math.isfinite(value)}
    return Measurement(finite, (), (), len(holdout.truth))


def numbers_of(holdout: Holdout, said: Predictions) -> Numbers | str:
    """Return predicted numbers, or the reason why they do not fit."""
    if said.numbers is None:
        return "it predicts labels; holdout.task is regression"
    if len(said.numbers) != len(holdout.truth):
        return f"it predicted {len(said.numbers)} of {len(holdout.truth)} rows"
    numbers = as_numbers(said.numbers)
    return "some of its predictions are no finite numbers" if numbers is None else numbers


def _metrics_of_numbers(holdout: Holdout, said: Numbers) -> dict[str, float]:
    truth, primary = holdout.truth, holdout.wanted.primary
    found = number_metrics(truth, said) | scored_numbers(holdout.wanted.scorers, truth, said)
    for part in holdout.wanted.slices:
        rows = truth[part.rows], said[part.rows]
        own = scored_numbers((primary,), *rows) if primary.startswith(SCORER) else number_metrics(*rows)
        found |= {f"{part.key}.{primary}": own[primary]} if primary in own else {}
    return found


MEASURES: dict[Task, Callable[[Holdout, Predictions], Measurement]] = {
    "classification": _of_labels,
    "regression": _of_numbers,
}
"""How each task is measured."""


def answers_of(holdout: Holdout, said: Predictions) -> Answers | str:
    """Return predictions in codes of the holdout's labels, or the reason why they do not fit."""
    if said.numbers is not None:
        return "it predicts numbers; holdout.task is classification"
    if len(said.labels) != len(holdout.truth):
        return f"it predicted {len(said.labels)} of {len(holdout.truth)} rows"
    aligned = align(holdout.labels, said.labels, said.classes, holdout.positive)
    if aligned.labels is None:
        return aligned.reason or "its labels do not fit the holdout"
    return _answers(holdout, aligned.codes, said, aligned.classes)


def spelled(holdout: Holdout, said: Predictions) -> Predictions:
    """Return predictions in the holdout's spelling of its labels; numbers, and labels that do not fit, stay."""
    if said.numbers is not None:
        return said
    aligned = align(holdout.labels, said.labels, said.classes, holdout.positive)
    return said if aligned.labels is None else Predictions(aligned.labels, aligned.classes, said.probabilities)


def _answers(holdout: Holdout, codes: Codes, said: Predictions, classes: Sequence[str]) -> Answers:
    """Return truth and answers in codes; probabilities that are not finite or not of all classes are none."""
    truth, chances, second = holdout.codes, said.probabilities, _second(holdout, classes)
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
