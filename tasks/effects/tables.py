"""Checks the tables of neighbours, support vectors, boosting and sparse numbers before compiled code follows them."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy.interpolate import BSpline
from scipy.sparse import issparse
from sklearn._loss.loss import BaseLoss
from sklearn.base import is_classifier
from sklearn.cluster._kmeans import _BaseKMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble._gb import BaseGradientBoosting, _init_raw_predictions
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neighbors import BallTree, KDTree
from sklearn.neighbors._base import NeighborsBase
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder
from sklearn.svm._base import BaseLibSVM, BaseSVC
from sklearn.utils import check_array

from tasks.effects.callables import is_kernel
from tasks.effects.encoders import one_hot, words
from tasks.effects.parts import objects_in

SEARCH = {"kd_tree": KDTree, "ball_tree": BallTree}
POSITIONS = {"pos": 624, "buffer_pos": 4}
"""Where a source of random numbers may say that it is among those it holds."""

ASKED = 3
"""Rows that a beginning is asked about: one row for all of them would pass for one."""


def crooked(one: Any) -> str | None:
    """Return what is wrong with an object that holds numbers of rows, columns or classes; None with any other."""
    if issparse(one):
        return _sparse(one)
    if isinstance(one, BSpline):
        return _spline(one)
    return next((check(one) for kind, check in CHECKS if isinstance(one, kind)), None)


def adrift(one: Any) -> str | None:
    """Return what is wrong with a source of random numbers: NumPy reads from wherever its state says that it is."""
    source = getattr(one, "bit_generator", one) if isinstance(one, np.random.Generator) else one
    if isinstance(source, np.random.RandomState):
        state: Any = source.get_state(legacy=False)
    elif isinstance(source, np.random.BitGenerator):
        state = source.state
    else:
        return None
    within = state.get("state")
    places = {**state, **within} if isinstance(within, dict) else state
    astray = any(not 0 <= places.get(name, 0) <= last for name, last in POSITIONS.items())
    return "reads its random numbers from where none are" if astray else None


def _spline(spline: Any) -> str | None:
    """Make a spline anew of its numbers, which sees to it that there are as many as it follows."""
    kept = vars(spline)
    knots, weights, degree = kept.get("_t", kept.get("t")), kept.get("_c", kept.get("c")), kept["k"]
    if not (type(knots) is type(weights) is np.ndarray and knots.dtype == weights.dtype == float):
        return "has something else than numbers"
    if type(degree) is not int or kept.get("axis", 0) != 0:
        return "goes along another axis than those that are trained"
    fresh = vars(BSpline(knots, weights, degree, kept["extrapolate"]))
    kept.clear()
    kept.update(fresh)
    return None


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
    if is_classifier(part) and not part.outputs_2d_ and not _answers_belong(part):
        return "answers with classes that are not there"
    rows, columns = part._fit_X.shape
    if (rows, columns) != (kept.get("n_samples_fit_", rows), kept.get("n_features_in_", columns)) or not rows:
        return "was trained on other rows or columns than it says"
    if kind := SEARCH.get(kept.get("_fit_method", "")):
        metric, more = part.effective_metric_, part.effective_metric_params_
        part._tree = kind(part._fit_X, part.leaf_size, metric=metric, **more)
    return None


def _answers_belong(part: Any) -> bool:
    """Whether neighbours that answer with one label have one for each row, and only such as there are."""
    one_each = np.shape(part._y) == (part._fit_X.shape[0],) and isinstance(part.classes_, np.ndarray)
    return one_each and _within(part._y, len(part.classes_))


def _support_vectors(part: Any) -> str | None:
    kept = vars(part)
    if "support_vectors_" not in kept:
        return None
    rows, classes = len(part.support_), len(part.classes_) if isinstance(part, BaseSVC) else 2
    pairs = classes * (classes - 1) // 2
    weights = part._dual_coef_.data if issparse(part._dual_coef_) else part._dual_coef_
    right = {
        "kind of machine": "_impl" not in kept,
        "number of vectors": _counts_are_right(part, rows, classes),
        "number of weights": np.size(weights) == (classes - 1) * rows,
        "number of thresholds": np.size(part._intercept_) == pairs,
        "number of scales": {np.size(part._probA), np.size(part._probB)} in ({0}, {pairs}),
        "shape of its vectors": _shape_is_right(part, rows),
        "kernel": not callable(part.kernel) or _kernel_is_right(part),
    }
    return next((f"has another {name} than it says" for name, holds in right.items() if not holds), None)


def _counts_are_right(part: Any, rows: int, classes: int) -> bool:
    """Whether a machine counts its vectors by class; where there are no classes only the length is taken."""
    counts = np.asarray(part._n_support)
    if len(counts) != classes or not isinstance(part, BaseSVC):
        return len(counts) == classes
    return bool((counts >= 0).all()) and int(counts.sum()) == rows


def _shape_is_right(part: Any, rows: int) -> bool:
    if callable(part.kernel) or part.kernel == "precomputed":
        return _within(np.asarray(part.support_), part.shape_fit_[0])
    return tuple(part.support_vectors_.shape) == (rows, part.n_features_in_)


def _kernel_is_right(part: Any) -> bool:
    """Whether a kernel of its own gives a number for each row of training: the machine takes as many unseen."""
    rows: Any = part._BaseLibSVM__Xfit
    known = (isinstance(rows, np.ndarray) or issparse(rows)) and rows.ndim == 2 and not part._sparse
    return bool(known and rows.shape[0] == part.shape_fit_[0] and is_kernel(part.kernel))


def _boosting(part: Any) -> str | None:
    """Look at whether there is a place for each tree's answer: they are added up without a look."""
    if "estimators_" not in vars(part):
        return None
    classes = len(part.classes_) if is_classifier(part) else 1
    trees = 1 if classes == 2 else classes
    told = vars(part).get("n_trees_per_iteration_", trees)
    if part.estimators_.ndim != 2 or {part.estimators_.shape[1], told} != {trees}:
        return "has trees for classes that are not there"
    first = getattr(part, "init_", "zero")
    within = [inner for inner in objects_in(first) if isinstance(inner, BaseGradientBoosting)]
    if odd := next((found for inner in within if (found := _boosting(inner))), None):
        return odd
    return None if isinstance(first, str) or _begins(part, classes, trees) else "begins with other classes than it has"


