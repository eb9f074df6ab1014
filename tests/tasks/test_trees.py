"""Trees that point where nothing is are refused before anybody follows them."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor
from sklearn.tree._tree import Tree

from podium.streams import BrokenError, SuspectError
from tasks.effects.loading import load_staged
from tasks.effects.trees import sound
from tests.tasks.test_sandbox import convert

ROWS = pd.DataFrame({"a": [float(i % 7) for i in range(60)], "b": [float(i * i % 11) for i in range(60)]})
TARGET = (ROWS["a"] + ROWS["b"] > 8).astype(int)
KINDS: dict[str, Any] = {
    "tree": DecisionTreeClassifier(),
    "forest": RandomForestClassifier(n_estimators=3),
    "extra trees": ExtraTreesClassifier(n_estimators=3),
    "boosted": GradientBoostingClassifier(n_estimators=3),
    "histograms": HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2),
    "some columns": BaggingClassifier(n_estimators=3, max_features=1),
    "adaptive": AdaBoostClassifier(n_estimators=3),
    "in a pipeline": make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=3)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_trees_as_they_were_grown_are_sound(kind: str) -> None:
    """What a library made passes."""
    assert sound(KINDS[kind].fit(ROWS, TARGET))


def grown(change: Callable[[dict[str, Any]], None]) -> RandomForestClassifier:
    """A forest whose second tree was changed behind scikit-learn's back."""
    forest = RandomForestClassifier(n_estimators=3, random_state=0).fit(ROWS, TARGET)
    state = forest.estimators_[1].tree_.__getstate__()
    change(state)
    forest.estimators_[1].tree_.__setstate__(state)
    return forest


def put(field: str, value: int) -> Callable[[dict[str, Any]], None]:
    """Return what changes the first node of a tree."""

    def change(state: dict[str, Any]) -> None:
        state["nodes"] = state["nodes"].copy()
        state["nodes"][field][0] = value

    return change


CHANGES = {
    "a child that is not there": put("left_child", 10**6),
    "a child before the first": put("right_child", -7),
    "a circle": put("left_child", 0),
    "a column that is not there": put("feature", 2),
    "a column before the first": put("feature", -9),
    "no nodes": lambda state: state.update(node_count=0),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("suffix", ["pkl", "skops"])
def test_a_tree_that_leads_astray_is_refused(change: str, suffix: str, tmp_path: Path) -> None:
    """In a pickle as in a file of skops, and before anything is asked of it."""
    path = tmp_path / f"model.{suffix}"
    forest = grown(CHANGES[change])
    if suffix == "pkl":
        joblib.dump(forest, path)
    else:
        skops.io.dump(forest, path)
    with pytest.raises(BrokenError, match="a tree of its"):
        load_staged(path)


class Twice(pickle._Pickler):
    """Gives each tree its state twice, the second time with more nodes than it has: only then is that not noticed."""

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        """Write one object."""
        if not isinstance(obj, Tree):
            super().save(obj, save_persistent_id)  # type: ignore[misc]
            return
        kind, arguments, state = obj.__reduce__()
        self.save_reduce(kind, arguments, state)  # type: ignore[attr-defined]
        self.save({**state, "node_count": 10**9})
        self.write(pickle.BUILD)  # type: ignore[attr-defined]


def test_a_tree_that_boasts_of_its_nodes_is_refused(tmp_path: Path) -> None:
    """Even to look at its nodes would be to read beyond them."""
    with (tmp_path / "model.pkl").open("wb") as file:
        Twice(file, 4).dump(DecisionTreeClassifier().fit(ROWS, TARGET))
    with pytest.raises(SuspectError, match="Tree twice"):
        load_staged(tmp_path / "model.pkl")
    with (tmp_path / "model.pkl").open("rb") as file, pytest.raises(BrokenError, match="says it has 1000000000 nodes"):
        sound(pickle.load(file))


def test_a_forest_for_fewer_columns_than_its_trees_is_refused() -> None:
    """A forest does not look at what its trees ask for: they would read beyond the row."""
    forest = RandomForestClassifier(n_estimators=3).fit(ROWS, TARGET)
    forest.n_features_in_ = 1
    with pytest.raises(BrokenError, match="for 2 columns and not for 1"):
        sound(forest)


@pytest.mark.parametrize(("field", "value"), [("left", 10**6), ("right", 0), ("feature_idx", 2)])
def test_histogram_trees_are_looked_at(field: str, value: int) -> None:
    """Histogram gradient boosting keeps its trees in tables of its own."""
    model = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2).fit(ROWS, TARGET)
    model._predictors[1][0].nodes[field][0] = value
    with pytest.raises(BrokenError, match=r"points at|asks for"):
        sound(model)


