"""Models whose numbers point at nodes, rows, columns or classes that are not there are refused, in every library."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import pytest
import xgboost
from lightgbm import LGBMClassifier
from scipy.sparse import csr_matrix
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from xgboost import XGBClassifier

from podium.streams import BrokenError, SuspectError
from tasks.effects import parts
from tasks.effects.boosters import flaw
from tasks.effects.loading import load_staged
from tasks.effects.trees import sound
from tests.tasks.honest import NUMBERS, TARGET, THREE

KINDS: dict[str, dict[str, Any]] = {
    "trees": {},
    "deep trees": {"max_depth": 12, "min_child_weight": 0},
    "pruned trees": {"gamma": 3.0, "max_depth": 6},
    "by leaves": {"grow_policy": "lossguide", "max_leaves": 5},
    "with dropped trees": {"booster": "dart"},
    "linear": {"booster": "gblinear"},
    "in parallel": {"num_parallel_tree": 3},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["two", "three"])
def test_what_xgboost_trained_is_sound(kind: str, target: str) -> None:
    """Of all its ways to grow trees, and those it prunes again."""
    answers = TARGET if target == "two" else THREE
    assert sound(XGBClassifier(n_estimators=4, **KINDS[kind]).fit(NUMBERS, answers))


@pytest.mark.parametrize("options", [{}, {"linear_tree": True}, {"boosting_type": "dart"}, {"num_leaves": 2}])
def test_what_lightgbm_trained_is_sound(options: dict[str, Any]) -> None:
    """Of numbers, of categories, and with a linear model in each leaf."""
    mixed = NUMBERS.assign(kind=THREE.astype("category"))
    known = {"n_estimators": 3, "min_child_samples": 2, "verbose": -1, "min_data_per_group": 1, **options}
    for rows in (NUMBERS, mixed):
        for answers in (TARGET, THREE):
            assert sound(LGBMClassifier(**known).fit(rows, answers))


def xgboost_file(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A file of XGBoost that somebody changed."""
    booster = XGBClassifier(n_estimators=2, max_depth=3).fit(NUMBERS, TARGET).get_booster()
    document = json.loads(bytes(booster.save_raw("json")))
    change(document["learner"]["gradient_booster"]["model"])
    path = folder / "model.json"
    path.write_text(json.dumps(document))
    return path


def put(name: str, value: int) -> Callable[[dict[str, Any]], None]:
    """Return what changes the first node of the second tree."""
    return lambda model: model["trees"][1][name].__setitem__(0, value)


XGBOOST: dict[str, Callable[[dict[str, Any]], None]] = {
    "a child that is not there": put("left_children", 10**6),
    "a child before the first": put("right_children", -7),
    "a circle": put("left_children", 0),
    "a column that is not there": put("split_indices", 3),
    "a column far away": put("split_indices", 10**6),
    "a class that is not there": lambda model: model["tree_info"].__setitem__(0, 10**6),
    "the next class": lambda model: model["tree_info"].__setitem__(0, 1),
}


@pytest.mark.parametrize("change", XGBOOST)
def test_a_tree_of_xgboost_that_leads_astray_is_refused(change: str, tmp_path: Path) -> None:
    """XGBoost loads and stores it, and falls over when it is asked."""
    with pytest.raises(BrokenError, match=r"its Booster has (a tree that|trees for)"):
        load_staged(xgboost_file(tmp_path, XGBOOST[change]))


def test_a_booster_deep_inside_a_pickle_is_looked_at(tmp_path: Path) -> None:
    """A pipeline of scikit-learn holds it as bytes."""
    booster = xgboost.Booster()
    booster.load_model(bytearray(xgboost_file(tmp_path, put("left_children", 10**6)).read_bytes()))
    model = XGBClassifier(n_estimators=2).fit(NUMBERS, TARGET)
    model._Booster = booster
    joblib.dump(make_pipeline(StandardScaler(), "passthrough", model), tmp_path / "model.pkl")
    with pytest.raises(BrokenError, match="its Booster has a tree that points at nodes"):
        load_staged(tmp_path / "model.pkl")


def lightgbm_text() -> str:
    """A model of LightGBM as text."""
    model = LGBMClassifier(n_estimators=2, min_child_samples=2, verbose=-1).fit(NUMBERS, TARGET)
    return str(model.booster_.model_to_string())


class Telling:
    """What LightGBM would write of a model."""

    def __init__(self, text: str) -> None:
        self.text = text

    def model_to_string(self, num_iteration: int) -> str:
        """Return the text."""
        assert num_iteration == -1
        return self.text


LIGHTGBM = {
    "a child that is not there": (r"(left_child=)\S+", r"\g<1>99999", "points at nodes"),
    "a circle": (r"(right_child=)\S+", r"\g<1>0", "points at nodes"),
    "a leaf that is not there": (r"(left_child=)\S+", r"\g<1>-9999", "points at leaves"),
    "a column that is not there": (r"(split_feature=)\S+", r"\g<1>3", "columns beyond"),
    "more leaves than it has": (r"(num_leaves=)\S+", r"\g<1>900", "leaves and has"),
    "categories that are not there": (r"(decision_type=)\S+", r"\g<1>1", "categories"),
    "more classes than trees": (r"(num_class=)\S+", r"\g<1>5", "classes"),
    "more trees than classes": (r"(num_tree_per_iteration=)\S+", r"\g<1>5", "classes"),
    "an objective of more classes": (r"(objective=).*", r"\g<1>multiclass num_class:500", "classes"),
}


