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
from scipy.sparse import csr_matrix, issparse
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.gaussian_process.kernels import RBF, Sum, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise
from sklearn.neighbors import KNeighborsClassifier, RadiusNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, SplineTransformer, StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM
from xgboost import XGBClassifier

from podium.streams import BrokenError, SuspectError
from tasks.effects import parts
from tasks.effects.boosters import flaw
from tasks.effects.loading import load_staged
from tasks.effects.trees import sound
from tests.tasks.honest import AMOUNT, NUMBERS, TARGET, THREE

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


def neighbours(**changes: Any) -> Callable[[], Any]:
    """Neighbours with other attributes than they were trained with."""

    def make() -> Any:
        model = KNeighborsClassifier(algorithm="brute", metric="manhattan").fit(NUMBERS.to_numpy(), TARGET)
        return with_changes(model, changes)

    return make


def with_changes(model: Any, changes: dict[str, Any]) -> Any:
    """A model with other attributes than it was trained with."""
    vars(model).update(changes)
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


def with_kernel(kernel: Any, **changes: Any) -> Callable[[], Any]:
    """Support vectors with a kernel of their own, and other attributes than they were trained with."""

    def make() -> Any:
        model = SVC(kernel=pairwise.rbf_kernel).fit(NUMBERS.to_numpy(), TARGET)
        vars(model).update({"kernel": kernel, **changes})
        return model

    return make


def of_a_number(**changes: Any) -> Callable[[], Any]:
    """Support vectors that predict a number, with other attributes than they were trained with."""

    def make() -> Any:
        model = SVR().fit(NUMBERS, AMOUNT)
        vars(model).update(changes)
        return model

    return make


def splines(**changes: Any) -> Callable[[], Any]:
    """Splines of which one has other attributes than it was trained with."""

    def make() -> Any:
        model = SplineTransformer(n_knots=4).fit(NUMBERS)
        vars(model.bsplines_[1]).update(changes)
        return model

    return make


def random_numbers(kind: Any, **places: int) -> Callable[[], Any]:
    """A model that answers by random numbers, whose source says that it is somewhere else."""

    def make() -> Any:
        source = kind(0)
        state = source.state
        (state["state"] if "pos" in places else state).update(places)
        source.state = state
        return DummyClassifier(strategy="stratified", random_state=np.random.RandomState(source)).fit(NUMBERS, TARGET)

    return make


def by_generator() -> Any:
    """A source of random numbers of the newer kind, beside a model."""
    model = DummyClassifier().fit(NUMBERS, TARGET)
    model.source_ = np.random.Generator(
        random_numbers(np.random.Philox, buffer_pos=-1000)().random_state._bit_generator
    )
    return model


def boosting_of_more() -> Any:
    """Boosted trees for more classes than there is place for."""
    model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, TARGET)
    model.estimators_ = np.repeat(model.estimators_, 50, axis=1)
    return model


def boosting_that_begins_with(step: Callable[[], Any]) -> Callable[[], Any]:
    """Boosted trees that begin with a model behind a step of which the numbers do not belong together."""

    def make() -> Any:
        model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, TARGET)
        rows = SplineTransformer(n_knots=4).fit_transform(NUMBERS)
        model.init_ = make_pipeline(step(), LogisticRegression().fit(rows, TARGET))
        return model

    return make


def boosting_of_a_number(**changes: Any) -> Callable[[], Any]:
    """Boosted trees that predict a number, with many trees where there is a place for one."""

    def make() -> Any:
        model = GradientBoostingRegressor(n_estimators=1).fit(NUMBERS, AMOUNT)
        model.estimators_ = np.repeat(model.estimators_, 50, axis=1)
        return with_changes(model, changes)

    return make


def boosting_by_another_loss() -> Any:
    """Boosted trees of three classes that begin with one number for each row."""
    model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, THREE)
    model._loss = GradientBoostingClassifier(n_estimators=1).fit(NUMBERS, TARGET)._loss
    return model


