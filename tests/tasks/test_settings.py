"""Functions that models hold as settings pass the gate, however they are saved, and nobody but the model calls them."""

import importlib
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
from numpy._core.numeric import _frombuffer  # type: ignore[attr-defined]
from scipy.interpolate import BSpline
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.metrics import get_scorer, get_scorer_names, pairwise
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from podium.pickles import walk
from podium.reviewed import FUNCTIONS, OF_SCIPY, SIMILARITIES
from podium.stand_ins import Name
from podium.streams import BrokenError, SuspectError
from tasks.effects.loading import RestrictedUnpickler, load_staged
from tasks.effects.making import require_call
from tasks.effects.rulings import RefusedGlobalError, require
from tests.tasks.honest import NUMBERS, TARGET, logistic, with_attributes

ELSEWHERE = frozenset({"numpy.round_", *(f"scipy.{name}" for name in OF_SCIPY.split())})
"""Names of which some are those of other versions."""


def joblibbed(model: Any) -> bytes:
    """What joblib writes."""
    file = io.BytesIO()
    joblib.dump(model, file)
    return file.getvalue()


def pickled(protocol: int) -> Callable[[Any], bytes]:
    """What pickle writes in a protocol."""
    return lambda model: pickle.dumps(model, protocol)


SAVE: dict[str, Callable[[Any], bytes]] = {
    **{f"pickle {number}": pickled(number) for number in range(6)},
    "joblib": joblibbed,
    "cloudpickle": cloudpickle.dumps,
}


def loaded(model: Any, save: str, folder: Path) -> Any:
    """A model as the gate lets it through."""
    (folder / "model.pkl").write_bytes(SAVE[save](model))
    return load_staged(folder / "model.pkl").model


def found(full: str) -> Any:
    """What a name stands for here."""
    module, _, name = full.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("save", SAVE)
def test_every_scorer_of_scikit_learn_passes(save: str, tmp_path: Path) -> None:
    """Whatever a search was scored by."""
    for name in get_scorer_names():
        search = GridSearchCV(logistic(), {}, scoring=get_scorer(name))
        search.scorer_ = get_scorer(name)
        got = loaded(search, save, tmp_path)
        assert got.scorer_._score_func is get_scorer(name)._score_func, name


@pytest.mark.parametrize("save", SAVE)
def test_every_function_on_the_list_passes_as_a_setting(save: str, tmp_path: Path) -> None:
    """It is the same function afterwards; those of SciPy are where the installed version has them."""
    for full in sorted(FUNCTIONS - ELSEWHERE):
        model = with_attributes(logistic(), columns=FunctionTransformer(found(full)), best=SelectKBest(found(full)))
        got = loaded(model, save, tmp_path)
        assert got.columns.func is got.best.score_func is found(full), full


@pytest.mark.parametrize("full", sorted(FUNCTIONS))
def test_no_pickle_calls_a_function_of_the_list(full: str) -> None:
    """Neither with something nor with nothing, before and while it is loaded."""
    module, _, name = full.rpartition(".")
    for given in (b")", b"(K\x01t", b"(]K\x02t"):
        content = b"\x80\x04c" + f"{module}\n{name}\n".encode() + given
        for call in (b"R.", b"\x81."):
            with pytest.raises(SuspectError, match="which models only hold"):
                walk(io.BytesIO(content + call), 1 << 20)
    called: list[tuple[Any, ...]] = [(), (1,), ([], 2)]
    for arguments in called:
        with pytest.raises(SuspectError, match="is called in a way"):
            require_call(full, arguments)


@pytest.mark.parametrize("name", ["sin", "reshape", "array"])
def test_the_unpickler_calls_none_either(name: str) -> None:
    """Were the walk led astray."""
    with pytest.raises(SuspectError, match=f"numpy.{name} is called in a way"):
        RestrictedUnpickler("", io.BytesIO(b"\x80\x04cnumpy\n" + name.encode() + b"\n(K\x01tR.")).load()