def _begins(part: Any, classes: int, trees: int) -> bool:
    """Whether boosting begins with a number for each row and each tree, by the loss that it has or will be given."""
    rows, loss = np.zeros((ASKED, part.n_features_in_), dtype=np.float32), vars(part).get("_loss")
    if isinstance(loss, BaseLoss):
        return bool(np.shape(_init_raw_predictions(rows, part.init_, loss, is_classifier(part))) == (ASKED, trees))
    return not is_classifier(part) or bool(np.shape(part.init_.predict_proba(rows)) == (ASKED, classes))


def _clusters(part: Any) -> str | None:
    """Look at whether centers have the columns that rows will have: those are read as far as these go."""
    centers = vars(part).get("cluster_centers_")
    right = centers is None or np.shape(centers)[1:] == (part.n_features_in_,)
    return None if right else "has centers for other columns than it says"


def _histograms(part: Any) -> str | None:
    """Look at whether what puts columns of categories first gives trees as many columns as they were grown on."""
    orders = vars(part).get("_preprocessor")
    if orders is None or (type(orders) is ColumnTransformer and _widths(orders) == {part.n_features_in_}):
        return None
    return "prepares other columns than its trees were grown on"


def _widths(orders: Any) -> set[int]:
    """Return how many columns come out, as masks tell it and as numbers of columns tell it; -1 of any other step."""
    steps = [found for found in orders.transformers_ if not isinstance(found[1], str)]
    told = sum(int(np.sum(mask)) for _, _, mask in steps)
    numbered = sum(len(orders._transformer_to_input_indices[name]) for name, _, _ in steps)
    return {told, numbered} if all(_keeps_width(step) for _, step, _ in steps) else {-1}


def _keeps_width(step: Any) -> bool:
    """Whether a step gives back as many columns as it is given: both that scikit-learn puts there do.

    Of a pickle the second has the function that it was restored with.
    """
    function = step.func if isinstance(step, FunctionTransformer) else None
    is_check = function is np.asarray or getattr(function, "func", None) is check_array
    return is_check or type(step) is OrdinalEncoder


def _within(numbers: Iterable[Any], below: int) -> bool:
    values = np.asarray(numbers)
    return not values.size or bool(values.min() >= 0 and values.max() < below)


CHECKS: tuple[tuple[Any, Callable[[Any], str | None]], ...] = (
    (NeighborsBase, _neighbours),
    (BaseLibSVM, _support_vectors),
    (BaseGradientBoosting, _boosting),
    (_BaseKMeans, _clusters),
    (BaseHistGradientBoosting, _histograms),
    (OneHotEncoder, one_hot),
    (CountVectorizer | DictVectorizer, words),
)
