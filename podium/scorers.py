"""Scikit-learn's scorers by name, on predictions that were made elsewhere.

A scorer wants an estimator to ask. The one here answers with what the model said; its rows are row numbers.
https://scikit-learn.org/stable/modules/model_evaluation.html#string-name-scorers
"""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from podium.errors import ConfigError
from podium.metrics import SCORER

Codes = npt.NDArray[np.integer[Any]]
Probabilities = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.float64]


def unknown_scorer(metric: str) -> str | None:
    """Return what is wrong with a metric such as ``sklearn.jaccard``, None if scikit-learn has such a scorer."""
    name = metric.removeprefix(SCORER)
    if not metric.startswith(SCORER) or name in _names():
        return None
    near = get_close_matches(name, _names(), n=3)
    return f"scikit-learn has no scorer {name!r}" + (f"; near are {', '.join(near)}" if near else "")


def require_known(metrics: Iterable[str]) -> None:
    """Return if scikit-learn has each of some metrics that are named as its scorers.

    Raises:
        ConfigError: it has not, with the names that are near.
    """
    for name in sorted(metrics):
        if problem := unknown_scorer(name):
            raise ConfigError(f"policy: {name}: {problem}")


@cache
def _names() -> tuple[str, ...]:
    from sklearn.metrics import get_scorer_names

    return tuple(get_scorer_names())


def scored(metrics: Iterable[str], truth: Codes, said: Codes, chances: Probabilities | None) -> dict[str, float]:
    """Return the values of scorers; one that cannot be computed from these predictions is left out.

    ``truth`` and ``said`` are codes (n,) of the classes 0 to k-1, of two the positive one is 1; ``chances`` (n, k).
    """
    classes = np.arange(chances.shape[1]) if chances is not None else np.unique(truth)
    return _scored(metrics, (_Said if chances is None else _SaidWithChances)(said, chances, classes), truth)


def scored_numbers(metrics: Iterable[str], truth: Numbers, said: Numbers) -> dict[str, float]:
    """Return the values of scorers of predicted numbers, which like the truth have shape (n,)."""
    return _scored(metrics, _SaidNumbers(said), truth)


def unfit_for_numbers(metric: str) -> bool:
    """Whether a scorer cannot say anything of predicted numbers."""
    few = np.array([0.25, 1.5, 2.0, 4.75])
    return not scored_numbers((metric,), few, few)


def _scored(metrics: Iterable[str], model: Any, truth: npt.NDArray[Any]) -> dict[str, float]:
    found = {metric: _score(metric.removeprefix(SCORER), model, truth) for metric in metrics}
    return {metric: value for metric, value in found.items() if value is not None}


def _score(name: str, model: Any, truth: npt.NDArray[Any]) -> float | None:
    from sklearn.metrics import get_scorer

    try:
        return float(get_scorer(name)(model, np.arange(len(truth)), truth))
    except (ValueError, AttributeError, TypeError):
        return None


class _Said:
    """A fitted classifier that says what was said, by row number."""

    _estimator_type = "classifier"

    def __init__(self, said: Codes, chances: Probabilities | None, classes: Codes) -> None:
        self.said, self.chances, self.classes_ = said, chances, classes

    def fit(self) -> "_Said":
        """Return itself: it was fitted elsewhere."""
        return self

    def predict(self, rows: Codes) -> Codes:
        """Return the labels of some rows."""
        return self.said[rows]

    def __sklearn_tags__(self) -> Any:
        from sklearn.base import BaseEstimator, ClassifierMixin

        return type("Tagged", (ClassifierMixin, BaseEstimator), {})().__sklearn_tags__()


class _SaidNumbers:
    """A fitted regressor that says what was said, by row number."""

    _estimator_type = "regressor"

    def __init__(self, said: Numbers) -> None:
        self.said = said

    def fit(self) -> "_SaidNumbers":
        """Return itself: it was fitted elsewhere."""
        return self

    def predict(self, rows: Codes) -> Numbers:
        """Return the numbers of some rows."""
        return self.said[rows]

    def __sklearn_tags__(self) -> Any:
        from sklearn.base import BaseEstimator, RegressorMixin

        return type("Tagged", (RegressorMixin, BaseEstimator), {})().__sklearn_tags__()


class _SaidWithChances(_Said):
    def predict_proba(self, rows: Codes) -> Probabilities:
        """Return the probabilities of some rows."""
        assert self.chances is not None
        return self.chances[rows]
