"""Checks the decision trees inside a model before anything follows them.

The nodes of a tree are numbers of other nodes and of columns, which compiled code follows without looking: one that
points outside reads whatever lies there, one that points back never ends. A model that the gate let through can still
hold such numbers, and whoever loads what is stored of it would follow them too.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

from podium.streams import BrokenError
from tasks.effects.boosters import flaw
from tasks.effects.callables import meddling, misplaced
from tasks.effects.parts import objects_in
from tasks.effects.prediction import is_booster
from tasks.effects.tables import adrift, crooked
from tasks.effects.texts import file_named_by

WORDS = 8
"""Words of a set of categories, each of 32 bits."""
Indices = npt.NDArray[np.int64]


def sound(model: Any) -> Any:
    """Return a model whose trees point only at nodes and columns that are there.

    Raises:
        BrokenError: one of them does not.
    """
    everything = objects_in(model)
    for one in everything:
        # All of them first: to look at some of the tables is to ask a model.
        if obstacle := meddling(one) or adrift(one):
            raise BrokenError(f"its {type(one).__name__} {obstacle}")
        # What is no estimator, such as a list, asks nothing of what lies in it.
        if isinstance(model, BaseEstimator) and (obstacle := misplaced(one)):
            raise BrokenError(f"its {type(one).__name__} {obstacle}")
    for part in (one for one in everything if isinstance(one, BaseEstimator)):
        _require_grown(part)
    # Boosting asks the model that it begins with as it is looked at.
    for one in sorted(everything, key=lambda one: isinstance(one, BaseGradientBoosting)):
        _require_straight(one)
    return model


def _require_grown(part: Any) -> None:
    """Return if the trees that an estimator asks lead nowhere else."""
    try:
        for tree, columns in _trees_of(part):
            _require_sound(tree, columns, part)
    except (AttributeError, TypeError, ValueError) as error:
        raise BrokenError(f"its {type(part).__name__} is not whole: {type(error).__name__}: {error}") from error


def _require_straight(one: Any) -> None:
    """Return if whatever else has numbers of its own nodes, rows or columns has none that are not there."""
    try:
        obstacle = flaw(one) if is_booster(one) else file_named_by(one) or crooked(one)
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise BrokenError(f"its {type(one).__name__} is not whole: {type(error).__name__}: {error}") from error
    if obstacle:
        raise BrokenError(f"its {type(one).__name__} {obstacle}")


def _trees_of(part: Any) -> Iterator[tuple[Any, int]]:
    """Yield the trees that an estimator asks itself, each with the columns of the rows that it is handed unchecked."""
    columns = getattr(part, "n_features_in_", 0)
    if isinstance(tree := vars(part).get("tree_"), Tree):
        yield tree, columns
    yield from ((_tree_in(one), wide) for one, wide in _members(part, columns))
    rounds = vars(part).get("_predictors", ())
    yield from ((tree, columns) for trees in rounds for tree in trees if isinstance(tree, TreePredictor))


def _members(part: Any, columns: int) -> Iterator[tuple[Any, int]]:
    """Yield the estimators to which another hands its rows, or some columns of them, without a look."""
    within = np.asarray(getattr(part, "estimators_", ()), dtype=object).ravel().tolist()
    if isinstance(part, BaseForest | BaseGradientBoosting):
        yield from ((one, columns) for one in within)
    elif isinstance(part, IsolationForest) and within:
        some = part._max_features != columns
        widths = [len(seen) if some else columns for seen in part.estimators_features_]
        yield from zip(within, widths, strict=True)


def _tree_in(one: Any) -> Tree:
    """Return the tree of one of many; what passes its rows on would hand them unchecked to what is for others."""
    if isinstance(one, BaseDecisionTree) and isinstance(tree := vars(one).get("tree_"), Tree):
        return tree
    raise BrokenError(f"it has a {type(one).__name__} for a tree")


def _require_sound(tree: Any, columns: int, part: Any) -> None:
    obstacle = _grown(tree, columns) if isinstance(tree, Tree) else _predicting(tree, columns, _categorical(part))
    if obstacle:
        raise BrokenError(f"a tree of its {type(part).__name__} {obstacle}")


def _grown(tree: Any, columns: int) -> str | None:
    """Return what is wrong with a tree of scikit-learn. ``columns`` is how many the rows have."""
    if tree.node_count > tree.capacity:
        return f"says it has {tree.node_count} nodes and has {tree.capacity}"
    if tree.n_features != columns:
        return f"is for {tree.n_features} columns and not for {columns}"
    splits = np.flatnonzero(tree.children_left != -1)
    return _astray(
        tree.node_count, columns, splits, tree.children_left[splits], tree.children_right[splits], tree.feature[splits]
    )


def _categorical(part: Any) -> npt.NDArray[np.bool_]:
    """Return which columns of histogram gradient boosting hold categories, as what asks for them has it."""
    known = getattr(getattr(part, "_bin_mapper", None), "is_categorical_", None)
    return np.zeros(0, dtype=bool) if known is None else np.asarray(known, dtype=bool)


def _predicting(tree: Any, columns: int, categorical: npt.NDArray[np.bool_]) -> str | None:
    """Return what is wrong with a tree of histogram gradient boosting.

    ``columns`` is how many the rows have, ``categorical`` (columns,) which of them hold categories.
    """
    nodes = tree.nodes
    splits = np.flatnonzero(nodes["is_leaf"] == 0)
    inner = nodes[splits]
    asking = inner["is_categorical"] != 0
    sets, known = inner["bitset_idx"][asking], np.flatnonzero(categorical)
    if np.shape(tree.raw_left_cat_bitsets)[1:] != (WORDS,):
        return "has sets of categories of another size"
    if (sets >= len(tree.raw_left_cat_bitsets)).any() or not np.isin(inner["feature_idx"][asking], known).all():
        return "points at categories that are not there"
    return _astray(len(nodes), columns, splits, inner["left"], inner["right"], inner["feature_idx"])


def _astray(
    nodes: int, columns: int, splits: Indices, left: npt.NDArray[Any], right: npt.NDArray[Any], feature: Indices
) -> str | None:
    """Return where a tree leads astray. Children stand after their parent, which also rules out going in circles."""
    if nodes < 1:
        return "has no nodes"
    children = np.concatenate([left, right]).astype(np.int64)
    if (children >= nodes).any() or (children <= np.concatenate([splits, splits])).any():
        return f"points at nodes that are not among its {nodes}, or back"
    if ((feature < 0) | (feature >= columns)).any():
        return f"asks for columns beyond the {columns} there are"
    return None