@pytest.mark.parametrize(
    "full",
    [
        *("numpy.load", "numpy.fromfile", "numpy.vectorize", "numpy.pad", "numpy.diff", "numpy.memmap", "numpy.save"),
        *("numpy.apply_along_axis", "numpy.lib.stride_tricks.as_strided", "numpy.frombuffer", "numpy.empty"),
        *("sklearn.metrics.pairwise.pairwise_kernels", "sklearn.metrics._scorer.make_scorer"),
        *("sklearn.metrics._scorer.get_scorer", "scipy.interpolate._bsplines.make_interp_spline"),
        *("xgboost.callback.CallbackContainer", "xgboost.collective.broadcast", "xgboost.collective.init"),
    ],
)
def test_what_is_near_them_and_does_more_stays_refused(full: str, tmp_path: Path) -> None:
    """What calls an argument, opens a file, goes on without end, or gives back memory that nobody wrote."""
    module, _, name = full.rpartition(".")
    (tmp_path / "model.pkl").write_bytes(f"c{module}\n{name}\n.".encode())
    with pytest.raises(RefusedGlobalError):
        load_staged(tmp_path / "model.pkl")


@pytest.mark.parametrize("name", SIMILARITIES.split())
def test_every_similarity_is_a_kernel_with_the_same_answers(name: str, tmp_path: Path) -> None:
    """A machine of support vectors calls it on the rows it was trained with, which are kept."""
    rows = np.abs(NUMBERS.to_numpy(copy=True))
    model = SVC(kernel=getattr(pairwise, name)).fit(rows, TARGET)
    got = loaded(model, "joblib", tmp_path)
    np.testing.assert_allclose(got.decision_function(rows), model.decision_function(rows), atol=1e-12)


SETTINGS: dict[str, tuple[Callable[[], Any], str]] = {
    "writes elsewhere": (lambda: FunctionTransformer(np.abs, kw_args={"out": np.zeros(3)}), "gives 'out' to a"),
    "writes elsewhere on its way back": (
        lambda: FunctionTransformer(np.abs, inv_kw_args={"out": np.zeros(3)}),
        "gives 'out' to a",
    ),
    "gives back memory as it is": (lambda: FunctionTransformer(np.exp, kw_args={"where": False}), "gives 'where' to a"),
    "an array by the name of a method": (lambda: with_attributes(logistic(), reshape=np.ndarray), "the class ndarray"),
    "a helper by the name of a method": (
        lambda: with_attributes(logistic(), clip=_frombuffer),
        "the helper _frombuffer",
    ),
    "a function that writes into a row": (lambda: KNeighborsClassifier(metric=np.exp), "calls a exp as its metric"),
    "a spline as a function": (
        lambda: FunctionTransformer(BSpline(np.arange(8.0), np.ones(4), 3)),
        "calls a BSpline as its func",
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_a_setting_that_does_more_than_compute_is_refused(case: str, tmp_path: Path) -> None:
    """Of the names of the list, by what they are given or where they stand."""
    make, reason = SETTINGS[case]
    with pytest.raises(BrokenError, match=reason):
        loaded(make(), "joblib", tmp_path)


def encode(text: str) -> str:
    """A function of somebody's own, with the name of one of Python's."""
    return text.lower()


def test_a_function_of_ones_own_is_no_helper(tmp_path: Path) -> None:
    """Whatever its name is: it was named in the config."""
    model = CountVectorizer(preprocessor=encode).fit(["One", "two"])
    joblib.dump(model, tmp_path / "model.pkl")
    got = load_staged(tmp_path / "model.pkl", [f"{__name__}.encode"]).model
    assert got.preprocessor is encode


def test_a_kernel_of_ones_own_is_taken_at_its_word(tmp_path: Path) -> None:
    """It is somebody's own as well."""
    model = SVC(kernel=dot).fit(NUMBERS.to_numpy(), TARGET)
    joblib.dump(model, tmp_path / "model.pkl")
    got = load_staged(tmp_path / "model.pkl", [f"{__name__}.dot"]).model
    np.testing.assert_array_equal(got.predict(NUMBERS.to_numpy()), model.predict(NUMBERS.to_numpy()))


def dot(rows: Any, others: Any) -> Any:
    """A kernel."""
    return rows @ others.T


def test_a_listed_name_of_another_version_is_one() -> None:
    """Where SciPy has moved a function, the ruling is the same."""
    for module in ("scipy.special._ufuncs", "scipy.special._special_ufuncs"):
        assert require(Name(module, "expit"), ()).allowed
