"""What a metric is called: its base, the split it was measured on, and its average, none of which may be mixed up.

Everybody names them in another way; the tables below are all that is known of names. A new one takes a new word there.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

AVERAGED = ("precision", "recall", "f1_score")
"""Metrics that need an average over the classes."""
BASES = {
    "accuracy": ("accuracy", "acc"),
    "balanced_accuracy": ("balanced_accuracy", "balanced_acc"),
    "precision": ("precision",),
    "recall": ("recall", "sensitivity", "tpr"),
    "specificity": ("specificity", "tnr"),
    "f1_score": ("f1", "fscore", "f_score", "f1score", "f_measure"),
    "roc_auc": ("roc_auc", "auc", "auc_roc", "rocauc", "auroc", "roc"),
    "average_precision": (
        "average_precision",
        "avg_precision",
        "pr_auc",
        "auc_pr",
        "prauc",
        "auprc",
        "precision_recall_auc",
    ),
    "log_loss": ("log_loss", "logloss"),
    "brier_score": ("brier", "brier_loss"),
    "calibration_error": ("ece", "calibration_error", "expected_calibration_error"),
    "matthews_corrcoef": ("mcc", "matthews_corrcoef", "matthews"),
    "rmse": ("rmse", "root_mean_squared_error", "root_mean_square_error"),
    "mse": ("mse", "mean_squared_error", "mean_square_error"),
    "mae": ("mae", "mean_absolute_error"),
    "r2": ("r2", "r2_score", "r_squared", "rsquared", "coefficient_of_determination"),
    "median_absolute_error": ("median_absolute_error", "medae", "median_ae"),
    "mape": ("mape", "mean_absolute_percentage_error"),
    "max_error": ("max_error",),
}
SPLITS = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "cv": ("cv", "crossval"),
    "test": ("test", "testing", "holdout"),
}
AVERAGES = {
    "weighted": ("weighted",),
    "macro": ("macro",),
    "micro": ("micro",),
    "binary": ("binary", "positive", "pos"),
}
FILLERS = frozenset({"score", "best", "final", "overall", "model"})
NOT_SCORES = frozenset(
    {"baseline", "gate", "threshold", "mean", "std", "min", "max", "target", "improvement", "delta", "fold"}
)
"""Words of numbers that stand among metrics and are not what the model scored."""
MEAN = "avg"
"""What a mean over folds is called, but also the row of a report, and one metric: see ``_is_mean``."""
OF_A_CLASS = re.compile(r"(?<![a-z0-9])class_?(\d+)(?![a-z0-9])")
CROSS = re.compile(r"(?<![a-z0-9])cross_val(idation)?(?![a-z0-9])")
ROW = re.compile(r"(?<![a-z0-9])(weighted|macro|micro)_avg(?![a-z0-9])")
"""A row of a classification report, within the name of a metric."""
NAMED = {name: base for base, names in BASES.items() for name in (base, *names)}
SPLIT_WORDS = {word: split for split, words in SPLITS.items() for word in words}
AVERAGE_WORDS = {word: average for average, words in AVERAGES.items() for word in words}
FROM_ZERO_TO_ONE = frozenset(
    {*AVERAGED, "accuracy", "balanced_accuracy", "specificity", "roc_auc", "average_precision"}
)
ERRORS = frozenset({"rmse", "mse", "mae", "median_absolute_error", "mape", "max_error"})
"""Metrics of numbers that say how far off they are."""
LOWER_IS_BETTER = frozenset({"log_loss", "brier_score", "calibration_error", *ERRORS})
"""Metrics of which less is better."""
AT_MOST_ONE = FROM_ZERO_TO_ONE | {"r2"}
"""Metrics that a flawless model has 1 of."""
PROFIT = "expected_profit"
SECONDS = "predict_seconds"
"""How long a model took to answer the holdout: measured once, and never the same twice."""
SEEN = "training_rows"
"""How many rows of the holdout the model is known to have been trained on; -1 if its record cannot be compared."""
OF_NO_ANSWER = frozenset({SECONDS, SEEN})
"""What is measured of a model beside its answers, and does not follow from them."""
SCORER = "sklearn."
"""Before the name of a scikit-learn scorer, wherever a metric is named."""
CLAIMS_BY_SPLIT = ("test", "", "val", "cv")
"""Which split a claim is taken from first. Training-set scores are no claim about new rows."""
CLAIMS_BY_AVERAGE = ("weighted", "", "binary", "macro", "micro")
TINY = 1e-12
"""What two numbers may differ by that are the same: ``81.2%`` is not quite 0.812."""


@dataclass(frozen=True, slots=True)
class MetricId:
    """A metric as it is recorded. An empty ``split`` or ``average`` means that nobody said which."""

    base: str
    split: str = ""
    average: str = ""
    label: str = ""

    @property
    def key(self) -> str:
        """Its name in MLflow: ``test_f1_score_macro``, ``f1_score``, ``class_1.recall``."""
        if self.label:
            return "_".join(part for part in (self.split, f"class_{self.label}.{self.base}") if part)
        return "_".join(part for part in (self.split, self.base, self.average) if part)


def metric_key(metric: str, average: str) -> str:
    """Return the name under which a metric is measured, its average included; ``weighted`` is the one unnamed."""
    return f"{metric}_{average}" if metric in AVERAGED and average != "weighted" else metric


def gap(known: float, found: float) -> float:
    """Return how far two values of a metric are apart; beyond 1, in relation to the known one, which has a unit."""
    return abs(known - found) / max(1.0, abs(known))


def agree(one: float, other: float) -> bool:
    """Whether two records of a metric are the same number, one of them perhaps rounded.

    Two decimals must agree at least, of numbers beyond 1 three digits: fewer are no rounding, and the texts of numbers
    drop their last zeros.
    """
    least = max(0, 2 - math.floor(math.log10(max(1.0, abs(one), abs(other)))))
    decimals = max(least, min(_decimals(one), _decimals(other)))
    return abs(one - other) <= 0.5 * 10.0**-decimals + TINY


def _decimals(value: float) -> int:
    exponent = Decimal(repr(round(value, 12))).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def goodness(metric: str, value: float) -> float:
    """Return a value so that more of it is better; ``metric`` may carry its average."""
    return -value if metric in LOWER_IS_BETTER else value


def metric_id(name: str, split: str = "", average: str = "") -> MetricId | None:
    """Return the metric that a name stands for, None if it is no score of the model.

    ``split`` and ``average`` are those of the container it stands in; what the name itself says goes before them.
    """
    text = in_words(name)
    label = OF_A_CLASS.search(text)
    words = [word for word in (OF_A_CLASS.sub("", text) if label else text).split("_") if word]
    own_split = next((SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS), split)
    said = ROW.sub(r"\1", "_".join(words)).split("_")
    base = _base(said)
    if base is None or (NOT_SCORES & set(said) and not _is_named(said, base)) or _is_mean(words, own_split):
        return None
    own_average = next((AVERAGE_WORDS[word] for word in said if word in AVERAGE_WORDS), average)
    return MetricId(base, own_split, "" if label else own_average, label.group(1) if label else "")


@lru_cache(maxsize=4096)
def in_words(name: str) -> str:
    """Return a name in small words with ``_`` between them, cross-validation as one word: ``cv_f1`` of ``cvF1``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return CROSS.sub("cv", re.sub(r"[^a-z0-9]+", "_", snake)).strip("_")


