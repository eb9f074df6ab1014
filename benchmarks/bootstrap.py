"""A paired bootstrap of F1 against the loop over ``sklearn.metrics.f1_score``, on the same rows in one process.

The loop draws rows and scores both models on them, which gives the same interval. It is run for a few resamples and
scaled to as many as the other side has; each resample costs it the same.
"""

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from benchmarks.table import Comparison, show
from podium.bootstrap import paired_bootstrap
from podium.measurement import Predictions
from podium.scores import target
from podium.shown import Asked
from podium.superiority import show_better

ROWS = 100_000
RESAMPLES = 1000
LOOPED = 10
ROUNDS = 3
MANY = 50
Labels = npt.NDArray[np.str_]


def labels(rows: int, models: int) -> tuple[Labels, list[Labels]]:
    """Return true labels (rows,) of which a quarter are 1, and those of models that are right on about four in five."""
    generator = np.random.default_rng(0)
    truth = generator.random(rows) < 0.25
    said = [np.where(generator.random(rows) < 0.8, truth, ~truth) for _ in range(models)]
    return truth.astype(int).astype(np.str_), [one.astype(int).astype(np.str_) for one in said]


def loop(truth: npt.NDArray[np.int64], champion: npt.NDArray[np.int64], challenger: npt.NDArray[np.int64]) -> None:
    """Draw rows and score both models on them, a few times; whole numbers, which scikit-learn is quickest with."""
    generator = np.random.default_rng(0)
    differences = []
    for _ in range(LOOPED):
        rows = generator.integers(0, len(truth), len(truth))
        scores = [f1_score(truth[rows], said[rows], average="weighted") for said in (challenger, champion)]
        differences.append(scores[0] - scores[1])
    np.quantile(differences, [0.025, 0.975])


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare_pair() -> Comparison:
    """Compare 1,000 resamples of one challenger, in turn."""
    truth, (champion, challenger) = labels(ROWS, 2)
    pair, whole = (
        (Predictions(champion), Predictions(challenger)),
        [a.astype(int) for a in (truth, champion, challenger)],
    )

    def ours() -> None:
        goal = target("f1_score", truth, "1")
        paired_bootstrap(goal, *pair, confidence=0.95, resamples=RESAMPLES, seed=0)

    rounds = [(seconds(ours), seconds(lambda: loop(*whole)) * RESAMPLES / LOOPED) for _ in range(ROUNDS)]
    a, b = zip(*rounds, strict=True)
    return Comparison("F1, 100,000 rows: 1,000 resamples / loop, scaled", a, b, goal=0.1, at_most=True)


def compare_many() -> Comparison:
    """Compare the whole decision on 50 challengers, which draws row by row, with 50 such loops."""
    truth, (champion, *others) = labels(ROWS, MANY + 1)
    whole = [a.astype(int) for a in (truth, champion, others[0])]
    challengers = {f"m{i}": Predictions(said) for i, said in enumerate(others)}
    asked = Asked(resamples=RESAMPLES)
    ours = seconds(lambda: show_better(truth, Predictions(champion), challengers, "f1_score", "1", asked))
    looped = seconds(lambda: loop(*whole)) * RESAMPLES / LOOPED * MANY
    return Comparison("the decision on 50 challengers / 50 loops, scaled", [ours], [looped], goal=0.1, at_most=True)


def main() -> None:
    """Compare and print the figures."""
    show([compare_pair(), compare_many()])


if __name__ == "__main__":
    main()
