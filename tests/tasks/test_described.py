"""What is described once for many models is the same as if MLflow had described each."""

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from mlflow.models import Model, infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from tasks.effects.described import signature_of
from tasks.effects.prediction import asked
from tasks.effects.storing import Storing

ROWS = pd.DataFrame({"tenure": [1, 40, 3, 60], "plan": ["a", "b", "a", None], "charge": [9.5, 1.0, 8.0, 2.0]})


@pytest.mark.parametrize("answers", [np.array([0, 1]), np.array(["no", "yes"]), np.array([0.5, 1.5]), None])
def test_signatures_are_those_of_mlflow(answers: Any) -> None:
    """Of texts, numbers and missing values, asked for once or again, with answers of any type."""
    for rows in (ROWS, ROWS, ROWS[["charge"]]):
        assert signature_of(rows, answers) == infer_signature(rows, answers)


def test_each_model_is_one_of_its_own(tmp_path: Path) -> None:
    """Of two models of the same rows each has its own identity, and trusts what it holds alone."""
    rows, labels = ROWS[["tenure", "charge"]].astype(float), np.array([1, 0, 1, 0])
    models = [
        LogisticRegression().fit(rows, labels),
        make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels),
    ]
    store = Storing("sklearn", frozenset({"sklearn"}), frozenset(), {})
    for number, model in enumerate(models):
        store.save(model, rows, labels, tmp_path / str(number))
    one, two = (Model.load(str(tmp_path / str(number))) for number in range(2))
    assert one.model_uuid != two.model_uuid
    assert len({uuid.UUID(one.model_uuid), uuid.UUID(two.model_uuid)}) == 2
    assert one.signature == two.signature
    files = [sorted(path.name for path in (tmp_path / str(number)).iterdir()) for number in range(2)]
    assert files[0] == files[1]
    assert "input_example.json" in files[0]
    contents = [(tmp_path / str(number) / "model.skops").read_bytes() for number in range(2)]
    assert contents[0] != contents[1]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", [XGBClassifier, LGBMClassifier])
def test_labels_out_of_probabilities_are_those_of_the_library(kind: Any, classes: int) -> None:
    """Boosted trees need not be asked twice: their labels are their likeliest classes."""
    chance = np.random.default_rng(classes)
    rows = pd.DataFrame(chance.normal(size=(400, 3)), columns=["a", "b", "c"])
    quiet = {"verbose": -1} if kind is LGBMClassifier else {}
    model = kind(n_estimators=5, **quiet).fit(rows, chance.integers(0, classes, 400))
    said, labels = asked(model, rows)
    assert said.probabilities is not None
    assert labels.dtype == model.predict(rows).dtype
    assert np.array_equal(labels, model.predict(rows))
