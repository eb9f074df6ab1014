"""Without a holdout, rows are made up of what a model knows of its columns, wherever in it that is known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc import load_model
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - lets the search be imported
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from xgboost import XGBClassifier

from podium.measurement import NO_LABELS, Predictions
from tasks.effects.classifiers import flavour_of
from tasks.effects.kinds import KINDS
from tasks.effects.knowing import known_values
from tasks.effects.prediction import NotUsableError
from tasks.effects.synthesis import synthesised
from tests.tasks.honest import MIXED, NUMBERS, TARGET
from tests.tasks.test_gate import converted

KIND = MIXED[["kind"]]


def behind(*steps: Any) -> Any:
    """A model behind some steps, trained on a column of texts."""
    return make_pipeline(*steps, LogisticRegression()).fit(KIND, TARGET)


def on_columns(*steps: Any, by: Any = ("kind",)) -> Any:
    """A model behind steps for one of its columns."""
    columns = make_column_transformer((make_pipeline(*steps), list(by)), remainder="passthrough")
    return make_pipeline(columns, LogisticRegression())


ON_TEXTS: dict[str, Callable[[], Any]] = {
    "one-hot": lambda: behind(OneHotEncoder()),
    "ordinal": lambda: behind(OrdinalEncoder()),
    "by target": lambda: behind(TargetEncoder(cv=2)),
    "gaps filled": lambda: behind(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
    "one pipeline in another": lambda: behind(make_pipeline(OneHotEncoder())),
    "two encoders": lambda: behind(make_union(OneHotEncoder(), OrdinalEncoder())),
    "searched": lambda: GridSearchCV(on_columns(OrdinalEncoder(), OneHotEncoder()), {}, cv=2).fit(MIXED, TARGET),
    "by number": lambda: on_columns(OneHotEncoder(), by=[3]).fit(MIXED, TARGET),
    "calibrated": lambda: CalibratedClassifierCV(behind(OneHotEncoder()), cv=2).fit(KIND, TARGET),
    "voting": lambda: VotingClassifier([("a", behind(OneHotEncoder()))]).fit(KIND, TARGET),
}


@pytest.mark.parametrize("name", ON_TEXTS)
def test_texts_are_made_up_of_what_encoders_know(name: str, tmp_path: Path) -> None:
    """Whatever the encoder stands in."""
    model = ON_TEXTS[name]()
    known = known_values(model, list(model.feature_names_in_))
    assert {column: list(values) for column, values in known.items()} == {"kind": ["high", "low", "mid"]}
    joblib.dump(model, tmp_path / "model.pkl")
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch")
    assert answer.value is not None, answer.reason


SELECTED = make_column_transformer(
    (StandardScaler(), make_column_selector(dtype_include=np.number)),
    (OneHotEncoder(), make_column_selector(dtype_exclude=[np.integer, np.floating, np.bool_])),
)
FURTHER: dict[str, Callable[[], Any]] = {
    "nothing before it": lambda: Pipeline([("s", "passthrough"), ("l", LogisticRegression())]).fit(NUMBERS, TARGET),
    "no step before it": lambda: Pipeline([("s", None), ("l", LogisticRegression())]).fit(NUMBERS, TARGET),
    "columns by their type": lambda: make_pipeline(SELECTED, LogisticRegression()).fit(MIXED, TARGET),
    "searched by halves": lambda: HalvingGridSearchCV(LogisticRegression(), {"C": [1, 2]}).fit(NUMBERS, TARGET),
}


@pytest.mark.parametrize("name", FURTHER)
def test_what_passes_the_gate_is_stored(name: str, tmp_path: Path) -> None:
    """Idioms of scikit-learn, with the same answers from there."""
    joblib.dump(FURTHER[name](), tmp_path / "model.pkl")
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch")
    assert answer.value is not None, answer.reason
    assert answer.value["parity"]["largest_difference"] == 0


@pytest.mark.parametrize(
    ("kind", "found"), [("object", "O"), ("string", "O"), ("long", "i"), ("int64", "i"), ("boolean", "b"), ("", "f")]
)
def test_what_nobody_knows_is_made_up_by_its_recorded_type(kind: str, found: str) -> None:
    """In the words of pandas, NumPy and MLflow; without any it is a number."""
    assert synthesised(LogisticRegression(), ["column"], {"column": kind})["column"].dtype.kind == found


def test_a_model_of_texts_that_it_does_not_remember_is_stored(tmp_path: Path) -> None:
    """Hashing knows no words: that its column holds texts is only in the metadata."""
    hashing = make_column_transformer((HashingVectorizer(n_features=16), "words"), remainder="passthrough")
    rows = pd.DataFrame({"words": ["good day", "bad day", "good"] * 10, "number": range(30)})
    joblib.dump(make_pipeline(hashing, LogisticRegression()).fit(rows, [1, 0, 1] * 10), tmp_path / "model.pkl")
    types = {"words": "string", "number": "long"}
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch", types=types)
    assert answer.value is not None, answer.reason
    assert converted(tmp_path / "model.pkl", tmp_path / "without").value is None


@pytest.mark.parametrize("missing", [-999, 0])
def test_xgboost_keeps_which_number_stands_for_a_gap(missing: float, tmp_path: Path) -> None:
    """Its own format forgets that, and no row that a model is shown need have the number."""
    with_gaps = NUMBERS.mask(NUMBERS.rank(axis=0) % 4 == 0, missing)
    model = XGBClassifier(n_estimators=5, missing=missing).fit(with_gaps, TARGET)
    joblib.dump(model, tmp_path / "model.pkl")
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch")
    assert answer.value is not None, answer.reason
    stored = load_model(str(tmp_path / "scratch" / "out")).get_raw_model()
    np.testing.assert_array_equal(stored.predict_proba(with_gaps), model.predict_proba(with_gaps))
    plain = XGBClassifier().fit(NUMBERS, TARGET)
    assert flavour_of(plain) == flavour_of(plain.set_params(missing=None)) == "xgboost"


def test_chances_that_are_no_numbers_are_the_fault_of_the_original(tmp_path: Path) -> None:
    """A column without any spread makes them so; it is not what is stored that answers otherwise."""
    with np.errstate(all="ignore"):
        joblib.dump(GaussianNB(var_smoothing=0).fit(NUMBERS.assign(c=1.0), TARGET), tmp_path / "model.pkl")
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch")
    assert (answer.code, answer.reason) == ("NotUsableError", "some of its probabilities are no finite numbers")


def test_so_are_predicted_numbers() -> None:
    """Of a regressor that overflows."""
    said = Predictions(NO_LABELS, numbers=np.array([1.0, np.inf]))
    with pytest.raises(NotUsableError, match="some of its answers are no finite numbers"):
        KINDS["regression"].difference(said, said)
