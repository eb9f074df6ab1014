"""Checks the tables of neighbours, of support vectors and of sparse numbers before compiled code follows them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.neighbors import BallTree, KDTree
from sklearn.neighbors._base import NeighborsBase
from sklearn.svm._base import BaseLibSVM

SEARCH = {"kd_tree": KDTree, "ball_tree": BallTree}


def crooked(one: Any) -> str | None:
    """Return what is wrong with an object that holds numbers of rows, columns or classes; None with any other."""
    if issparse(one):
        return _sparse(one)
    checks = ((NeighborsBase, _neighbours), (BaseLibSVM, _support_vectors), (BaseGradientBoosting, _boosting))
    return next((check(one) for kind, check in checks if isinstance(one, kind)), None)


def _sparse(matrix: Any) -> str | None:
    try:
        matrix.check_format(full_check=True)
    except (ValueError, TypeError, AttributeError) as error:
        return f"is not whole: {error}"
    return None


def _neighbours(part: Any) -> str | None:
    """Look at what neighbours answer, and grow the search tree anew: its own holds numbers of rows and of nodes."""
    kept = vars(part)
    if "_fit_X" not in kept:
        return "has a search tree and not the rows that it was grown from" if kept.get("_tree") is not None else None
    if _has_one_answer(part) and not _answers_belong(part):
        return "answers with classes that are not there"
    if part._fit_X.shape[1] != getattr(part, "n_features_in_", part._fit_X.shape[1]):
        return "was trained on other columns than it says"
    if kind := SEARCH.get(kept.get("_fit_method", "")):
        metric, more = part.effective_metric_, part.effective_metric_params_
        part._tree = kind(part._fit_X, part.leaf_size, metric=metric, **more)
    return None


def _has_one_answer(part: Any) -> bool:
    return isinstance(vars(part).get("classes_"), np.ndarray) and np.ndim(part._y) == 1


def _answers_belong(part: Any) -> bool:
    return len(part._y) == part._fit_X.shape[0] and _within(part._y, len(part.classes_))


def _support_vectors(part: Any) -> str | None:
    kept = vars(part)
    if "support_vectors_" not in kept or not hasattr(part, "classes_"):
        return None
    counts, rows, classes = np.asarray(part._n_support), len(part.support_), len(part.classes_)
    pairs = classes * (classes - 1) // 2
    weights = part._dual_coef_.data if issparse(part._dual_coef_) else part._dual_coef_
    right = {
        "number of vectors": len(counts) == classes and (counts >= 0).all() and counts.sum() == rows,
        "number of weights": np.size(weights) == (classes - 1) * rows,
        "number of thresholds": np.size(part._intercept_) == pairs,
        "number of scales": {np.size(part._probA), np.size(part._probB)} in ({0}, {pairs}),
        "shape of its vectors": _shape_is_right(part, rows),
    }
    return next((f"has another {name} than it says" for name, holds in right.items() if not holds), None)


def _shape_is_right(part: Any, rows: int) -> bool:
    if callable(part.kernel) or part.kernel == "precomputed":
        return _within(np.asarray(part.support_), part.shape_fit_[0])
    return tuple(part.support_vectors_.shape) == (rows, part.n_features_in_)


def _boosting(part: Any) -> str | None:
    """Look at whether there is a place for each tree's answer: they are added up without a look."""
    if "estimators_" not in vars(part) or not hasattr(part, "classes_"):
        return None
    classes = len(part.classes_)
    trees = 1 if classes == 2 else classes
    told = vars(part).get("n_trees_per_iteration_", trees)
    if part.estimators_.ndim != 2 or {part.estimators_.shape[1], told} != {trees}:
        return "has trees for classes that are not there"
    first = getattr(part, "init_", "zero")
    if isinstance(first, str) or np.shape(first.predict_proba(np.zeros((1, part.n_features_in_))))[1] == classes:
        return None
    return "begins with other classes than it has"


def _within(numbers: Iterable[Any], below: int) -> bool:
    values = np.asarray(numbers)
    return not values.size or bool(values.min() >= 0 and values.max() < below)
