"""Checks the trees of XGBoost and LightGBM before anything follows them.

Both libraries take the numbers of nodes, columns and classes in a file as they are, and follow them when asked for an
answer: one that points outside ends the process, or answers with what lies in memory there. What is looked at is what
the libraries themselves write of the loaded model, which is what is stored.
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


def flaw(booster: Any) -> str | None:
    """Return what is wrong with the trees of a booster of XGBoost or LightGBM."""
    if type(booster).__module__.startswith("xgboost"):
        return _of_xgboost(json.loads(bytes(booster.save_raw("json"))))
    return of_lightgbm(booster.model_to_string(num_iteration=-1))


def _of_xgboost(document: Mapping[str, Any]) -> str | None:
    learner = document["learner"]
    sizes, booster = learner["learner_model_param"], learner["gradient_booster"]
    columns = int(sizes["num_feature"])
    groups = max(int(sizes["num_class"]), int(sizes.get("num_target", 1)), 1)
    if booster["name"] == "gblinear":
        right = len(booster["model"]["weights"]) == (columns + 1) * groups
        return None if right else "has other weights than columns"
    model = (booster["gbtree"] if booster["name"] == "dart" else booster)["model"]
    trees, owners = model["trees"], np.asarray(model["tree_info"], dtype=np.int64)
    if len(owners) != len(trees) or not _within(owners, 0, groups):
        return "has trees for classes that are not there"
    if booster["name"] == "dart" and len(booster["weight_drop"]) != len(trees):
        return "has other weights than trees"
    if not _are_categories(model.get("cats", {}), columns):
        return "has categories that are not there"
    return next((found for tree in trees if (found := _xgboost_tree(tree, columns))), None)


def _are_categories(kept: Mapping[str, Any], columns: int) -> bool:
    """Whether the categories that XGBoost keeps of each column are as many as it says, and in some order."""
    if not (found := kept.get("enc", ())):
        return True
    texts = [(one["offsets"], one["values"]) for one in found if "offsets" in one]
    sizes = [max(len(one["offsets"]) - 1, 0) if "offsets" in one else len(one["values"]) for one in found]
    bounds, order = np.asarray(kept["feature_segments"]), np.asarray(kept["sorted_idx"])
    if len(found) != columns or bounds.tolist() != [0, *np.cumsum(sizes).tolist()] or len(order) != bounds[-1]:
        return False
    sorted_each = all(_within(order[a:b], 0, b - a) for a, b in pairwise(bounds.tolist()))
    return sorted_each and all(_are_texts(np.asarray(offsets, dtype=np.int64), len(text)) for offsets, text in texts)


def _are_texts(offsets: Indices, length: int) -> bool:
    """Whether offsets cut a text of a length into pieces."""
    if not len(offsets):
        return not length
    return bool(offsets[0] == 0 and offsets[-1] == length and (np.diff(offsets) >= 0).all())


def _xgboost_tree(tree: Mapping[str, Any], columns: int) -> str | None:
    names = ("left_children", "right_children", "split_indices", "split_conditions", "default_left")
    left, right, feature, *_ = found = [np.asarray(tree[name]) for name in names]
    nodes = int(tree["tree_param"]["num_nodes"])
    if int(tree["tree_param"].get("size_leaf_vector", 0)) > 1:
        return "has leaves of several numbers, which are not looked into"
    if nodes < 1 or any(len(values) != nodes for values in found):
        return f"has a tree that says it has {nodes} nodes and has {len(left)}"
    splits = left != -1
    return _astray(np.concatenate([left[splits], right[splits]]), nodes, feature[splits], columns)


def _astray(children: npt.NDArray[Any], nodes: int, feature: npt.NDArray[Any], columns: int) -> str | None:
    """Return where a tree leads astray. No node is the child of two, nor the first of any: so there are no circles."""
    if not _within(children, 1, nodes) or len(np.unique(children)) != len(children):
        return f"has a tree that points at nodes that are not among its {nodes}, or back"
    if not _within(feature, 0, columns):
        return f"has a tree that asks for columns beyond the {columns} there are"
    return None


def _within(values: npt.NDArray[Any], low: int, high: int) -> bool:
    return not len(values) or bool(values.min() >= low and values.max() < high)


def of_lightgbm(text: str) -> str | None:
    """Return what is wrong with the trees of LightGBM's text.

    Raises:
        KeyError, IndexError, ValueError: it does not say what it must.
    """
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    said = _lines(head)
    columns, classes = int(said["max_feature_idx"]) + 1, int(said["num_class"])
    told = [int(word[10:]) for word in said.get("objective", "").split() if word.startswith("num_class:")]
    if {classes, *told} != {int(said["num_tree_per_iteration"])}:
        return "has trees for classes that are not there"
    return next((found for block in blocks if (found := _lightgbm_tree(_lines(block), columns))), None)


def _lines(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in text.splitlines())}


def _numbers(tree: Mapping[str, str], name: str) -> Indices:
    return np.array([int(word) for word in tree.get(name, "").split()], dtype=np.int64)


def _lightgbm_tree(tree: Mapping[str, str], columns: int) -> str | None:
    leaves = int(tree["num_leaves"])
    if len(tree.get("leaf_value", "").split()) != leaves:
        return f"has a tree that says it has {leaves} leaves and has others"
    names, where = ("left_child", "right_child", "split_feature", "decision_type"), tree.get("threshold", "").split()
    left, right, feature, kind = found = [_numbers(tree, name) for name in names]
    if leaves > 1 and {len(where), *(len(values) for values in found)} != {leaves - 1}:
        return f"has a tree that says it has {leaves} leaves and has {len(left) + 1}"
    if leaves == 1:
        return _linear(tree, columns)
    children = np.concatenate([left, right])
    if not _within(~children[children < 0], 0, leaves):
        return f"has a tree that points at leaves that are not among its {leaves}"
    astray = _astray(children[children >= 0], leaves - 1, feature, columns)
    asked = np.array([int(float(where[i])) for i in np.flatnonzero(kind & 1)], dtype=np.int64)
    return astray or _categories(tree, asked) or _linear(tree, columns)


def _categories(tree: Mapping[str, str], asked: Indices) -> str | None:
    """Return what is wrong with the sets of categories that some splits ask for."""
    bounds, words = _numbers(tree, "cat_boundaries"), len(tree.get("cat_threshold", "").split())
    count = int(tree.get("num_cat", "0"))
    whole = not count or (len(bounds) == count + 1 and bounds[0] == 0 and bounds[-1] == words)
    if whole and (np.diff(bounds) >= 0).all() and _within(asked, 0, count):
        return None
    return "has a tree that points at categories that are not there"


def _linear(tree: Mapping[str, str], columns: int) -> str | None:
    """Return what is wrong with the linear models that stand in the leaves of some trees."""
    if int(tree.get("is_linear", "0")) == 0:
        return None
    counts, used = _numbers(tree, "num_features"), _numbers(tree, "leaf_features")
    enough = len(counts) == int(tree["num_leaves"]) and (counts >= 0).all() and counts.sum() == len(used)
    whole = enough and len(tree.get("leaf_coeff", "").split()) == len(used)
    return None if whole and _within(used, 0, columns) else "has a leaf that asks for columns that are not there"
