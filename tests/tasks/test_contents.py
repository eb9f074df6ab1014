"""A file that is called as a companion of a model is one if its content says so, without being loaded."""

import pickle
from pathlib import Path
from typing import Any

import joblib
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

from tasks.effects.contents import contents_of
from tests.tasks.honest import NUMBERS, TARGET

FOREST = RandomForestClassifier(2)
SELECTOR = SelectFromModel(RandomForestClassifier(2))


def held(file: Path) -> bool:
    """Whether a file holds a model."""
    return contents_of(file.parent, [file]).is_model(file.name)


KINDS: list[tuple[Any, bool]] = [
    (FOREST, True),
    (RidgeClassifier(), True),
    (XGBClassifier(n_estimators=2), True),
    (make_pipeline(StandardScaler(), LogisticRegression()), True),
    (make_pipeline(KNNImputer(), CalibratedClassifierCV(FOREST)), True),
    (make_pipeline(KNNImputer(), StandardScaler()), False),
    (make_pipeline(StandardScaler(), SELECTOR), False),
    (SELECTOR, False),
    (StandardScaler(), False),
    (OneHotEncoder(), False),
    (KNNImputer(), False),
    (ColumnTransformer([("a", StandardScaler(), [0])]), False),
    (["tenure", "gender"], False),
    ({"model": FOREST}, False),
]


@pytest.mark.parametrize(("kind", "expected"), KINDS, ids=[str(kind)[:60] for kind, _ in KINDS])
def test_the_outermost_class_decides(kind: Any, expected: bool, tmp_path: Path) -> None:
    """A trained estimator is a model, and a pipeline that ends in one; what prepares, selects or explains is none."""
    trained = kind.fit(NUMBERS, TARGET) if hasattr(kind, "fit") else kind
    file = tmp_path / "churn_features.pkl"
    for protocol in (0, 2, 5):
        file.write_bytes(pickle.dumps(trained, protocol))
        assert held(file) is expected
    joblib.dump(trained, file, compress=3)
    assert held(file) is expected
    skops.io.dump(trained, tmp_path / "encoder.skops")
    assert held(tmp_path / "encoder.skops") is expected


def test_an_explainer_is_no_model_although_it_holds_one(tmp_path: Path) -> None:
    """Its class is of a library that explains."""
    name = b"cshap.explainers._tree\nTree\n)R"
    (tmp_path / "shap.pkl").write_bytes(
        b"\x80\x02" + name + b"}X\x01\x00\x00\x00m" + pickle.dumps(FOREST, 2)[2:-1] + b"sb."
    )
    assert not held(tmp_path / "shap.pkl")


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1\n", b"\x80\x04", b"no pickle"])
def test_what_tells_nothing_is_no_model(content: bytes, tmp_path: Path) -> None:
    """Neither is a file that is not there."""
    (tmp_path / "encoder.pkl").write_bytes(content)
    assert not held(tmp_path / "encoder.pkl")
    (tmp_path / "encoder.pkl").unlink()
    assert not contents_of(tmp_path, []).is_model("encoder.pkl")