@pytest.mark.parametrize("change", LIGHTGBM)
def test_a_tree_of_lightgbm_that_leads_astray_is_found(change: str) -> None:
    """What LightGBM writes of it says so."""
    old, new, reason = LIGHTGBM[change]
    changed, times = re.subn(old, new, lightgbm_text(), count=1)
    assert times == 1
    assert reason in (flaw(Telling(changed)) or "")


@pytest.mark.parametrize("change", ["a circle", "a column that is not there", "more classes than trees"])
def test_a_file_of_lightgbm_that_leads_astray_is_refused(change: str, tmp_path: Path) -> None:
    """LightGBM loads it, and hangs or answers with what lies in memory when it is asked."""
    old, new, reason = LIGHTGBM[change]
    head, _, rest = re.sub(old, new, lightgbm_text(), count=1).partition("tree_sizes=")
    sizes = [len(f"Tree={block}".encode()) for block in rest.partition("end of trees")[0].split("Tree=")[1:]]
    changed = f"{head}tree_sizes={' '.join(map(str, sizes))}\n{rest.partition(chr(10))[2]}"
    assert lightgbm.Booster(model_str=changed).num_trees() == 2
    (tmp_path / "model.txt").write_text(changed)
    with pytest.raises(BrokenError, match=reason):
        load_staged(tmp_path / "model.txt")


def test_a_search_tree_is_grown_anew(tmp_path: Path) -> None:
    """The numbers of rows in a search tree are not believed: its answers are those of its rows."""
    model = KNeighborsClassifier(algorithm="kd_tree", leaf_size=5).fit(NUMBERS, TARGET)
    meant, state = model.predict_proba(NUMBERS), list(model._tree.__getstate__())
    state[1] = np.full_like(np.asarray(state[1]), 10**9)
    model._tree.__setstate__(tuple(state))
    joblib.dump(model, tmp_path / "model.pkl")
    np.testing.assert_array_equal(load_staged(tmp_path / "model.pkl").model.predict_proba(NUMBERS), meant)


def neighbours_of_another_class() -> Any:
    """Neighbours that answer with a class that is not there."""
    model = KNeighborsClassifier(algorithm="brute").fit(NUMBERS, TARGET)
    model._y = model._y + 10**6
    return model


def vectors(**changes: Any) -> Callable[[], Any]:
    """Support vectors with other numbers than belong together."""

    def make() -> Any:
        model = SVC().fit(NUMBERS, TARGET)
        vars(model).update({name: change(getattr(model, name)) for name, change in changes.items()})
        return model

    return make


def sparse_vectors() -> Any:
    """Sparse support vectors of a column that is not there."""
    model = SVC().fit(csr_matrix(NUMBERS.to_numpy()), TARGET)
    model.support_vectors_.indices[0] = 10**6
    return model


def boosting_of_more() -> Any:
    """Boosted trees for more classes than there is place for."""
    model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, TARGET)
    model.estimators_ = np.repeat(model.estimators_, 50, axis=1)
    return model


def boosting_that_begins_otherwise() -> Any:
    """Boosted trees of three classes that begin with two."""
    model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, THREE)
    model.init_ = GradientBoostingClassifier(n_estimators=1).fit(NUMBERS, TARGET).init_
    return model


CROOKED: dict[str, tuple[Callable[[], Any], str]] = {
    "neighbours": (neighbours_of_another_class, "classes that are not there"),
    "fewer vectors": (vectors(_n_support=lambda n: n * 1000), "number of vectors"),
    "fewer weights": (vectors(_dual_coef_=lambda w: w[:, :2]), "number of weights"),
    "no thresholds": (vectors(_intercept_=lambda t: t[:0]), "number of thresholds"),
    "other scales": (vectors(_probA=lambda s: np.zeros(3)), "number of scales"),
    "narrow vectors": (vectors(support_vectors_=lambda v: v[:, :1].copy()), "shape of its vectors"),
    "sparse vectors": (sparse_vectors, "is not whole"),
    "more trees": (boosting_of_more, "classes that are not there"),
    "another beginning": (boosting_that_begins_otherwise, "other classes than it has"),
}


@pytest.mark.parametrize("case", CROOKED)
def test_numbers_that_do_not_belong_together_are_refused(case: str, tmp_path: Path) -> None:
    """Compiled code would read or write where nothing is."""
    make, reason = CROOKED[case]
    joblib.dump(make(), tmp_path / "model.pkl")
    with pytest.raises(BrokenError, match=reason):
        load_staged(tmp_path / "model.pkl")


def test_nothing_hides_behind_many_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds more than can be looked at is refused, and not half looked at."""
    monkeypatch.setattr(parts, "MOST", 100)
    model = SVC().fit(NUMBERS, TARGET)
    model.more_ = [[] for _ in range(200)]
    with pytest.raises(SuspectError, match="more than 100 objects"):
        sound(model)
