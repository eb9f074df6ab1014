"""How models are made: the estimators of each kind, what prepares their rows, and where their parameters are sought."""

from collections.abc import Sequence
from typing import Any

from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

ESTIMATORS: dict[str, Any] = {
    "xgboost": XGBClassifier,
    "lightgbm": LGBMClassifier,
    "random_forest": RandomForestClassifier,
    "logistic_regression": LogisticRegression,
}
MODEL = "model"
"""The last step of a pipeline."""
RATES = [0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2]
TREES = [50, 75, 100, 150, 200, 300]
SPACES: dict[str, dict[str, list[Any]]] = {
    "logistic_regression": {
        "C": [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0],
        "class_weight": [None, "balanced"],
    },
    "random_forest": {
        "n_estimators": [100, 150, 200, 300],
        "max_depth": [4, 6, 8, 10, 12, 16, None],
        "min_samples_leaf": [1, 2, 3, 5, 10, 20],
        "max_features": ["sqrt", 0.3, 0.5],
    },
    "xgboost": {
        "n_estimators": TREES,
        "max_depth": [2, 3, 4, 5, 6],
        "learning_rate": RATES,
        "subsample": [0.7, 0.8, 0.9, 1.0],
        "colsample_bytree": [0.6, 0.8, 1.0],
        "min_child_weight": [1, 3, 5, 10],
    },
    "lightgbm": {
        "n_estimators": TREES,
        "num_leaves": [4, 7, 15, 31, 63],
        "learning_rate": RATES,
        "min_child_samples": [5, 10, 20, 40],
        "colsample_bytree": [0.6, 0.8, 1.0],
        "reg_lambda": [0.0, 0.1, 1.0, 10.0],
    },
}
"""Values that are tried, all of Python's own types: sampled without replacement, and stored as they are."""


def common(kind: str, seed: int) -> dict[str, Any]:
    """Return the parameters that every model of a kind has."""
    if kind == "logistic_regression":
        return {"max_iter": 1000}
    return {"n_jobs": 1, "random_state": seed} | ({"verbose": -1} if kind == "lightgbm" else {})


def estimator(kind: str, seed: int, **parameters: Any) -> Any:
    """Return an untrained model of a kind."""
    return ESTIMATORS[kind](**common(kind, seed), **parameters)


def pipeline(model: Any, numbers: Sequence[str], texts: Sequence[str], flags: Sequence[str] = ()) -> Pipeline:
    """Return a model behind what prepares its rows: gaps filled, numbers scaled, texts and flags one column a value.

    Values that were never seen while training are none of the known ones.
    """
    scaled = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    encode = OneHotEncoder(handle_unknown="ignore")
    encoded = Pipeline([("fill", SimpleImputer(strategy="most_frequent")), ("encode", encode)])
    parts = [("numbers", scaled, list(numbers)), ("texts", encoded, list(texts))]
    # Nothing can be filled in where only true and false are.
    further = [("flags", OneHotEncoder(handle_unknown="ignore"), list(flags))] if flags else []
    return Pipeline([("preprocess", ColumnTransformer(parts + further)), (MODEL, model)])


def of_any_labels(model: Any) -> VotingClassifier:
    """Return a classifier that learns any labels with a model that takes 0, 1, … only: a vote with one voter.

    It answers as its voter does, and is loaded without Podium.
    """
    return VotingClassifier([("only", model)], voting="soft")