def _is_mean(words: list[str], split: str) -> bool:
    """Whether words say a mean over folds: ``cv_f1_avg``, and with that split whatever else is called so."""
    return MEAN in words and split == "cv"


def _base(words: list[str]) -> str | None:
    told = _told(words)
    bare = [word for word in told if word not in FILLERS]
    return NAMED.get("_".join(told)) or NAMED.get("_".join(bare))


def _told(words: list[str]) -> list[str]:
    return [word for word in words if word not in SPLIT_WORDS and word not in AVERAGE_WORDS]


def _is_named(words: list[str], base: str | None) -> bool:
    """Whether words are the very name of a metric of errors, such as the mean absolute error, in which ``mean`` is."""
    return base in ERRORS and NAMED.get("_".join(_told(words))) == base


def is_possible(metric: str, value: float) -> bool:
    """Whether a metric, by its base name, can have a value: MLflow stores infinity as 1.8e308."""
    return 0 <= value <= 1 if metric in FROM_ZERO_TO_ONE else math.isfinite(value)


def claims_of(recorded: Mapping[str, float]) -> dict[str, float]:
    """Return by base name what a model claims to score on rows it was not trained on, as far as it says."""
    return {base: recorded[key] for base in BASES if (key := claim_key(recorded, base))}


def claim_key(recorded: Mapping[str, float], base: str) -> str | None:
    """Return the recorded metric that counts as the claim about a base metric, if there is one."""
    return next((key for key in _claim_keys(base) if key in recorded), None)


@cache
def _claim_keys(base: str) -> tuple[str, ...]:
    return tuple(MetricId(base, split, average).key for split in CLAIMS_BY_SPLIT for average in CLAIMS_BY_AVERAGE)
