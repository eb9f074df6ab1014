"""Which metrics can be resampled, and the panel of models that scores each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from podium.goals import NotScorableError
from podium.labels import Labels
from podium.measurement import Predictions, are_beyond
from podium.metrics import AVERAGED, PROFIT, SCORER, metric_key
from podium.numbers import Answers, brier_scores, log_losses
from podium.paired_tests import DeLong, McNemar, delong, mcnemar
from podium.panels import Codes, OfLabels, OfMeans, OfRanks, Panel, Score, Scores, Whole, accuracy, averaged, matthews
from podium.ranks import average_precision, one_against_rest, roc_auc
from podium.scorers import scored

OF_LABELS = {metric_key(base, a): (base, a) for base in AVERAGED for a in ("weighted", "macro", "binary")} | {
    "accuracy": ("accuracy", ""),
    "balanced_accuracy": ("recall", "macro"),
    "matthews_corrcoef": ("matthews_corrcoef", ""),
}
LOSSES = frozenset({"log_loss", "brier_score"})
"""Means over the rows of which less is better."""
OF_PROBABILITIES = frozenset({"roc_auc", "average_precision", *LOSSES})
KNOWN = tuple(sorted({*OF_LABELS, *OF_PROBABILITIES, PROFIT}))
"""Every metric that can be resampled, beside scikit-learn's scorers."""
MOST_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """What predictions are scored against: a metric, and the truth as codes (n,) into the sorted ``classes``.

    The rows stand in the order of their true classes: ``order`` (n,) is where each was. ``profit[i, j]`` is what a row
    of true class i earns when it is predicted as j, in any unit.
    """

    metric: str
    truth: Codes
    classes: tuple[str, ...]
    positive: str | None
    order: npt.NDArray[np.int64]
    profit: npt.NDArray[np.float64] | None = None

    @property
    def of_labels(self) -> bool:
        """Whether the metric looks at the labels alone, and at no probability."""
        return self.metric in OF_LABELS or self.metric == PROFIT

    @property
    def is_scorer(self) -> bool:
        """Whether it is one of scikit-learn's scorers, which may look at anything."""
        return self.metric.startswith(SCORER)

    @property
    def sign(self) -> int:
        """Return -1 for a metric of which less is better, else 1."""
        return -1 if self.metric in LOSSES else 1

    @property
    def wanted(self) -> int | None:
        """The code of the positive class, None without one."""
        return self.classes.index(self.positive) if self.positive in self.classes else None

    @property
    def rarest(self) -> tuple[str, int] | None:
        """The rarest class that the metric cannot do without, with its rows; None if it only counts by its share."""
        counts = np.bincount(self.truth, minlength=len(self.classes)).tolist()
        if self.metric.endswith("_binary") and self.wanted is not None:
            return self.classes[self.wanted], counts[self.wanted]
        if len(counts) > 2 and not self.metric.endswith("_macro") and self.metric != "balanced_accuracy":
            return None
        fewest = min(range(len(counts)), key=lambda c: counts[c])
        return self.classes[fewest], counts[fewest]

    @property
    def effective_rows(self) -> int:
        """How many rows carry the score: those of the rarest class that it cannot do without, else all."""
        return self.rarest[1] if self.rarest else len(self.truth)

    def check(self, said: Predictions) -> None:
        """Raise NotScorableError if some predictions do not fit the truth or lack what the metric needs."""
        check(self, said)

    def panel(self, models: Sequence[Predictions]) -> Panel:
        """Return the panel that scores some predictions; raises NotScorableError for those that cannot be."""
        return panel(self, models)

    def differing(self, one: Predictions, other: Predictions) -> int:
        """Return on how many rows two models do not say the same, in what the metric looks at."""
        unlike = one.labels != other.labels
        if self.of_labels or not (fits(self, one) and fits(self, other)):
            return int(np.sum(unlike))
        chances = (probabilities(self, one) != probabilities(self, other)).any(axis=1)
        return int(np.sum(unlike[self.order] | chances))

    def opinions(
        self, champion: Predictions, challenger: Predictions, confidence: float
    ) -> tuple[McNemar | None, DeLong | None]:
        """Return McNemar's test, and DeLong's where both give probabilities of two classes."""
        truth = np.array(self.classes)[self.truth]
        right = [said.labels[self.order] == truth for said in (champion, challenger)]
        decided = mcnemar(right[0], right[1], confidence)
        if len(self.classes) != 2 or not (fits(self, champion) and fits(self, challenger)):
            return decided, None
        wanted = 1 if self.wanted is None else self.wanted
        theirs, ours = (probabilities(self, said)[:, wanted] for said in (champion, challenger))
        return decided, delong(self.truth == wanted, theirs, ours, confidence)


def target(metric: str, truth: Labels, positive: str | None, profit: Any = None) -> Target:
    """Return what predictions are scored against; raises NotScorableError for a metric that cannot be computed."""
    if metric not in KNOWN and not metric.startswith(SCORER):
        raise NotScorableError(f"metric {metric} is not known; known are {', '.join(KNOWN)}")
    classes, codes = np.unique(truth, return_inverse=True)
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise NotScorableError(f"the holdout has {len(classes)} classes; a comparison needs 2 to {MOST_CLASSES}")
    order = np.argsort(codes, kind="stable")
    matrix = _profit(profit, len(classes)) if metric == PROFIT else None
    found = Target(metric, codes[order].astype(np.int16), tuple(classes.tolist()), positive, order, matrix)
    if metric.endswith("_binary") and found.wanted is None:
        raise NotScorableError(f"{metric} needs a positive class; {positive} is not among the holdout's labels")
    return found


