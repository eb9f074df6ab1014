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
from podium.metrics import AVERAGED, metric_key
from podium.names import label_key

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


def differs(logged: Mapping[str, float], found: Mapping[str, float], tolerance: float) -> str | None:
    """Return the largest difference between logged and found metrics in words, None if it is within ``tolerance``."""
    gaps = {k: abs(logged[k] - found.get(k, math.inf)) for k in logged}
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
    if len(said.labels) != len(holdout.truth):
        return unmeasurable(f"it predicted {len(said.labels)} of {len(holdout.truth)} rows")
    aligned = align(holdout.truth, said.labels, said.classes, holdout.positive)
    if aligned.labels is None:
        return unmeasurable(aligned.reason or "its labels do not fit the holdout")
    labels = tuple(sorted(set(holdout.truth.tolist())))
    scores = _label_scores(holdout, aligned.labels, labels)
    scores |= _probability_scores(holdout, said.probabilities, aligned.classes)
    matrix = sk.confusion_matrix(holdout.truth, aligned.labels, labels=list(labels))
    finite = {k: v for k, v in scores.items() if math.isfinite(v)}
    return Measurement(finite, labels, tuple(tuple(int(n) for n in row) for row in matrix), len(holdout.truth))


def _label_scores(holdout: Holdout, predicted: Labels, labels: Sequence[str]) -> dict[str, float]:
    columns = sk.precision_recall_fscore_support(holdout.truth, predicted, labels=list(labels), zero_division=0.0)
    support = columns[3]
    scores = {
        "accuracy": float(sk.accuracy_score(holdout.truth, predicted)),
        "balanced_accuracy": float(sk.balanced_accuracy_score(holdout.truth, predicted)),
        **{f"class_{label_key(label)}.support": float(n) for label, n in zip(labels, support, strict=True)},
    }
    for name, values in zip(AVERAGED, columns, strict=False):
        scores |= _averages(name, values, support) | _by_class(name, values, labels, holdout.positive)
    return scores


def _averages(name: str, values: npt.NDArray[np.float64], support: npt.NDArray[np.int64]) -> dict[str, float]:
    return {name: float(np.average(values, weights=support)), metric_key(name, "macro"): float(values.mean())}


def _by_class(
    name: str, values: npt.NDArray[np.float64], labels: Sequence[str], positive: str | None
) -> dict[str, float]:
    each = {f"class_{label_key(label)}.{name}": float(value) for label, value in zip(labels, values, strict=True)}
    own = (
        {metric_key(name, "binary"): each[f"class_{label_key(positive)}.{name}"]}
        if positive is not None and positive in labels
        else {}
    )
    return each | own


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
