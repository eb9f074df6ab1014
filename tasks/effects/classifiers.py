"""Tells whether a loaded object is a classifier or a regressor, and which MLflow flavour stores it without pickle."""

import json
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from tasks.effects.prediction import NotUsableError, is_booster

CLASSIFYING = ("binary", "multi", "reg:logistic", "cross_entropy", "xentropy", "custom", "none")
"""How the objectives of boosters begin that answer with probabilities, or might."""

REGRESSING = ("reg:", "count:", "regression", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie")
"""How the objectives of boosters begin that answer with numbers."""


def require_classifier(model: Any) -> None:
    """Return if a model is a trained classifier, or may be one.

    Raises:
        NotUsableError: it is none; the message says what it is.
    """
    name = type(model).__name__
    if is_booster(model):
        objective = _objective(model)
        if objective and not objective.startswith(CLASSIFYING):
            raise NotUsableError(f"its objective is {objective}: holdout.task is classification")
        return
    _require_predicting(model)
    if is_regressor(model):
        raise NotUsableError(f"a {name} predicts numbers: holdout.task is classification")
    if not hasattr(model, "classes_"):
        raise NotUsableError(f"a {name} is not a trained classifier")


def require_regressor(model: Any) -> None:
    """Return if a model is a trained regressor, or may be one.

    Raises:
        NotUsableError: it is none; the message says what it is.
    """
    name = type(model).__name__
    if is_booster(model):
        objective = _objective(model)
        if objective and (objective == "reg:logistic" or not objective.startswith(REGRESSING)):
            raise NotUsableError(f"its objective is {objective}: holdout.task is regression")
        return
    _require_predicting(model)
    if is_classifier(model):
        raise NotUsableError(f"a {name} predicts labels: holdout.task is regression")
    if not is_regressor(model):
        raise NotUsableError(f"a {name} is not a regressor")


def _require_predicting(model: Any) -> None:
    if not hasattr(model, "predict"):
        raise NotUsableError(f"a {type(model).__name__} is not a model: it cannot predict")


def _objective(booster: Any) -> str:
    """Return what a booster was trained for; the empty text if that was its user's own function."""
    if type(booster).__module__.startswith("xgboost"):
        return str(json.loads(booster.save_config())["learner"]["objective"]["name"])
    return str(booster.dump_model(num_iteration=1).get("objective", ""))


def flavour_of(model: Any) -> str:
    """Return the MLflow flavour that stores a model without pickle, and with all that its answers depend on."""
    package = type(model).__module__.split(".")[0]
    if package not in {"xgboost", "lightgbm"} or _stands_for_gaps(model):
        return "sklearn"
    return package


def _stands_for_gaps(model: Any) -> bool:
    """Whether an estimator of XGBoost takes a number for a gap: its own format forgets it, that of skops keeps it."""
    missing = getattr(model, "missing", None)
    return isinstance(missing, Real) and not np.isnan(float(missing))