def _profit(profit: Any, classes: int) -> npt.NDArray[np.float64]:
    matrix = np.asarray(profit, dtype=np.float64)
    if matrix.shape != (classes, classes) or not np.isfinite(matrix).all():
        raise NotScorableError(f"{PROFIT} needs a matrix of {classes} by {classes} finite numbers")
    return matrix


def check(goal: Target, said: Predictions) -> None:
    """Raise NotScorableError if some predictions do not fit the truth or lack what the metric needs."""
    if said.numbers is not None:
        raise NotScorableError("it predicts numbers, and not labels")
    if len(said.labels) != len(goal.truth):
        raise NotScorableError(f"it predicted {len(said.labels)} of {len(goal.truth)} rows")
    strange = sorted(set(np.unique(said.labels).tolist()) - set(goal.classes))
    if strange:
        raise NotScorableError(f"it predicts {', '.join(strange[:3])}; the labels are {', '.join(goal.classes[:5])}")
    if not goal.of_labels and not goal.is_scorer:
        _check_probabilities(goal, said)


def _check_probabilities(goal: Target, said: Predictions) -> None:
    if said.probabilities is None:
        raise NotScorableError(f"{goal.metric} needs probabilities, and it has none")
    if not fits(goal, said):
        raise NotScorableError(
            f"its probabilities {said.probabilities.shape} do not fit the holdout's rows and classes"
        )
    if not np.isfinite(said.probabilities).all():
        raise NotScorableError("some of its probabilities are not finite")
    if are_beyond(said.probabilities) or (said.probabilities.sum(axis=1) <= 0).any():
        raise NotScorableError("some of its probabilities are not between 0 and 1, or all 0 for a row")
    if goal.metric == "average_precision" and len(goal.classes) > 2:
        raise NotScorableError("average_precision needs two classes")


def fits(goal: Target, said: Predictions) -> bool:
    """Whether the predictions carry probabilities of each row and each class."""
    shape = (len(goal.truth), len(goal.classes))
    return said.probabilities is not None and said.probabilities.shape == shape and {*said.classes} == {*goal.classes}


def panel(goal: Target, models: Sequence[Predictions]) -> Panel:
    """Return the panel that scores some predictions; raises NotScorableError for those that cannot be."""
    for said in models:
        check(goal, said)
    if goal.of_labels:
        return label_panel(goal, np.stack([label_codes(goal, said) for said in models]))
    if goal.metric in LOSSES:
        losses = log_losses if goal.metric == "log_loss" else brier_scores
        return OfMeans(np.stack([losses(goal.truth, shares(goal, said)) for said in models], axis=1))
    return OfRanks(tuple(_ranker(goal, said) for said in models))


def label_codes(goal: Target, said: Predictions) -> Codes:
    """Return the predicted labels as codes into the classes, in the order of the target's rows."""
    codes: Codes = np.searchsorted(np.array(goal.classes), said.labels[goal.order]).astype(np.int16)
    return codes


def label_panel(goal: Target, said: Codes) -> Panel:
    """Return the panel of models that say some codes (models, n)."""
    if goal.profit is not None:
        return OfMeans(goal.profit[goal.truth, said].T)
    base, average = OF_LABELS[goal.metric]
    edges = np.searchsorted(goal.truth, np.arange(len(goal.classes) + 1))
    plain = {"accuracy": accuracy, "matthews_corrcoef": matthews}
    value = plain.get(base) or averaged(base, average, goal.wanted if average == "binary" else None)
    return OfLabels(said, edges, value)


def probabilities(goal: Target, said: Predictions) -> npt.NDArray[np.float64]:
    """Return the probabilities (n, k) in the order of the target's rows and classes."""
    given = np.asarray(said.probabilities, dtype=np.float64)
    return given[goal.order][:, [said.classes.index(c) for c in goal.classes]]


def shares(goal: Target, said: Predictions) -> npt.NDArray[np.float64]:
    """Return the probabilities as shares of one."""
    chances = probabilities(goal, said)
    total: npt.NDArray[np.float64] = chances.sum(axis=1, keepdims=True)
    return chances / total


def _scorer(goal: Target, said: Predictions) -> Score:
    """Return the function that asks a scorer about each resample, row by row: slow, and right for any scorer."""
    chances = probabilities(goal, said) if fits(goal, said) else None
    second = goal.wanted if goal.wanted is not None and len(goal.classes) == 2 else 1
    answers = Answers(goal.truth, label_codes(goal, said), chances, second)

    def score(weights: Whole) -> Scores:
        drawn = (answers.only(np.repeat(np.arange(len(goal.truth)), w)).positive_last() for w in weights)
        return np.array([scored((goal.metric,), *rows).get(goal.metric, np.nan) for rows in drawn])

    return score


def _ranker(goal: Target, said: Predictions) -> Score:
    if goal.is_scorer:
        return _scorer(goal, said)
    chances = probabilities(goal, said)
    if len(goal.classes) > 2:
        return one_against_rest(goal.truth, shares(goal, said))
    # Without a positive class it is the second of the model's own order, as where it is measured.
    wanted = goal.classes.index(said.classes[1]) if goal.wanted is None else goal.wanted
    rank = roc_auc if goal.metric == "roc_auc" else average_precision
    return rank(goal.truth == wanted, chances[:, wanted])