def boosting_of_one_row() -> Any:
    """Boosted trees that begin with one row, however many there are."""
    model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, TARGET)
    one = FunctionTransformer(np.max, kw_args={"axis": 0, "keepdims": True})
    model.init_ = make_pipeline(one, LogisticRegression().fit(NUMBERS.to_numpy(), TARGET))
    return model


def one_hot(options: dict[str, Any], **changes: Any) -> Callable[[], Any]:
    """Categories behind which columns are made dense, with other attributes than were trained."""

    def make() -> Any:
        rows = np.column_stack([np.arange(60) % 2, np.arange(60) ** 2 % 7])
        model = OneHotEncoder(**options).fit(rows)
        columns = ColumnTransformer([("all", model, [0, 1])], sparse_threshold=0).fit(rows)
        with_changes(columns.transformers_[0][1], changes)
        return columns

    return make


def counted(kind: Any, **known: int) -> Callable[[], Any]:
    """Words or keys that have other columns than there are."""
    rows: list[Any] = ["aa bb"] if kind is CountVectorizer else [{"aa": 1, "bb": 2}]
    return lambda: with_changes(kind().fit(rows), {"vocabulary_": known})


def boosting_of_boosting() -> Any:
    """Boosted trees that begin with boosted trees for more classes than there is place for."""
    model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, TARGET)
    model.init_ = boosting_of_more()
    return model


def boosting_of_itself() -> Any:
    """Boosted trees that begin with themselves."""
    model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, TARGET)
    model.init_ = model
    return model


def boosting_that_begins_otherwise() -> Any:
    """Boosted trees of three classes that begin with two."""
    model = GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, THREE)
    model.init_ = GradientBoostingClassifier(n_estimators=1).fit(NUMBERS, TARGET).init_
    return model


