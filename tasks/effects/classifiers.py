"""Tells whether a loaded object is a classifier, and which of MLflow's flavours stores it without pickle."""

import json
from typing import Any

from sklearn.base import is_regressor

from tasks.effects.prediction import NotUsableError, is_booster

CLASSIFYING = ("binary", "multi", "reg:logistic", "cross_entropy", "xentropy", "custom", "none")
"""How the objectives of boosters begin that answer with probabilities, or might."""


def require_classifier(model: Any) -> None:
    """Return if a model is a trained classifier, or may be one.

    Raises:
        NotUsableError: it is none; the message says what it is.
    """
    name = type(model).__name__
    if is_booster(model):
        objective = _objective(model)
        if objective and not objective.startswith(CLASSIFYING):
            raise NotUsableError(f"its objective is {objective}: Podium takes classifiers")
        return
    if not hasattr(model, "predict"):
        raise NotUsableError(f"a {name} is not a model: it cannot predict")
    if is_regressor(model):
        raise NotUsableError(f"a {name} predicts numbers: Podium takes classifiers")
    if not hasattr(model, "classes_"):
        raise NotUsableError(f"a {name} is not a trained classifier")


def _objective(booster: Any) -> str:
    """Return what a booster was trained for; the empty text if that was its user's own function."""
    if type(booster).__module__.startswith("xgboost"):
        return str(json.loads(booster.save_config())["learner"]["objective"]["name"])
    return str(booster.dump_model(num_iteration=1).get("objective", ""))


def flavour_of(model: Any) -> str:
    """Return the MLflow flavour that stores a model without pickle."""
    package = type(model).__module__.split(".")[0]
    return package if package in {"xgboost", "lightgbm"} else "sklearn"
