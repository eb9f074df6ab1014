"""A staging root with one of every ugly case: what people have in their folders, and what somebody may slip in."""

import gzip
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import mlflow.lightgbm
import mlflow.sklearn
import mlflow.xgboost
import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from tests.tasks.honest import HONEST, MIXED, NUMBERS, TARGET, logistic
from tests.tasks.hostile import plain

COLUMNS = json.dumps({"feature_columns": list(NUMBERS.columns)})
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


@dataclass(frozen=True)
class Case:
    """One staged model: what writes it, and what must become of it."""

    write: Callable[[Path], Any]
    state: str = "migrated"
    code: str = "new"


def refused(write: Callable[[Path], Any], code: str) -> Case:
    """A case that is quarantined."""
    return Case(write, "quarantined", code)


def pickled(model: Any, name: str = "model.pkl", **metadata: Any) -> Callable[[Path], None]:
    """Write a folder with a pickled model and its metadata."""

    def write(folder: Path) -> None:
        joblib.dump(model() if callable(model) else model, folder / name)
        (folder / "metadata.json").write_text(json.dumps(metadata))

    return write


def file(name: str, content: bytes) -> Callable[[Path], None]:
    """Write a folder with one file."""

    def write(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return write


def saved(name: str, save: Callable[[str], Any]) -> Callable[[Path], None]:
    """Write a folder with a model in a library's own format, and its columns."""

    def write(folder: Path) -> None:
        save(str(folder / name))
        (folder / "metadata.json").write_text(COLUMNS)

    return write


def exported(flavour: Any, model: Any, **options: Any) -> Callable[[Path], None]:
    """Write a folder as MLflow exports it."""

    def write(folder: Path) -> None:
        options.setdefault("pip_requirements", ["scikit-learn"])
        flavour.save_model(model, folder / "model", input_example=NUMBERS.head(2), **options)

    return write


def lone_onnx(folder: Path) -> None:
    """An ONNX model with metadata, and nothing that it was exported from."""
    file("model.onnx", b"\x08\x07\x12\x07pytorch")(folder)
    (folder / "metadata.json").write_text(json.dumps({"model_type": "xgboost", "metrics": {"f1": 0.8}}))


def with_more(folder: Path) -> None:
    """An export that holds further pickles."""
    exported(mlflow.sklearn, HONEST["discriminant"]())(folder)
    for inner in ("data", "artifacts"):
        (folder / "model" / inner).mkdir()
        joblib.dump(logistic(), folder / "model" / inner / "other.pkl")


def cut(content: bytes) -> bytes:
    """The first half of a file."""
    return content[: len(content) // 2]


def of_later(content: bytes) -> bytes:
    """A zip file that says that a later version is needed to unpack it."""
    place = content.rindex(b"PK\x01\x02") + 6
    return content[:place] + b"\x63" + content[place + 1 :]


def with_scaler(folder: Path) -> None:
    """A model that was trained on scaled numbers, with its scaler in a file of its own."""
    scaler = StandardScaler().fit(NUMBERS)
    joblib.dump(scaler, folder / "scaler.joblib")
    joblib.dump(LogisticRegression().fit(scaler.transform(NUMBERS), TARGET), folder / "model.joblib")


def linked(target: str) -> Callable[[Path], None]:
    """A model file that is a link to somewhere else."""
    return lambda folder: (folder / "model.pkl").symlink_to(target)


def old_xgboost(folder: Path) -> None:
    """XGBoost's binary format of old: numbers, then the name of the objective."""
    (folder / "model.bin").write_bytes(bytes(136) + (15).to_bytes(8, "little") + b"binary:logistic" + bytes(64))


XGB = XGBClassifier(n_estimators=3).fit(NUMBERS, TARGET)
LGBM = lightgbm.LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1).fit(NUMBERS, TARGET)
OLD = pickle.dumps(logistic(), 0)
BOMB = b"\x80\x04\x8e" + (1 << 40).to_bytes(8, "little") + bytes(1 << 20)
CASES: dict[str, Case] = {
    "honest": Case(pickled(logistic, model_type="Logistic Regression (tuned)", performance_metrics={"f1_score": 0.8})),
    "no metadata": Case(file("model.pkl", OLD)),
    "metadata is no JSON": Case(lambda f: (file("model.pkl", OLD)(f), (f / "metadata.json").write_text("{"))),
    "metrics no model has": Case(pickled(HONEST["ridge"], metrics={"f1": "NaN", "accuracy": 87, "auc": None})),
    "Müller & Söhne, größtes Modell": Case(pickled(HONEST["decision tree"])),
    "packed": Case(lambda f: joblib.dump(HONEST["extra trees"](), f / "model.pkl.gz", compress=("gzip", 3)) and None),
    "pipeline of everything": Case(pickled(HONEST["columns and lightgbm"])),
    "xgboost, json": Case(saved("model.json", XGB.save_model)),
    "xgboost, ubj": Case(saved("model.ubj", XGBClassifier(n_estimators=4).fit(NUMBERS, TARGET).save_model)),
    "xgboost, model": Case(saved("churn.model", XGBClassifier(n_estimators=5).fit(NUMBERS, TARGET).save_model)),
    "xgboost, bin": Case(saved("best.bin", XGB.get_booster().save_model)),
    "lightgbm, txt": Case(saved("model.txt", LGBM.booster_.save_model)),
    "skops": Case(lambda f: skops.io.dump(HONEST["random forest"](), f / "model.skops")),
    "export of xgboost": Case(exported(mlflow.xgboost, XGB)),
    "export of lightgbm": Case(exported(mlflow.lightgbm, LGBM)),
    "export of scikit-learn": Case(exported(mlflow.sklearn, HONEST["gaussian bayes"]())),
    "export as pickle": Case(exported(mlflow.sklearn, HONEST["dummy"](), serialization_format="cloudpickle")),
    "export with more": Case(with_more),
    "scaler beside": Case(with_scaler),
    "onnx": refused(lone_onnx, "onnx"),
    "xgboost of old": refused(old_xgboost, "old-format"),
    "nothing": refused(lambda f: (f / "metadata.json").write_text("{}"), "no-model"),
    "empty": refused(file("model.pkl", b""), "empty-model"),
    "pointer": refused(file("model.pkl", LFS), "lfs-pointer"),
    "of another kind": refused(file("model.pkl", b"PK\x03\x04 something"), "unknown-format"),
    "link out of the root": refused(linked("/etc/passwd"), "unreadable"),
    "cut off": refused(lambda f: file("model.pkl", cut(pickle.dumps(HONEST["bagging"]())))(f), "broken-file"),
    "cut off, xgboost": refused(
        lambda f: file("model.ubj", cut(bytes(XGB.get_booster().save_raw())))(f), "broken-file"
    ),
    "cut off, lightgbm": refused(
        lambda f: file("model.txt", cut(LGBM.booster_.model_to_string().encode()))(f), "broken-file"
    ),
    "cut off, skops": refused(lambda f: file("model.skops", cut(skops.io.dumps(logistic())))(f), "broken-file"),
    "skops, packed in a way of its own": refused(
        lambda f: file("model.skops", of_later(skops.io.dumps(logistic())))(f), "broken-file"
    ),
    "own class": refused(file("model.pkl", b"csrc.features\nRatios\n)R."), "unknown-class"),
    "hostile": refused(lambda f: plain(f / "model.pkl", f / "witness"), "unsafe-pickle"),
    "bomb": refused(file("model.pkl", gzip.compress(BOMB)), "unsafe-pickle"),
    "forest that regresses": refused(pickled(RandomForestRegressor(3).fit(NUMBERS, NUMBERS["a"])), "not-usable"),
    "xgboost that regresses": refused(
        saved("model.ubj", XGBRegressor(n_estimators=2).fit(NUMBERS, NUMBERS["a"]).save_model), "not-usable"
    ),
    "answers at random": refused(pickled(DummyClassifier(strategy="uniform").fit(NUMBERS, TARGET)), "differs"),
    "several labels a row": refused(
        pickled(MultiOutputClassifier(LogisticRegression()).fit(NUMBERS, [[y, 1 - y] for y in TARGET])), "not-usable"
    ),
    "no model at all": refused(pickled({"not": "a model"}), "not-usable"),
    "other columns": refused(
        pickled(LogisticRegression().fit(NUMBERS.rename(columns={"a": "z"}), TARGET)), "not-usable"
    ),
}
"""Each case in a folder of its own name."""


def write_all(root: Path) -> None:
    """Write every case below a root, with layouts that are no folder per model."""
    for name, case in CASES.items():
        (root / name).mkdir(parents=True)
        case.write(root / name)
    (root / "by type" / "v1").mkdir(parents=True)
    pickled(HONEST["sgd"], metrics={"f1": 0.7})(root / "by type" / "v1")
    (root / "by type" / "v2").mkdir()
    pickled(HONEST["ada boost"])(root / "by type" / "v2")
    joblib.dump(HONEST["bernoulli bayes"](), root / "churn_20250101.joblib")
    (root / "churn_20250101_metadata.json").write_text(json.dumps({"f1_score": "81.2%"}))
    (root / "linked folder").symlink_to("/etc")
    (root / "scaler by link").mkdir()
    with_scaler(root / "scaler by link")
    (root / "scaler by link" / "scaler.joblib").unlink()
    (root / "scaler by link" / "scaler.joblib").symlink_to("../scaler beside/scaler.joblib")
    (root / "scaler by link" / "notes.txt").write_text("by link")
    (root / "scaler of others").mkdir()
    pickled(logistic)(root / "scaler of others")
    (root / "scaler of others" / "scaler.joblib").symlink_to("/etc/passwd")
    (root / "twin").mkdir()
    pickled(logistic, model_type="Logistic Regression (tuned)", performance_metrics={"f1_score": 0.8})(root / "twin")


ELSEWHERE = {
    "by type/v1": ("migrated", "new"),
    "by type/v2": ("migrated", "new"),
    "churn_20250101": ("migrated", "new"),
    "scaler by link": ("migrated", "new"),
    "scaler of others": ("quarantined", "unreadable"),
    "linked folder": ("quarantined", "unreadable"),
    "twin": ("skipped", "duplicate"),
}
EXPECTED = {name: (case.state, case.code) for name, case in CASES.items()} | ELSEWHERE
ROWS = MIXED.assign(churn=TARGET)
