"""What is measured, and what was found: the holdout, what a model said of it, and the numbers of that."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from podium.labels import NO_CODES, Codes, Labels
from podium.metrics import OF_NO_ANSWER, gap
from podium.regression import Numbers
from podium.slices import Slice

Task = Literal["classification", "regression"]
"""What is predicted: a label, or a number."""
NO_LABELS: Labels = np.array([], dtype=np.str_)
ROUNDED = 1e-6
"""How far beyond 0 and 1 a probability may lie: single precision."""
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

    ``target`` is the column that holds the truth, ``rows_digest`` the digest of the rows and their target alone,
    whatever is measured on them. ``identifiers`` are
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
    target: str = ""
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

    def asked_by(self, holdout: Holdout, columns: Collection[str], used: Collection[str]) -> "Measurement":
        """Return the measurement of a model that asks for some columns, the truth not among them, and uses some."""
        if self.reason is None and holdout.target in columns:
            return unmeasurable(asks_for_truth(holdout.target))
        return replace(self, identifiers=tuple(sorted(set(holdout.identifiers).intersection(used))))

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


def asks_for_truth(target: str) -> str:
    """Return the reason against a model that wants the column it is to predict."""
    return f"it asks for {target}, the column that it is to predict, which no row has when it is asked"


def are_beyond(probabilities: Probabilities) -> bool:
    """Whether some probabilities lie beyond 0 and 1, by more than rounding."""
    return bool((np.abs(probabilities - 0.5) > 0.5 + ROUNDED).any())


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
