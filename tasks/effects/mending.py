"""Brings models that earlier versions of their libraries saved up to the installed ones.

A pickle holds the attributes that its version knew. What later versions look for is added here, with the value that
makes the model answer as it did; what would answer otherwise is refused. Models saved by each series from scikit-learn
1.3 and XGBoost 1.7 on, with their answers then, are in ``tests/tasks/saved``.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn._loss.loss import ExponentialLoss, HalfBinomialLoss, HalfMultinomialLoss
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, RidgeClassifierCV
from sklearn.linear_model._stochastic_gradient import BaseSGDClassifier
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, TargetEncoder
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier

from tasks.effects.former import FormerLoss, RemainderColumns
from tasks.effects.installed import installed
from tasks.effects.parts import add_parameters, parts_of
from tasks.effects.prediction import NotUsableError

OF_NUMBERS = (int, float, np.integer, np.floating)


class OtherVersionError(Exception):
    """A model was saved by a version of its library whose models the installed one does not use rightly."""


@contextmanager
def of_version(tell: Callable[[], Mapping[str, str]], *further: type[Exception]) -> Iterator[None]:
    """Say by which version a model was saved where it turns out not to be usable by the installed one.

    ``tell`` gives library and version; a model of the installed versions, or of unknown ones, has errors of its own.
    ``further`` are errors that tell of another version where they arise.
    """
    telling: tuple[type[Exception], ...] = (OtherVersionError, AttributeError, TypeError, KeyError, ImportError)
    try:
        yield
    except telling + further as error:
        former = [(library, version) for library, version in tell().items() if version != installed(library)]
        if not former:
            raise
        library, version = former[0]
        said = str(error).partition("\n")[0].rstrip(":")
        why = f"it was saved by {library} {version}, and {installed(library)} is installed"
        raise OtherVersionError(f"{said}: {why}; convert it with {library}=={version}, or train it again") from error


def mend(model: Any) -> Any:
    """Return a model as the installed versions would have it; it is changed in place.

    Raises:
        OtherVersionError: it would answer otherwise than it did.
        NotUsableError: it answers no rows that anybody could give it.
    """
    for part in parts_of(model):
        add_parameters(part)
        for kind, mending in MENDINGS:
            if isinstance(part, kind):
                mending(part)
    return model


def _imputer(part: Any) -> None:
    if hasattr(part, "statistics_") and not hasattr(part, "_fill_dtype"):
        part._fill_dtype = getattr(part, "_fit_dtype", part.statistics_.dtype)


def _columns(part: Any) -> None:
    """Give a column transformer plain lists of columns, and transformers where it had the word passthrough."""
    if hasattr(part, "transformers_"):
        fitted = getattr(part, "_name_to_fitted_passthrough", {})
        part.transformers_ = [
            (name, _transformer(found, fitted.get(name)), _list(cols)) for name, found, cols in part.transformers_
        ]
    if hasattr(part, "_remainder"):
        part._remainder = tuple(_list(entry) for entry in part._remainder)


def _list(columns: Any) -> Any:
    return list(columns.data) if isinstance(columns, RemainderColumns) else columns


def _transformer(found: Any, fitted: Any) -> Any:
    """Return what passes columns through, in the place of the word: before 1.4 it was kept elsewhere."""
    if not (isinstance(found, str) and found == "passthrough"):
        return found
    return fitted or FunctionTransformer(accept_sparse=True, check_inverse=False)


def _tree(part: Any) -> None:
    """Make shares of the weighted counts that the nodes of a tree held before 1.4."""
    if hasattr(part, "tree_"):
        values = part.tree_.value
        totals = values.sum(axis=2, keepdims=True)
        if not np.allclose(totals, 1):
            values /= np.where(totals > 0, totals, 1)


def _boosting(part: Any) -> None:
    """Give gradient boosting of before 1.4 the loss function and the sizes that it has been asked for since."""
    if not hasattr(part, "estimators_"):
        return
    if isinstance(vars(part).get("_loss"), FormerLoss | None):
        part._loss = _loss(len(part.classes_), part.loss == "exponential")
        part.n_trees_per_iteration_ = part.estimators_.shape[1]
    _without_losses(part)


def _loss(classes: int, exponential: bool) -> Any:
    if exponential:
        return ExponentialLoss()
    return HalfBinomialLoss() if classes == 2 else HalfMultinomialLoss(n_classes=classes)


def _histogram(part: Any) -> None:
    if hasattr(part, "_predictors") and not hasattr(part, "_preprocessor"):
        part._preprocessor = None


def _without_losses(part: Any) -> None:
    for name in [name for name, value in vars(part).items() if isinstance(value, FormerLoss)]:
        delattr(part, name)


def _ada_boost(part: Any) -> None:
    if getattr(part, "algorithm", "") == "SAMME.R":
        raise OtherVersionError("it is an AdaBoost by SAMME.R, which scikit-learn 1.6 and later take for another")


def _logistic(part: Any) -> None:
    kind, classes = vars(part).get("multi_class"), len(getattr(part, "classes_", ()))
    rest = classes > 2 and (kind == "ovr" or part.solver == "liblinear")
    if rest or (classes == 2 and kind == "multinomial"):
        what = f"multi_class={kind!r} and solver={part.solver!r} for {classes} classes"
        raise OtherVersionError(
            f"it is a logistic regression with {what}, which scikit-learn 1.8 and later take for another"
        )


def _ridge(part: Any) -> None:
    """Give a classifier by ridge regression its classes, which before 1.6 it asked what encodes its labels for."""
    if "_label_binarizer" in vars(part):
        vars(part).setdefault("classes_", part._label_binarizer.classes_)


def _self_training(part: Any) -> None:
    """Call what a model trains itself by as it has been called since 1.6: before, its name began with ``base_``."""
    for name in ("estimator", "estimator_"):
        if isinstance(former := vars(part).pop(f"base_{name}", None), BaseEstimator):
            setattr(part, name, former)


def _encoder(part: Any) -> None:
    """Keep categories that are numbers as such: an encoder that was shown objects refuses rows with numbers in them.

    Raises:
        NotUsableError: numbers in disorder can be kept as objects alone.
    """
    if "categories_" not in vars(part):
        return
    part.categories_ = [_numbers(found) for found in part.categories_]
    if any(_are_numbers(found) for found in part.categories_):
        raise NotUsableError(
            f"its {type(part).__name__} was trained on objects and has numbers in disorder as categories, so that it "
            "refuses rows of numbers: give it the categories in order, or as texts"
        )


def _are_numbers(categories: Any) -> bool:
    """Whether objects are nothing but whole numbers, or floats."""
    is_of_objects = isinstance(categories, np.ndarray) and categories.dtype == object
    kinds = {type(one) for one in categories} if is_of_objects else set()
    return len(kinds) == 1 and issubclass(kind := kinds.pop(), OF_NUMBERS) and kind is not bool


def _numbers(categories: Any) -> Any:
    made = np.array(categories.tolist()) if _are_numbers(categories) else categories
    ordered = made is not categories and made.dtype.kind in "if" and np.array_equal(np.sort(made), made, equal_nan=True)
    return made if ordered else categories


MENDINGS: tuple[tuple[type, Callable[[Any], None]], ...] = (
    (SimpleImputer, _imputer),
    (ColumnTransformer, _columns),
    (DecisionTreeClassifier, _tree),
    (GradientBoostingClassifier, _boosting),
    (HistGradientBoostingClassifier, _histogram),
    (AdaBoostClassifier, _ada_boost),
    (LogisticRegression, _logistic),
    (BaseSGDClassifier, _without_losses),
    (RidgeClassifier, _ridge),
    (RidgeClassifierCV, _ridge),
    (SelfTrainingClassifier, _self_training),
    (OneHotEncoder, _encoder),
    (OrdinalEncoder, _encoder),
    (TargetEncoder, _encoder),
)
