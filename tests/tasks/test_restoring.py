"""What stands in for parts of honest models while they are loaded gives way to what answers the same."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import Birch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from xgboost import XGBClassifier
from xgboost.callback import (
    EarlyStopping,
    EvaluationMonitor,
    LearningRateScheduler,
    TrainingCallback,
    TrainingCheckPoint,
)

from podium.streams import SuspectError
from tasks.effects.loading import load_staged
from tasks.effects.prediction import NotUsableError
from tests.tasks.honest import HISTOGRAMS, KINDS, MIXED, NUMBERS, TARGET, histograms
from tests.tasks.test_gate import converted


def loaded(model: Any, folder: Path) -> Any:
    """A model as the gate lets it through."""
    joblib.dump(model, folder / "model.pkl")
    return loaded_from(folder)


def loaded_from(folder: Path) -> Any:
    """What the gate makes of the file that lies there."""
    return load_staged(folder / "model.pkl").model


@pytest.mark.parametrize("name", HISTOGRAMS)
@pytest.mark.parametrize("protocol", range(6))
def test_histograms_answer_as_they_did(name: str, protocol: int, tmp_path: Path) -> None:
    """With categories of any kind, and stopped early by any score."""
    model = HISTOGRAMS[name]()
    rows = KINDS[list(model.feature_names_in_)]
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model, protocol))
    got = load_staged(tmp_path / "model.pkl").model
    np.testing.assert_array_equal(got.predict_proba(rows), model.predict_proba(rows))
    assert "_raw_predict" not in vars(got)


@pytest.mark.parametrize("kind", ["Float64", "float32", "object"])
def test_numbers_of_any_type_are_converted_as_before(kind: str, tmp_path: Path) -> None:
    """NumPy's own conversion gives what that of scikit-learn gave, gaps too."""
    rows = KINDS.astype({"a": kind, "b": kind}).assign(c=KINDS["c"].mask(KINDS["c"] > 1))
    model = histograms(rows)()
    np.testing.assert_array_equal(loaded(model, tmp_path).predict_proba(rows), model.predict_proba(rows))


def test_that_method_of_another_model_is_not_kept(tmp_path: Path) -> None:
    """Only its own is the one of its class: that of another would answer in its place."""
    one, other = (HistGradientBoostingClassifier(max_iter=2).fit(NUMBERS, TARGET) for _ in range(2))
    vars(one)["_raw_predict"] = other._raw_predict
    got = loaded(one, tmp_path)
    assert vars(got)["_raw_predict"] == "builtins.getattr, not kept"


def test_a_place_to_remember_is_not_kept(tmp_path: Path) -> None:
    """A pipeline that is asked remembers nothing, and none is made of what a file says."""
    memory = joblib.Memory(tmp_path / "memory", verbose=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(), memory=memory).fit(NUMBERS, TARGET)
    got = loaded(model, tmp_path)
    assert got.memory is None
    np.testing.assert_array_equal(got.predict_proba(NUMBERS), model.predict_proba(NUMBERS))


def test_clusters_pass_and_say_why_they_are_not_stored(tmp_path: Path) -> None:
    """What they have grown from is not kept; skops has no format for them."""
    model = make_pipeline(Birch(n_clusters=None), LogisticRegression()).fit(NUMBERS, TARGET)
    np.testing.assert_array_equal(loaded(model, tmp_path).predict_proba(NUMBERS), model.predict_proba(NUMBERS))
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch")
    assert answer.code == "NotUsableError"
    assert "has none for a Birch" in answer.reason


def test_other_functions_with_settings_are_refused(tmp_path: Path) -> None:
    """Whoever needs one writes a function of a module instead."""
    import functools

    from sklearn.preprocessing import FunctionTransformer

    step = FunctionTransformer(functools.partial(np.clip, a_min=-1, a_max=1))
    joblib.dump(make_pipeline(step, LogisticRegression()).fit(NUMBERS, TARGET), tmp_path / "model.pkl")
    with pytest.raises(SuspectError, match=r"functools\.partial, which models do for sklearn"):
        load_staged(tmp_path / "model.pkl")


