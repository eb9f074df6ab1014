"""Tells the type of a model from what anybody calls it: in words, in an id, or as the class of an estimator."""

import re
from collections.abc import Iterable
from dataclasses import replace

from podium.staged import StagedModel

UNKNOWN = "unknown"
NO_MODEL = re.compile(r"Imputer|Transformer|Selector|SelectFrom|RFE|Embedding|BayesianRidge")
TYPE_WORDS = {
    "[a-z]*(xgb|xg_boost)[a-z]*": "xgboost",
    "[a-z]*(lightgbm|light_gbm|lgbm)[a-z]*": "lightgbm",
    "[a-z]*(catboost|cat_boost)[a-z]*": "catboost",
    "hist_?gradient_?boost(ing|ed)?": "hist_gradient_boosting",
    "gradient_?boost(ing|ed)?": "gradient_boosting",
    "(random_?)?forests?": "random_forest",
    "extra_?trees?": "extra_trees",
    "decision_?trees?": "decision_tree",
    "logistic(_?regression)?": "logistic_regression",
    "log_?reg": "logistic_regression",
    "naive_?bayes|(gaussian|bernoulli|multinomial|complement|categorical)_?nb": "naive_bayes",
    "(k_?|nearest_?|radius_?)*neighbou?rs?": "nearest_neighbors",
    "k_?nn": "nearest_neighbors",
    "support_?vectors?": "svm",
    "svm|(linear_?|nu_?)?svc": "svm",
    "ada_?boost": "ada_boost",
    "mlp": "neural_network",
    "neural(_?net(work)?s?)?": "neural_network",
    "voting": "voting",
    "stacking": "stacking",
    "bagging": "bagging",
    "sgd": "sgd",
    "ridge": "ridge",
    "linear_?discriminant(_?analysis)?|lda": "linear_discriminant_analysis",
    "quadratic_?discriminant(_?analysis)?|qda": "quadratic_discriminant_analysis",
    "gaussian_?process": "gaussian_process",
}
"""Words for each type, with ``_`` where words may be apart; of several in a text the first here counts.

Each stands alone, or before one of the words below: the ``mlp`` of ``html_parser`` is none.
"""
AFTER = "(_?(classifier|regressor|regression|clf|model|machine|ensemble|cv))*"
TYPES = [(re.compile(f"(?<![a-z])({words}){AFTER}(?![a-z])"), kind) for words, kind in TYPE_WORDS.items()]
CLASS = re.compile(r"^(?:sklearn|xgboost|lightgbm|catboost|imblearn)\.(?:\w+\.)*(?=\w)|\s*\(.*$", re.DOTALL)
"""What stands around the name of a class: its module, and what it is called with or what is said of it."""
NO_NAME = re.compile(r"[^A-Za-z _-]")
"""What is in paths, files, ids and versions."""
BESIDE = "(?:(?:_|^)(?:tuned|optimi[sz]ed|calibrated|baseline|balanced|weighted|default)(?:_|$))*"
BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z]+")
LONGEST = 500
"""Characters of a text that are looked at."""


def type_in(text: str) -> str | None:
    """Return the type that a text names, such as "Random Forest Classifier (tuned)" or the name of a class."""
    words = BORDER.sub("_", text[:LONGEST]).lower()
    return next((kind for pattern, kind in TYPES if pattern.search(words)), None)


def type_alone(text: str) -> str | None:
    """Return the type that a text is the name of, and no path, file, id or anything else that bears its words."""
    said = CLASS.sub("", text.strip()[:LONGEST])
    words = BORDER.sub("_", said).strip("_").lower()
    told = "" if NO_NAME.search(said) else words
    return next((kind for pattern, kind in TYPES if re.fullmatch(f"{BESIDE}{pattern.pattern}{BESIDE}", told)), None)


def of_class(model: StagedModel, classes: Iterable[str]) -> StagedModel:
    """Return a model whose metadata tells no type with that of its estimator: the first class that is one's.

    ``classes`` are the names of all classes in its file, in order. Those around it, such as pipelines, tell nothing,
    and those before it in a pipeline can bear its words: an imputer by neighbours is no model of neighbours.
    """
    named = ((name, type_in(name)) for name in classes if not NO_MODEL.search(name))
    for name, kind in named:
        if kind:
            return replace(model, model_type=kind, found={**model.found, "model_type": f"the class {name}"})
    return model