CROOKED: dict[str, tuple[Callable[[], Any], str]] = {
    "neighbours": (neighbours_of_another_class, "classes that are not there"),
    "classes that are a list": (neighbours(classes_=[0, 1], _y=np.full(60, 3000)), "classes that are not there"),
    "answers in a table": (neighbours(_y=np.zeros((60, 1), dtype=int)), "classes that are not there"),
    "neighbours of more rows": (neighbours(n_samples_fit_=3000), "other rows or columns"),
    "neighbours of no rows": (neighbours(_fit_X=np.ones((0, 3)), _y=np.zeros(0, int), n_samples_fit_=0), "other rows"),
    "fewer columns than categories": (one_hot({}, _n_features_outs=[1, 1]), "categories that are not there"),
    "numbers in disorder": (one_hot({}, categories_=[np.array([1, 0]), np.arange(7)]), "numbers in disorder"),
    "numbers behind what is none": (
        one_hot({}, categories_=[np.array([np.nan, 1.0]), np.arange(7)]),
        "numbers in disorder",
    ),
    "a dropped category that is not there": (
        one_hot({"drop": "first"}, _drop_idx_after_grouping=np.array([-5, 0], dtype=object)),
        "categories that are not there",
    ),
    "a dropped category between two": (
        one_hot({"drop": "first"}, _drop_idx_after_grouping=np.array([-0.5, 0])),
        "is not whole",
    ),
    "rare categories elsewhere": (
        one_hot({"max_categories": 2}, _default_to_infrequent_mappings=[np.full(2, 3000), np.full(7, 3000)]),
        "categories that are not there",
    ),
    "rare categories of nothing": (
        one_hot({"max_categories": 2}, _default_to_infrequent_mappings=[None, None]),
        "is not whole",
    ),
    "words beyond the last": (counted(CountVectorizer, aa=7000, bb=-9), "other columns than words"),
    "keys beyond the last": (counted(DictVectorizer, aa=0, bb=2), "other columns than words"),
    "fewer vectors": (vectors(_n_support=lambda n: n * 1000), "number of vectors"),
    "fewer weights": (vectors(_dual_coef_=lambda w: w[:, :2]), "number of weights"),
    "no thresholds": (vectors(_intercept_=lambda t: t[:0]), "number of thresholds"),
    "other scales": (vectors(_probA=lambda s: np.zeros(3)), "number of scales"),
    "narrow vectors": (vectors(support_vectors_=lambda v: v[:, :1].copy()), "shape of its vectors"),
    "sparse vectors": (sparse_vectors, "is not whole"),
    "a kernel that is a function of numpy": (with_kernel(np.abs), "another kernel"),
    "a kernel of functions of numpy": (with_kernel(Sum(np.abs, np.abs)), "another kernel"),
    "a kernel of fewer rows": (with_kernel(pairwise.rbf_kernel, _BaseLibSVM__Xfit=np.ones((3, 3))), "another kernel"),
    "a kernel of no rows": (with_kernel(pairwise.rbf_kernel, _BaseLibSVM__Xfit=[[1.0]]), "another kernel"),
    "a kernel that is sparse": (with_kernel(pairwise.rbf_kernel, _sparse=True), "another kernel"),
    "weights of a number": (of_a_number(_dual_coef_=np.ones((1, 2))), "number of weights"),
    "counts of a number": (of_a_number(_n_support=np.array([7], dtype=np.int32)), "number of vectors"),
    "another machine": (of_a_number(_impl="c_svc"), "kind of machine"),
    "a spline of a degree below zero": (splines(k=-5), "cannot be negative"),
    "a spline of a degree beyond its knots": (splines(k=100_000), "Need at least"),
    "a spline of fewer weights": (splines(_c=np.ones((1, 6))), "inconsistent"),
    "a spline of knots in disorder": (splines(_t=np.arange(10.0)[::-1].copy()), "non-decreasing"),
    "a spline of other numbers": (splines(_t=np.arange(10)), "else than numbers"),
    "a spline of objects": (splines(_c=np.full((6, 6), None)), "else than numbers"),
    "a spline along another axis": (splines(axis=1), "another axis"),
    "random numbers from behind": (random_numbers(np.random.MT19937, pos=700), "from where none are"),
    "random numbers from before": (random_numbers(np.random.MT19937, pos=-100), "from where none are"),
    "random numbers from before a buffer": (random_numbers(np.random.Philox, buffer_pos=-1000), "from where none are"),
    "random numbers of a generator": (by_generator, "from where none are"),
    "a beginning that is not whole": (boosting_that_begins_with(splines(k=-5)), "cannot be negative"),
    "a beginning of more trees": (boosting_of_boosting, "classes that are not there"),
    "a beginning without end": (boosting_of_itself, "is not whole: RecursionError"),
    "more trees": (boosting_of_more, "classes that are not there"),
    "more trees of a number": (boosting_of_a_number(), "classes that are not there"),
    "classes of a number": (
        boosting_of_a_number(classes_=np.arange(50), n_trees_per_iteration_=50, init_="zero"),
        "classes that are not there",
    ),
    "a beginning of one row": (boosting_of_one_row, "other classes than it has"),
    "a beginning by another loss": (boosting_by_another_loss, "other classes than it has"),
    "another beginning": (boosting_that_begins_otherwise, "other classes than it has"),
}


@pytest.mark.parametrize("case", CROOKED)
def test_numbers_that_do_not_belong_together_are_refused(case: str, tmp_path: Path) -> None:
    """Compiled code would read or write where nothing is."""
    make, reason = CROOKED[case]
    joblib.dump(make(), tmp_path / "model.pkl")
    with pytest.raises(BrokenError, match=reason):
        load_staged(tmp_path / "model.pkl")


def test_splines_are_made_anew(tmp_path: Path) -> None:
    """What else one holds is gone, and it answers as it did."""
    model = splines(_asarray=np.ravel, further=np.abs)()
    meant = SplineTransformer(n_knots=4).fit(NUMBERS).transform(NUMBERS)
    joblib.dump(model, tmp_path / "model.pkl")
    loaded = load_staged(tmp_path / "model.pkl").model
    np.testing.assert_array_equal(loaded.transform(NUMBERS), meant)
    assert not {"further"} & vars(loaded.bsplines_[1]).keys()


