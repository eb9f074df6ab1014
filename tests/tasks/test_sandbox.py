"""Staged models are loaded where they can do no harm."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from configs.schema import SandboxSection
from tasks.effects.sandbox import Answer, clean_environment, sandbox
from tests.tasks.hostile import HOSTILE

LIMITS = SandboxSection(seconds=60)
Maker = Callable[[Path, Path], None]


def convert(model: Path, scratch: Path, limits: SandboxSection = LIMITS, **request: Any) -> Answer:
    """Ask the sandbox to convert a model file."""
    scratch.mkdir(exist_ok=True)
    known = {"holdout": None, "features": [], "requirements": [], "extra_globals": []}
    places = {"model": str(model), "out": str(scratch / "out"), "predictions": str(scratch / "said.npz")}
    return sandbox().ask("convert", scratch, limits, **{**known, **places, **request})


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Forty rows of two numbers."""
    return pd.DataFrame({"a": [i % 7 for i in range(40)], "b": [(i * i) % 11 for i in range(40)]}, dtype="float64")


@pytest.fixture(scope="module")
def target(rows: pd.DataFrame) -> "pd.Series[int]":
    """A label that the rows explain."""
    return (rows["a"] + rows["b"] > 8).astype(int)


@pytest.mark.parametrize("make", HOSTILE, ids=lambda m: m.__name__)
def test_a_hostile_file_is_refused_and_runs_nothing(make: Maker, tmp_path: Path) -> None:
    """Whatever way a pickle takes to a call, the call is refused by name and does not happen."""
    model, witness = tmp_path / "model.pkl", tmp_path / "witness"
    make(model, witness)
    answer = convert(model, tmp_path / "scratch")
    assert answer.code == "RefusedGlobalError"
    assert not witness.exists()


HONEST = {
    "logistic regression": LogisticRegression(),
    "random forest": RandomForestClassifier(5),
    "gradient boosting": GradientBoostingClassifier(n_estimators=3),
    "decision tree": DecisionTreeClassifier(),
    "support vectors": SVC(probability=False),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    "calibrated": CalibratedClassifierCV(LogisticRegression(), cv=2),
    "voting": VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier())]),
    "stacking": StackingClassifier([("a", LogisticRegression())], cv=2),
    "xgboost": XGBClassifier(n_estimators=3),
    "xgboost in a pipeline": make_pipeline(StandardScaler(), XGBClassifier(n_estimators=3)),
    "lightgbm": LGBMClassifier(n_estimators=3, verbose=-1),
}


@pytest.mark.parametrize("model", HONEST.values(), ids=HONEST.keys())
def test_an_honest_model_is_stored_without_pickle_and_predicts_the_same(
    model: Any, rows: pd.DataFrame, target: "pd.Series[int]", tmp_path: Path
) -> None:
    """Every kind of classifier people stage passes, with the same answers from the stored form."""
    joblib.dump(model.fit(rows, target), tmp_path / "model.pkl")
    answer = convert(tmp_path / "model.pkl", tmp_path / "scratch")
    assert answer.value is not None, answer.reason
    assert answer.value["parity"]["largest_difference"] <= 1e-6
    stored = {p.suffix for p in (tmp_path / "scratch" / "out").iterdir()}
    assert stored & {".skops", ".ubj"}
    assert not stored & {".pkl", ".joblib"}


@pytest.mark.parametrize("compress", ["zlib", "gzip", "bz2", "xz", "lzma"])
def test_compressed_models_are_read(
    compress: str, rows: pd.DataFrame, target: "pd.Series[int]", tmp_path: Path
) -> None:
    """A model that joblib compressed is read whatever the compression."""
    joblib.dump(LogisticRegression().fit(rows, target), tmp_path / "model.pkl", compress=(compress, 3))
    assert convert(tmp_path / "model.pkl", tmp_path / "scratch").value is not None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not a model at all", ""),
        (pickle.dumps({"a": 1}), "cannot predict"),
        (pickle.dumps(LogisticRegression()), "not a trained classifier"),
        (joblib.hash(1).encode(), ""),
    ],
    ids=["text", "a dictionary", "untrained", "a hash"],
)
def test_what_is_no_model_is_an_answer(content: bytes, reason: str, tmp_path: Path) -> None:
    """A file that holds no usable model is refused with a reason, and the sandbox lives on."""
    (tmp_path / "model.pkl").write_bytes(content)
    answer = convert(tmp_path / "model.pkl", tmp_path / "scratch")
    assert answer.value is None
    assert answer.reason
    assert reason in answer.reason


def test_a_truncated_model_is_an_answer(made: Path, tmp_path: Path) -> None:
    """Half a file is refused with a reason."""
    whole = (made / "staging" / "random_forest_20250820_104726" / "model.pkl").read_bytes()
    (tmp_path / "model.pkl").write_bytes(whole[: len(whole) // 2])
    assert convert(tmp_path / "model.pkl", tmp_path / "scratch").reason


def test_a_model_that_takes_too_long_is_stopped(made: Path, tmp_path: Path) -> None:
    """Past its time a child is killed, and that is the answer."""
    model = made / "staging" / "random_forest_20250820_104726" / "model.pkl"
    answer = convert(model, tmp_path / "scratch", SandboxSection(seconds=0.05))
    assert answer.code == "timeout"


def test_a_model_that_needs_too_much_memory_is_stopped(tmp_path: Path) -> None:
    """A file that asks for more memory than allowed ends in an answer, not in a dead machine."""
    # BINBYTES8 announces 2 TB.
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04\x8e" + (2 << 40).to_bytes(8, "little") + b"x.")
    answer = convert(tmp_path / "model.pkl", tmp_path / "scratch", SandboxSection(memory_mb=4096))
    assert answer.value is None
    assert answer.reason


def test_missing_columns_are_named(made: Path, tmp_path: Path) -> None:
    """A model whose columns the holdout lacks is refused by the name of the column."""
    holdout = tmp_path / "holdout.parquet"
    pd.read_parquet(made / "holdout.parquet").drop(columns="tenure").to_parquet(holdout)
    model = made / "staging" / "xgboost_20250820_114557" / "model.pkl"
    assert "tenure" in convert(model, tmp_path / "scratch", holdout=str(holdout)).reason


def test_the_sandbox_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment only what Python needs to start is passed on."""
    for name in ("AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD", "PREFECT_API_KEY", "MY_TOKEN"):
        monkeypatch.setenv(name, "secret")
    assert "secret" not in clean_environment().values()


def test_no_scratch_is_left(made: Path, tmp_path: Path) -> None:
    """A conversion writes below its own scratch folder only."""
    folder = tmp_path / "staged"
    shutil.copytree(made / "staging" / "logistic_regression_20250820_104738", folder)
    before = sorted(folder.iterdir())
    convert(folder / "model.pkl", tmp_path / "scratch")
    assert sorted(folder.iterdir()) == before