def test_categories_that_are_not_there_are_found() -> None:
    """A split by categories points at a set of them."""
    model = of_categories()
    nodes = model._predictors[0][0].nodes
    split = np.flatnonzero(nodes["is_categorical"])[0]
    assert sound(model)
    nodes["bitset_idx"][split] = 99
    with pytest.raises(BrokenError, match="categories"):
        sound(model)


def of_categories() -> Any:
    """Histogram gradient boosting with a split by categories."""
    many = pd.concat([ROWS] * 10)
    model = HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=2, categorical_features=[0])
    return model.fit(many, (many["a"] % 3 == 0).astype(int))


def test_sets_of_categories_are_as_large_as_they_are_read() -> None:
    """Of a smaller set the next ones would be read, or what lies behind them."""
    model = of_categories()
    tree = model._predictors[0][0]
    tree.raw_left_cat_bitsets = tree.raw_left_cat_bitsets[:, :1].copy()
    with pytest.raises(BrokenError, match="sets of categories of another size"):
        sound(model)


@pytest.mark.parametrize("told", ["masks", "numbers", "steps"])
def test_what_prepares_categories_gives_each_column(told: str) -> None:
    """Trees of histograms are handed what it makes of the rows, unchecked."""
    model = of_categories()
    orders = model._preprocessor
    if told == "numbers":
        orders._transformer_to_input_indices["numerical"] = []
    else:
        name, step, mask = orders.transformers_[1]
        other = (step, mask & False) if told == "masks" else (FunctionTransformer(np.ravel), mask)
        orders.transformers_[1] = (name, *other)
    with pytest.raises(BrokenError, match="other columns than its trees"):
        sound(model)


@pytest.mark.parametrize("kind", [GradientBoostingClassifier, RandomForestClassifier])
def test_what_passes_rows_on_is_no_tree(kind: Any) -> None:
    """It is handed rows unchecked, and the tree behind it is one for others."""
    model = kind(n_estimators=2).fit(ROWS, TARGET)
    wide = DecisionTreeRegressor().fit(np.random.default_rng(0).normal(size=(60, 3000)), TARGET)
    model.estimators_[1:] = FrozenEstimator(wide) if kind is GradientBoostingClassifier else [FrozenEstimator(wide)]
    with pytest.raises(BrokenError, match="has a FrozenEstimator for a tree"):
        sound(model)


@pytest.mark.parametrize("most", [1, 2])
def test_trees_that_isolate_have_the_columns_that_they_are_handed(most: int) -> None:
    """All columns of a row, or some of them: nobody looks how many there are."""
    model = IsolationForest(n_estimators=3, max_features=most).fit(ROWS)
    assert sound(model) is model
    model.estimators_[1] = ExtraTreeRegressor().fit(np.random.default_rng(0).normal(size=(60, 3000)), TARGET)
    with pytest.raises(BrokenError, match=f"for 3000 columns and not for {most}"):
        sound(model)


@pytest.mark.parametrize("kind", [KMeans, MiniBatchKMeans])
def test_centers_have_the_columns_of_the_rows(kind: Any) -> None:
    """As far as a row goes its center is read."""
    model = kind(n_clusters=2, n_init=1).fit(ROWS)
    assert sound(model) is model
    model.cluster_centers_ = model.cluster_centers_[:, :1].copy()
    with pytest.raises(BrokenError, match="centers for other columns"):
        sound(model)


def test_such_a_model_is_quarantined_as_broken(tmp_path: Path) -> None:
    """What a person sees is what is wrong with the model."""
    joblib.dump(grown(put("left_child", 10**6)), tmp_path / "model.pkl")
    answer = convert(tmp_path / "model.pkl", tmp_path / "scratch")
    assert (answer.code, answer.value) == ("BrokenError", None)
    assert "a tree of its RandomForestClassifier points at nodes that are not among its" in answer.reason