def test_splines_of_an_earlier_scipy_are_brought_up_to_date(tmp_path: Path) -> None:
    """They named their numbers otherwise."""
    model = SplineTransformer(n_knots=4).fit(NUMBERS)
    meant = model.transform(NUMBERS)
    for spline in model.bsplines_:
        former = {"t": spline.t, "c": spline.c, "k": spline.k, "extrapolate": spline.extrapolate, "axis": 0}
        vars(spline).clear()
        vars(spline).update(former)
    joblib.dump(model, tmp_path / "model.pkl")
    np.testing.assert_array_equal(load_staged(tmp_path / "model.pkl").model.transform(NUMBERS), meant)


@pytest.mark.parametrize("kind", [SVC, NuSVC, SVR, NuSVR, OneClassSVM])
@pytest.mark.parametrize(
    "kernel",
    ["rbf", "linear", pairwise.laplacian_kernel, RBF() + WhiteKernel()],
    ids=["rbf", "linear", "called", "sum"],
)
def test_whole_machines_of_support_vectors_are_sound(kind: Any, kernel: Any) -> None:
    """Of every kind, for labels and for numbers, on dense and on sparse rows."""
    for rows in (NUMBERS.to_numpy(), csr_matrix(NUMBERS.to_numpy())):
        if not (callable(kernel) and issparse(rows)):
            model = kind(kernel=kernel).fit(rows, AMOUNT if kind in {SVR, NuSVR} else TARGET)
            assert sound(model) is model


WHOLE: dict[str, Callable[[], Any]] = {
    "columns": one_hot({}),
    "without the first": one_hot({"drop": "first"}),
    "without one of two": one_hot({"drop": "if_binary"}),
    "without some": one_hot({"drop": [1, 4]}),
    "with rare ones": one_hot({"min_frequency": 10}),
    "with few, without the first": one_hot({"max_categories": 2, "drop": "first"}),
    "with a gap": lambda: OneHotEncoder(min_frequency=2).fit(np.array([[1.0], [np.nan], [1.0], [0.0]])),
    "texts in an order": lambda: OneHotEncoder(categories=[["low", "mid", "high"]]).fit([["mid"]]),
    "objects in disorder": lambda: OneHotEncoder(categories=[[3, 1, 2]]).fit(np.array([[1], [2]], dtype=object)),
    "texts and a gap": lambda: OneHotEncoder().fit(np.array([["a"], [None]], dtype=object)),
    "words": lambda: CountVectorizer(max_features=2).fit(["aa bb", "aa cc"]),
    "some words": lambda: TfidfVectorizer(vocabulary={"bb": 0, "aa": 1}).fit(["aa bb"]),
    "keys": lambda: DictVectorizer().fit([{"aa": 1, "bb": "x"}]),
    "boosting of numbers": lambda: GradientBoostingRegressor(n_estimators=2, init="zero").fit(NUMBERS, AMOUNT),
    "boosting of losses": lambda: GradientBoostingClassifier(n_estimators=2, loss="exponential").fit(NUMBERS, TARGET),
    "boosting from a model": lambda: GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()).fit(
        NUMBERS, THREE
    ),
    "neighbours of two answers": lambda: KNeighborsClassifier().fit(NUMBERS, np.column_stack([TARGET, THREE])),
    "neighbours of a table": lambda: KNeighborsClassifier().fit(NUMBERS, THREE.to_frame()),
    "neighbours within reach": lambda: RadiusNeighborsClassifier().fit(NUMBERS, THREE),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
def test_what_was_trained_is_whole(kind: str) -> None:
    """Encoders, boosting and neighbours as people train them."""
    model = WHOLE[kind]()
    assert sound(model) is model


def test_nothing_hides_behind_many_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds more than can be looked at is refused, and not half looked at."""
    monkeypatch.setattr(parts, "MOST", 100)
    model = SVC().fit(NUMBERS, TARGET)
    model.more_ = [[] for _ in range(200)]
    with pytest.raises(SuspectError, match="more than 100 objects"):
        sound(model)
