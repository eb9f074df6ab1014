"""Encoders that were trained on objects, such as the values of a table of texts and numbers, answer rows of files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc import load_model
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from tasks.effects.loading import load_staged
from tasks.effects.prediction import NotUsableError
from tests.tasks.honest import TARGET
from tests.tasks.test_categories import answered

ROWS = pd.DataFrame({"band": [(7, 30, 365)[i % 5 % 3] for i in range(60)], "kind": ["a", "b"] * 30})
GAPS = ROWS.assign(band=[(0.5, 2.0, np.nan)[i % 5 % 3] for i in range(60)])
ENCODERS: dict[str, Callable[[], Any]] = {
    "one-hot": OneHotEncoder,
    "one-hot, some dropped": lambda: OneHotEncoder(drop="first", handle_unknown="ignore"),
    "one-hot, rare ones": lambda: OneHotEncoder(min_frequency=0.3, handle_unknown="infrequent_if_exist"),
    "in order": lambda: OneHotEncoder(categories=[[7, 30, 365], ["b", "a"]]),
    "ordinal": lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
    "by target": lambda: TargetEncoder(cv=2),
}


CASES = [*((name, ROWS) for name in ENCODERS), *((name, GAPS) for name in ENCODERS if name != "in order")]


def trained(encoder: Any, rows: pd.DataFrame) -> Any:
    """A model behind an encoder that was shown objects."""
    return make_pipeline(encoder, LogisticRegression()).fit(rows.to_numpy(dtype=object), TARGET)


@pytest.mark.parametrize(("name", "rows"), CASES)
def test_it_answers_numbers_as_it_answers_objects(name: str, rows: pd.DataFrame, tmp_path: Path) -> None:
    """Rows of a file have numbers, and MLflow passes no others on."""
    model = trained(ENCODERS[name](), rows)
    meant = model.predict_proba(rows.to_numpy(dtype=object))
    rows.assign(churn=TARGET).to_csv(tmp_path / "rows.csv", index=False)
    answer = answered(model, tmp_path, tmp_path / "rows.csv", features=list(rows.columns))
    assert answer.value is not None, answer.reason
    said = np.load(tmp_path / "convert" / "said.npz")["probabilities"]
    np.testing.assert_allclose(said, meant, atol=1e-12)
    stored = load_model(str(tmp_path / "convert" / "out"))
    np.testing.assert_array_equal(stored.predict(rows), model.predict(rows.to_numpy(dtype=object)))


def test_names_of_columns_stay_as_they_were(tmp_path: Path) -> None:
    """What comes after an encoder may know its columns by the categories in their names."""
    mixed = pd.DataFrame({"a": pd.Series([1, 2.5, 3] * 20, dtype=object), "b": pd.Series([1, 2, 3] * 20, dtype=object)})
    encoder = OneHotEncoder().fit(mixed)
    joblib.dump(encoder, tmp_path / "model.pkl")
    got = load_staged(tmp_path / "model.pkl").model
    assert list(got.get_feature_names_out()) == list(encoder.get_feature_names_out())
    assert [found.dtype.kind for found in got.categories_] == ["O", "i"]
    np.testing.assert_array_equal(got.transform(mixed).toarray(), encoder.transform(mixed).toarray())


@pytest.mark.parametrize("kind", [OneHotEncoder, OrdinalEncoder])
def test_numbers_in_disorder_are_told_as_such(kind: Any, tmp_path: Path) -> None:
    """No rows of numbers can be asked, and the file is whole."""
    joblib.dump(trained(kind(categories=[[365, 7, 30], ["b", "a"]]), ROWS), tmp_path / "model.pkl")
    with pytest.raises(NotUsableError, match=f"its {kind.__name__} was trained on objects and has numbers in disorder"):
        load_staged(tmp_path / "model.pkl")


@pytest.mark.parametrize("handling", ["error", "ignore", "infrequent_if_exist", "warn"])
def test_objects_in_disorder_are_never_looked_up_as_numbers(handling: str) -> None:
    """Behind the last of them there is no column."""
    encoder = OneHotEncoder(categories=[[365, 7, 30, 1, 0]], handle_unknown=handling)
    encoder.fit(ROWS[["band"]].to_numpy(dtype=object))
    for kind in ("int8", "int64", "float32", "float64"):
        with pytest.raises(TypeError, match="isnan"):
            encoder.transform(np.array([[30], [1]]).astype(kind))
    assert encoder.transform(np.array([[True], [False]])).indices.tolist() == [3, 4]