def test_rows_of_plain_texts_do_too(tmp_path: Path) -> None:
    """Texts of a CSV file are as good as the categories that a model was trained on."""
    model = histograms(KINDS)()
    rows = pd.DataFrame(MIXED)
    np.testing.assert_array_equal(loaded(model, tmp_path).predict_proba(rows), model.predict_proba(KINDS))


CALLBACKS: dict[str, Callable[[Path], list[TrainingCallback]]] = {
    "a monitor": lambda _: [EvaluationMonitor(period=2)],
    "rates by function": lambda _: [LearningRateScheduler(np.exp2)],
    "files on the way": lambda folder: [TrainingCheckPoint(folder / "on the way", interval=1)],
    "all of them": lambda folder: [*CALLBACKS["a monitor"](folder), *CALLBACKS["files on the way"](folder)],
}


@pytest.mark.parametrize("name", CALLBACKS)
@pytest.mark.parametrize("protocol", range(6))
def test_what_was_called_after_each_round_of_training_is_not_kept(name: str, protocol: int, tmp_path: Path) -> None:
    """A model of XGBoost answers without its callbacks, and none of them is made."""
    model = XGBClassifier(n_estimators=4).fit(NUMBERS, TARGET)
    model.callbacks = CALLBACKS[name](tmp_path)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model, protocol))
    got = load_staged(tmp_path / "model.pkl").model
    assert got.callbacks is None
    np.testing.assert_array_equal(got.predict_proba(NUMBERS), model.predict_proba(NUMBERS))


def test_stopping_early_remains_beside_what_is_not_kept(tmp_path: Path) -> None:
    """It tells how the model was trained."""
    model = XGBClassifier(n_estimators=4, callbacks=[EvaluationMonitor(), EarlyStopping(rounds=2)])
    model.fit(NUMBERS, TARGET, eval_set=[(NUMBERS, TARGET)], verbose=False)
    pipe = make_pipeline(StandardScaler(), model)
    pipe[0].fit(NUMBERS)
    assert [type(one).__name__ for one in loaded(model, tmp_path).callbacks] == ["EarlyStopping"]
    assert converted(tmp_path / "model.pkl", tmp_path / "scratch").code == ""
    assert loaded(pipe, tmp_path)[-1].callbacks
    assert converted(tmp_path / "model.pkl", tmp_path / "again").code == ""


@pytest.mark.parametrize("former", ["xgboost.rabit.tracker_print", "xgboost.collective.communicator_print"])
def test_what_wrote_the_lines_of_a_monitor_is_never_called(former: str, tmp_path: Path) -> None:
    """Nor is it found at all: a pickle that calls it, with whatever it likes, gets a note of that."""
    module, _, name = former.rpartition(".")
    (tmp_path / "model.pkl").write_bytes(f"c{module}\n{name}\n(S'said'\ntR.".encode())
    assert loaded_from(tmp_path) == f"{former}, not kept"


@pytest.mark.parametrize("kind", ["TrainingCheckPoint", "LearningRateScheduler", "EvaluationMonitor"])
def test_no_callback_is_made_of_what_a_pickle_brings(kind: str, tmp_path: Path) -> None:
    """Whatever it is called with, and in whatever place of a model it stands, it is a note."""
    (tmp_path / "model.pkl").write_bytes(f"cxgboost.callback\n{kind}\n(S'/etc'\nS'x'\nI01\ntR.".encode())
    assert loaded_from(tmp_path) == f"xgboost.callback.{kind}, not kept"
    step = FunctionTransformer(EvaluationMonitor(), validate=False)
    model = make_pipeline(step, LogisticRegression())
    joblib.dump(model, tmp_path / "model.pkl")
    with pytest.raises(NotUsableError, match=r"callback\.EvaluationMonitor in its func"):
        load_staged(tmp_path / "model.pkl")
