"""Staged models are loaded where they can do no harm."""

import hashlib
import importlib
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from xgboost import XGBClassifier

from configs.schema import SandboxSection
from tasks.effects.sandbox import Answer, Sandbox, clean_environment, sandbox

LIMITS = SandboxSection(seconds=60)
Maker = Callable[[Path, Path], None]


def convert(
    model: Path, scratch: Path, limits: SandboxSection = LIMITS, by: Sandbox | None = None, **request: Any
) -> Answer:
    """Ask the sandbox to convert a model file."""
    scratch.mkdir(exist_ok=True)
    known: dict[str, Any] = {"holdout": None, "sha256": None, "preprocessors": [], "versions": {}}
    known |= {"features": [], "types": {}, "extra_globals": []}
    places = {"model": str(model), "out": str(scratch / "out"), "predictions": str(scratch / "said.npz")}
    return (by or sandbox()).ask("convert", scratch, limits, **{**known, **places, **request})


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Forty rows of two numbers."""
    return pd.DataFrame({"a": [i % 7 for i in range(40)], "b": [(i * i) % 11 for i in range(40)]}, dtype="float64")


@pytest.fixture(scope="module")
def target(rows: pd.DataFrame) -> "pd.Series[int]":
    """A label that the rows explain."""
    return (rows["a"] + rows["b"] > 8).astype(int)


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


@pytest.mark.parametrize("model", [KNeighborsClassifier(), XGBClassifier(n_estimators=80, max_depth=12, n_jobs=1)])
def test_a_model_that_writes_too_large_a_file_is_stopped(model: Any, tmp_path: Path) -> None:
    """Past what the config allows for one file nothing more is written, and that is the answer, by limit and name."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(20_000, 8))).rename(columns=str)
    joblib.dump(model.fit(rows, rng.integers(0, 2, len(rows))), tmp_path / "model.pkl")
    answer = convert(tmp_path / "model.pkl", tmp_path / "scratch", SandboxSection(file_mb=1))
    assert answer.reason == "it takes a file of more than sandbox.file_mb allows, 1 MB"
    assert max(file.stat().st_size for file in (tmp_path / "scratch").rglob("*")) <= 1 << 20


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
    assert "secret" not in clean_environment("/nowhere").values()


def test_nobody_else_can_fill_the_home_of_the_sandbox(tmp_path: Path) -> None:
    """Python would run what it finds in the user site of its home: the home is a folder of the sandbox's own."""
    environment = clean_environment(str(tmp_path))
    assert (environment["HOME"], environment["PYTHONNOUSERSITE"]) == (str(tmp_path), "1")


def test_no_scratch_is_left(made: Path, tmp_path: Path) -> None:
    """A conversion writes below its own scratch folder only."""
    folder = tmp_path / "staged"
    shutil.copytree(made / "staging" / "logistic_regression_20250820_104738", folder)
    before = sorted(folder.iterdir())
    convert(folder / "model.pkl", tmp_path / "scratch")
    assert sorted(folder.iterdir()) == before


def test_a_file_that_changed_since_it_was_read_is_not_loaded(made: Path, tmp_path: Path) -> None:
    """What is loaded are the bytes that were fingerprinted, or nothing."""
    model = made / "staging" / "xgboost_20250820_114557" / "model.pkl"
    assert "changed since" in convert(model, tmp_path / "scratch", sha256="0" * 64).reason
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert convert(model, tmp_path / "again", sha256=digest).value is not None


def test_libraries_deep_inside_a_model_are_required(rows: pd.DataFrame, target: Any, tmp_path: Path) -> None:
    """A voting model with an XGBoost member needs xgboost where it is loaded."""
    members = [("x", XGBClassifier(n_estimators=2)), ("l", LogisticRegression())]
    joblib.dump(VotingClassifier(members).fit(rows, target), tmp_path / "model.pkl")
    assert convert(tmp_path / "model.pkl", tmp_path / "scratch").value is not None
    required = (tmp_path / "scratch" / "out" / "requirements.txt").read_text()
    assert "xgboost==" in required
    assert "lightgbm==" not in required


OWN = """
from sklearn.base import BaseEstimator, TransformerMixin


class Doubling(TransformerMixin, BaseEstimator):
    def fit(self, rows, target=None):
        self.fitted_ = True
        return self

    def transform(self, rows):
        return rows * 2
"""


def test_a_class_of_ones_own_is_stored_once_it_is_named(
    rows: pd.DataFrame, target: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named in the config and importable, a class of one's own passes the gate, the storing and the parity check."""
    (tmp_path / "own_features.py").write_text(OWN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.syspath_prepend(str(tmp_path))
    doubling = importlib.import_module("own_features").Doubling
    joblib.dump(make_pipeline(doubling(), LogisticRegression()).fit(rows, target), tmp_path / "model.pkl")
    own = Sandbox()
    try:
        refused = convert(tmp_path / "model.pkl", tmp_path / "no", by=own)
        named: dict[str, Any] = {"features": ["a", "b"], "extra_globals": ["own_features.Doubling"]}
        taken = convert(tmp_path / "model.pkl", tmp_path / "yes", by=own, **named)
    finally:
        own.close()
    assert "own_features.Doubling" in refused.reason
    assert taken.value is not None, taken.reason


BOMB = """
import os, signal
from tasks.effects.limits import confine, running
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
out = os.dup(1)
limits = {"memory_mb": 65536, "seconds": 60, "file_mb": 1, "log": os.devnull}
confine({**limits, "processes": running() + 64})
started = 0
try:
    while started < 1000:
        if os.fork() == 0:
            signal.pause()
        started += 1
except BlockingIOError:
    os.write(out, str(started).encode())
finally:
    os.killpg(0, signal.SIGKILL)
"""


def test_a_process_that_starts_others_without_end_is_stopped() -> None:
    """Beyond what the config allows, none is started; others that end meanwhile leave it their places."""
    ended = subprocess.run(
        [sys.executable, "-c", BOMB], capture_output=True, check=False, start_new_session=True, timeout=60
    )
    assert 0 < int(ended.stdout) < 1000, ended.stderr[-500:]
