"""The curves of a report: what a classifier trades for what, and how far predicted numbers are off."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from podium.numbers import BINS, Answers

Points = tuple[tuple[float, float], ...]
MOST_POINTS = 101
MOST_DOTS = 400


@dataclass(frozen=True, slots=True)
class Curves:
    """Points (x, y) from 0 to 1.

    ``roc`` is the true positive rate over the false positive rate, ``precision_recall`` precision over recall,
    ``calibration`` the share of positive rows over their mean probability, bin by bin. Of more than two classes each
    row counts once for each class against the rest (the micro average), and ``classes`` says how many.
    """

    roc: Points
    precision_recall: Points
    calibration: Points
    classes: int = 2


def curves_of(answers: Answers) -> Curves | None:
    """Return the curves of the class that is looked for, of more than two classes their micro average.

    None without probabilities, and where all rows are of one class.
    """
    truth, _, chances = answers.positive_last()
    if chances is None or len(np.unique(truth)) < 2:
        return None
    classes = chances.shape[1]
    shares = chances / chances.sum(axis=1, keepdims=True)
    looked_for = [1] if classes == 2 else list(range(classes))
    positive, score = (truth[:, None] == looked_for).ravel(), shares[:, looked_for].ravel()
    # A second of imports, for reports alone.
    from sklearn import metrics as sk

    low, high, _ = sk.roc_curve(positive, score)
    precision, recall, _ = sk.precision_recall_curve(positive, score)
    return Curves(_thinned(low, high), _thinned(recall, precision), _calibration(positive, score), classes)


def evenly(total: int, most: int) -> list[int]:
    """Return the places of at most so many of some things, evenly spread, the first and the last among them."""
    places: list[int] = np.unique(np.linspace(0, total - 1, min(total, most)).astype(int)).tolist()
    return places


def _thinned(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Points:
    kept = evenly(len(x), MOST_POINTS)
    return tuple((round(float(x[i]), 4), round(float(y[i]), 4)) for i in kept)


def _calibration(positive: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> Points:
    bins = np.minimum((score * BINS).astype(int), BINS - 1)
    rows = np.bincount(bins, minlength=BINS)
    said, came = (np.bincount(bins, values, minlength=BINS) for values in (score, positive))
    return tuple((float(said[i] / rows[i]), float(came[i] / rows[i])) for i in range(BINS) if rows[i])


def polyline(points: Iterable[tuple[float, float]], side: float = 100) -> str:
    """Return points as those of an SVG polyline in a square of a side, whose y grows downwards."""
    return " ".join(f"{x * side:.2f},{(1 - y) * side:.2f}" for x, y in points)


def scattered(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Points:
    """Return some of the points, spread over all of them in the order of x."""
    order = np.argsort(x, kind="stable")
    kept = order[evenly(len(x), MOST_DOTS)]
    return tuple((float(x[i]), float(y[i])) for i in kept)


@dataclass(frozen=True, slots=True)
class Residuals:
    """Points (x, y) in the unit of the target: what was predicted over what is true, and its error over it."""

    predicted: Points
    residuals: Points


def residuals_of(truth: npt.NDArray[np.float64], said: npt.NDArray[np.float64]) -> Residuals:
    """Return the drawings of predicted numbers (n,), for some of the rows."""
    return Residuals(scattered(truth, said), scattered(said, said - truth))


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the plane that a drawing shows."""

    left: float
    right: float
    low: float
    high: float

    def placed(self, points: Points) -> Points:
        """Return points as shares of the frame, from 0 to 1."""
        wide, tall = (self.right - self.left) or 1.0, (self.high - self.low) or 1.0
        return tuple(((x - self.left) / wide, (y - self.low) / tall) for x, y in points)


def frame_of(many: Iterable[Points], square: bool) -> Frame:
    """Return the smallest frame around some points; a square one shows the same numbers on both axes."""
    x, y = zip(*(point for points in many for point in points), strict=True)
    if square:
        low, high = min(*x, *y), max(*x, *y)
        return Frame(low, high, low, high)
    reach = max(abs(value) for value in y)
    return Frame(min(x), max(x), -reach, reach)


def dots(points: Points, side: float = 100) -> str:
    """Return points as an SVG path of strokes without length, which round ends make dots."""
    return "".join(f"M{x * side:.1f} {(1 - y) * side:.1f}h0" for x, y in points)
