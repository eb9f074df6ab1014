"""Made-up classifiers of which the truth is known, for tests of statistics."""

from typing import Any

import numpy as np

from podium.measurement import Predictions

Array = Any


def truth_of(generator: np.random.Generator, rows: int, share: float = 0.3) -> Array:
    """Labels ``no`` and ``yes``, of which a share is ``yes``."""
    return np.where(generator.random(rows) < share, "yes", "no")


def classifier(generator: np.random.Generator, truth: Array, accuracy: float = 0.8) -> Predictions:
    """A classifier that is right on each row with the same probability, whatever else is said of the row."""
    chance = np.where(generator.random(len(truth)) < accuracy, truth == "yes", truth != "yes")
    return of_score(np.where(chance, 0.6, 0.3) + generator.uniform(0, 0.1, len(truth)))


def family(generator: np.random.Generator, truth: Array, lifts: list[float]) -> list[Predictions]:
    """Related classifiers: all see the same noisy signal, and each has noise of its own; a lift sharpens the signal."""
    shared = generator.normal(0, 1, len(truth))
    signal = np.where(truth == "yes", 1.0, 0.0)
    noise = [0.6 * generator.normal(0, 1, len(truth)) for _ in lifts]
    return [
        of_score(1 / (1 + np.exp(-((1.5 + lift) * signal + shared + own - 0.9))))
        for lift, own in zip(lifts, noise, strict=True)
    ]


def of_score(score: Array) -> Predictions:
    """Predictions of probabilities of ``yes``."""
    return Predictions(np.where(score > 0.5, "yes", "no"), ("no", "yes"), np.column_stack([1 - score, score]))


def many_classes(generator: np.random.Generator, truth: Array, classes: tuple[str, ...]) -> Predictions:
    """Predictions of several classes, right more often than not, with their columns in the order given."""
    chances = generator.dirichlet(np.ones(len(classes)), len(truth)) + (truth[:, None] == np.array(classes)) * 0.6
    chances /= chances.sum(axis=1, keepdims=True)
    return Predictions(np.array(classes)[chances.argmax(axis=1)], classes, chances)
