"""Tells whether a loaded object is a classifier or a regressor, and which MLflow flavour stores it without pickle."""

import json
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from tasks.effects.inert import NOT_KEPT, is_note
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
        raise NotUsableError(f"{described(model)} is not a model: it cannot predict{_within(model)}")


def described(loaded: Any) -> str:
    """Return what somebody saved in the place of a model; of what was not kept the name is there."""
    name = loaded.removesuffix(NOT_KEPT).rpartition(".")[2] if is_note(loaded) else type(loaded).__name__
    return f"{'an' if name.lower().startswith(('a', 'e', 'i', 'o', 'nd')) else 'a'} {name}"


def _within(loaded: Any) -> str:
    """Return where in a dictionary or a list the models are that could be staged."""
    keyed = (
        loaded.items() if isinstance(loaded, dict) else enumerate(loaded) if isinstance(loaded, list | tuple) else ()
    )
    found = [(key, type(one).__name__) for key, one in keyed if hasattr(one, "predict")]
    places = ", ".join(f"the {name} at {key!r:.60}" for key, name in found[:3])
    return f"; stage {places} in it as a file of its own" if found else ""


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
