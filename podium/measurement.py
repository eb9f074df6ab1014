"""Measures predictions against the truth: the numbers that Podium decides by.

The metrics are scikit-learn's, https://scikit-learn.org/stable/modules/model_evaluation.html.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import metrics as sk

from podium.labels import Labels, align

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Holdout:
    """The true labels of the holdout, shape (n,), with the name and digest that identify its rows."""

    name: str
    digest: str
    truth: Labels
    positive: str | None

    def as_json(self) -> dict[str, Any]:
        """Return what identifies the rows, JSON-ready."""
        return {"name": self.name, "digest": self.digest, "rows": len(self.truth), "positive_class": self.positive}


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model said of the holdout's rows: labels (n,), and probabilities (n, k) in the order of ``classes``."""

    labels: Labels
    classes: tuple[str, ...] = ()
    probabilities: Probabilities | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """Holdout metrics of one candidate, or the reason why there are none.

    ``matrix[i][j]`` counts rows of true class ``labels[i]`` that were predicted as ``labels[j]``.
    """

    metrics: Mapping[str, float]
    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    rows: int
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        matrix = {"labels": list(self.labels), "matrix": [list(row) for row in self.matrix]}
        return {"metrics": dict(self.metrics), "rows": self.rows, "confusion_matrix": matrix}


def unmeasurable(reason: str) -> Measurement:
    """Return the measurement of a candidate that could not be measured."""
    return Measurement({}, (), (), 0, reason)


def measure(holdout: Holdout, said: Predictions, average: str = "weighted") -> Measurement:
    """Return the holdout metrics of some predictions; a mismatch becomes a reason, never a number.

    ``average`` is one of scikit-learn's ``weighted``, ``macro`` and ``binary`` and applies to F1, precision and recall.
    """
    if len(said.labels) != len(holdout.truth):
        return unmeasurable(f"it predicted {len(said.labels)} of {len(holdout.truth)} rows")
    aligned = align(holdout.truth, said.labels, said.classes, holdout.positive)
    if aligned.labels is None:
        return unmeasurable(aligned.reason or "its labels do not fit the holdout")
    labels = tuple(sorted(set(holdout.truth.tolist())))
    scores = _label_scores(holdout, aligned.labels, average) | _per_class(holdout.truth, aligned.labels, labels)
    scores |= _probability_scores(holdout, said.probabilities, aligned.classes)
    matrix = sk.confusion_matrix(holdout.truth, aligned.labels, labels=list(labels))
    finite = {k: v for k, v in scores.items() if math.isfinite(v)}
    return Measurement(finite, labels, tuple(tuple(int(n) for n in row) for row in matrix), len(holdout.truth))


def _label_scores(holdout: Holdout, predicted: Labels, average: str) -> dict[str, float]:
    options: dict[str, Any] = {"average": average, "zero_division": 0.0}
    if average == "binary":
        options["pos_label"] = holdout.positive
    precision, recall, f1, _ = sk.precision_recall_fscore_support(holdout.truth, predicted, **options)
    return {
        "f1_score": float(f1),
        "precision": float(precision),
        "recall": float(recall),
        "accuracy": float(sk.accuracy_score(holdout.truth, predicted)),
        "balanced_accuracy": float(sk.balanced_accuracy_score(holdout.truth, predicted)),
    }


def _per_class(truth: Labels, predicted: Labels, labels: Sequence[str]) -> dict[str, float]:
    columns = sk.precision_recall_fscore_support(truth, predicted, labels=list(labels), zero_division=0.0)
    names = ("precision", "recall", "f1_score", "support")
    return {
        f"class_{label}.{name}": float(values[i])
        for i, label in enumerate(labels)
        for name, values in zip(names, columns, strict=True)
    }


def _probability_scores(
    holdout: Holdout, probabilities: Probabilities | None, classes: Sequence[str]
) -> dict[str, float]:
    """Return ROC AUC and average precision: of the positive class, or weighted one-against-rest without one."""
    if probabilities is None or probabilities.shape != (len(holdout.truth), len(classes)):
        return {}
    if not np.isfinite(probabilities).all() or set(classes) != set(holdout.truth.tolist()):
        return {}
    if holdout.positive in classes and len(classes) == 2:
        score = probabilities[:, list(classes).index(holdout.positive or "")]
        return _ranking_scores(holdout.truth == holdout.positive, score)
    if len(classes) == 2:
        return _ranking_scores(holdout.truth == classes[1], probabilities[:, 1])
    order = np.argsort(np.array(classes))
    score = probabilities[:, order] / probabilities.sum(axis=1, keepdims=True)
    options: dict[str, Any] = {"multi_class": "ovr", "average": "weighted", "labels": sorted(classes)}
    return {"roc_auc": float(sk.roc_auc_score(holdout.truth, score, **options))}


def _ranking_scores(positive: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> dict[str, float]:
    return {
        "roc_auc": float(sk.roc_auc_score(positive, score)),
        "average_precision": float(sk.average_precision_score(positive, score)),
    }
