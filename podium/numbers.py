"""The metrics of some predictions, from counts and probabilities: definitions as scikit-learn has them.

Everything about labels follows from the confusion matrix, whose size does not grow with the rows; scikit-learn's own
functions check and read every row anew for each metric, which was a tenth of a migration. Tests hold the two against
each other.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from podium.labels import Codes
from podium.metrics import AVERAGED, PROFIT, metric_key
from podium.names import label_key
from podium.ranks import one_against_rest, ranked_once

Matrix = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
BINS = 10
"""Bins of the calibration error."""
SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Answers:
    """Truth and answers (n,) as codes of the classes, and probabilities (n, k) in their order.

    ``second`` is the class, of two, that is looked for; of more it is 1.
    """

    truth: Codes
    said: Codes
    chances: Values | None
    second: int = 1

    def only(self, rows: Matrix) -> "Answers":
        """Return the answers to some rows."""
        chances = None if self.chances is None else self.chances[rows]
        return Answers(self.truth[rows], self.said[rows], chances, self.second)

    def positive_last(self) -> tuple[Codes, Codes, Values | None]:
        """Return truth, answers and probabilities; of two classes the one that is looked for has the code 1."""
        if self.second == 1:
            return self.truth, self.said, self.chances
        return 1 - self.truth, 1 - self.said, None if self.chances is None else self.chances[:, ::-1]

    def of_probabilities(self) -> dict[str, float]:
        """Return the metrics of probabilities, none without them or where all rows are of one class."""
        truth, _, chances = self.positive_last()
        if chances is None or len(np.unique(truth)) < 2:
            return {}
        return probability_metrics(truth, chances / chances.sum(axis=1, keepdims=True)) | _ranking(truth, chances)


def confusion(truth: Codes, said: Codes, classes: int) -> Matrix:
    """Return how often each true class (rows) was called each class (columns), shape (classes, classes)."""
    flat = truth.astype(np.int64) * classes + said
    return np.bincount(flat, minlength=classes * classes).reshape(classes, classes)


def label_metrics(
    matrix: Matrix, labels: Sequence[str], positive: str | None, profit: Values | None = None
) -> dict[str, float]:
    """Return the metrics of labels; a class that no row has is left out of every average.

    F1, precision and recall come weighted, macro, of the positive class, and by class.
    """
    support, rows = matrix.sum(axis=1), int(matrix.sum())
    there, each = support > 0, by_class(matrix)
    found = {
        "accuracy": float(matrix.trace() / rows),
        "balanced_accuracy": float(each["recall"][there].mean()),
        "matthews_corrcoef": _matthews(matrix),
        **_averages(each, support, there),
        **_of_each(each, support, labels),
        **_of_positive(each, labels, positive),
    }
    return found | ({PROFIT: float((matrix * profit).sum() / rows)} if profit is not None else {})


def by_class(matrix: Matrix) -> dict[str, Values]:
    """Return precision, recall and F1 (classes,) of a confusion matrix; 0 where there is nothing to divide by."""
    hits, support, called = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    return {
        "precision": _ratio(hits, called),
        "recall": _ratio(hits, support),
        "f1_score": _ratio(2 * hits, support + called),
    }


def _ratio(above: Matrix, below: Matrix) -> Values:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)


def _averages(each: Mapping[str, Values], support: Matrix, there: npt.NDArray[np.bool_]) -> dict[str, float]:
    weighted = {name: float(np.average(each[name], weights=support)) for name in AVERAGED}
    return weighted | {metric_key(name, "macro"): float(each[name][there].mean()) for name in AVERAGED}


def _of_each(each: Mapping[str, Values], support: Matrix, labels: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for i, label in enumerate(labels):
        name = f"class_{label_key(label)}"
        found |= {f"{name}.{metric}": float(each[metric][i]) for metric in AVERAGED}
        found[f"{name}.support"] = float(support[i])
    return found


def _of_positive(each: Mapping[str, Values], labels: Sequence[str], positive: str | None) -> dict[str, float]:
    if positive is None or positive not in labels:
        return {}
    return {metric_key(name, "binary"): float(each[name][list(labels).index(positive)]) for name in AVERAGED}


def rates(matrix: Matrix, labels: Sequence[str], positive: str | None) -> dict[str, float]:
    """Return how often the positive class is said: of all rows, of those that are positive, of those that are not."""
    if positive is None or positive not in labels:
        return {}
    i, rows = list(labels).index(positive), matrix.sum()
    hits, called, support = matrix[i, i], matrix[:, i].sum(), matrix[i].sum()
    found = {"selection_rate": (called, rows), "true_positive_rate": (hits, support)}
    found["false_positive_rate"] = (called - hits, rows - support)
    return {name: float(above / below) for name, (above, below) in found.items() if below}


def _matthews(matrix: Matrix) -> float:
    """Return Matthews' correlation for any number of classes (Gorodkin, 2004); 0 if all rows are or are called one."""
    support, called, rows = (a.astype(np.float64) for a in (matrix.sum(axis=1), matrix.sum(axis=0), matrix.sum()))
    below = math.sqrt((rows**2 - (called**2).sum()) * (rows**2 - (support**2).sum()))
    return float((matrix.trace() * rows - (support * called).sum()) / below) if below else 0.0


def probability_metrics(truth: Codes, chances: Values) -> dict[str, float]:
    """Return the losses of probabilities (n, k), and how well they are calibrated."""
    return {
        "log_loss": float(log_losses(truth, chances).mean()),
        "brier_score": float(brier_scores(truth, chances).mean()),
        "calibration_error": calibration_error(truth, chances),
    }


def _ranking(truth: Codes, chances: Values) -> dict[str, float]:
    """Return ROC AUC and average precision of the second class; of more than two, AUC weighted one against rest."""
    if chances.shape[1] == 2:
        return ranked_once(chances[truth != 1, 1], chances[truth == 1, 1])
    if len(np.unique(truth)) < chances.shape[1]:
        return {}
    shares = chances / chances.sum(axis=1, keepdims=True)
    once = np.ones((1, len(truth)), np.uint8)
    return {"roc_auc": float(one_against_rest(truth.astype(np.int16), shares)(once)[0])}


def log_losses(truth: Codes, chances: Values) -> Values:
    """Return minus the logarithm of each true class's probability, which is clipped as scikit-learn does."""
    own: Values = chances[np.arange(len(truth)), truth]
    return -np.log(np.clip(own, SMALLEST, 1 - SMALLEST))


def brier_scores(truth: Codes, chances: Values) -> Values:
    """Return each row's squared error over the classes (Brier, 1950), halved for two classes as scikit-learn does."""
    squares = (chances - np.eye(chances.shape[1])[truth]) ** 2
    total: Values = squares.sum(axis=1)
    return total / (2 if chances.shape[1] == 2 else 1)


def calibration_error(truth: Codes, chances: Values) -> float:
    """Return by how much probabilities and frequencies differ, on average over the rows, in ten bins of equal width.

    Of two classes it is the probability of the second (Naeini, Cooper and Hauskrecht, AAAI 2015); of more that of the
    class with the highest (Guo et al., ICML 2017).
    """
    two = chances.shape[1] == 2
    said = chances[:, 1] if two else chances.max(axis=1)
    came = (truth == 1) if two else (truth == chances.argmax(axis=1))
    bins = np.minimum((said * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(bins, came - said, minlength=BINS)
    return float(np.abs(gaps).sum() / len(truth))
