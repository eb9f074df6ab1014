"""The curves of a report: what a model of two classes trades for what, and what its probabilities are worth."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn import metrics as sk

from podium.numbers import BINS, Answers

Points = tuple[tuple[float, float], ...]
MOST_POINTS = 101


@dataclass(frozen=True, slots=True)
class Curves:
    """Points (x, y) from 0 to 1.

    ``roc`` is the true positive rate over the false positive rate, ``precision_recall`` precision over recall,
    ``calibration`` the share of positive rows over their mean probability, bin by bin.
    """

    roc: Points
    precision_recall: Points
    calibration: Points


def curves_of(answers: Answers) -> Curves | None:
    """Return the curves of the class that is looked for, None without probabilities of two classes."""
    truth, _, chances = answers.positive_last()
    if chances is None or chances.shape[1] != 2 or len(np.unique(truth)) < 2:
        return None
    positive, score = truth == 1, chances[:, 1] / chances.sum(axis=1)
    low, high, _ = sk.roc_curve(positive, score)
    precision, recall, _ = sk.precision_recall_curve(positive, score)
    return Curves(_thinned(low, high), _thinned(recall, precision), _calibration(positive, score))


def _thinned(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Points:
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).astype(int))
    return tuple((round(float(x[i]), 4), round(float(y[i]), 4)) for i in kept)


def _calibration(positive: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> Points:
    bins = np.minimum((score * BINS).astype(int), BINS - 1)
    rows = np.bincount(bins, minlength=BINS)
    said, came = (np.bincount(bins, values, minlength=BINS) for values in (score, positive))
    return tuple((float(said[i] / rows[i]), float(came[i] / rows[i])) for i in range(BINS) if rows[i])


def polyline(points: Iterable[tuple[float, float]], side: float = 100) -> str:
    """Return points as those of an SVG polyline in a square of a side, whose y grows downwards."""
    return " ".join(f"{x * side:.2f},{(1 - y) * side:.2f}" for x, y in points)
