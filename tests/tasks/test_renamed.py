"""Models of LightGBM, which writes an underscore for each blank in a name, are shown the columns that they know."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from mlflow.pyfunc import load_model
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from xgboost import XGBClassifier

from tasks.effects.knowing import known_values
from tasks.effects.prediction import NotUsableError, columns_of
from tasks.effects.renamed import real_names
from tasks.effects.scoring import features_for
from tests.tasks.honest import NUMBERS, TARGET
from tests.tasks.test_categories import answered

NAMES = ["Monthly Charges", "tenure (months)", "score_2 x"]
ROWS = NUMBERS.set_axis(NAMES, axis=1)
WRITTEN = ["Monthly_Charges", "tenure_(months)", "score_2_x"]


def light() -> Any:
    """A model that is not trained yet."""
    return LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1)


def stacked() -> Any:
    """A model of which one part keeps the blanks."""
    parts = [("light", light()), ("other", XGBClassifier(n_estimators=2))]
    return StackingClassifier(parts, LogisticRegression(), cv=2)


MODELS: dict[str, Callable[[], Any]] = {
    "alone": lambda: light().fit(ROWS, TARGET),
    "booster": lambda: light().fit(ROWS, TARGET).booster_,
    "pipeline": lambda: make_pipeline(light()).fit(ROWS, TARGET),
    "calibrated": lambda: CalibratedClassifierCV(light(), cv=2).fit(ROWS, TARGET),
    "stacked": lambda: stacked().fit(ROWS, TARGET),
}


@cache
def trained(name: str) -> Any:
    """One of the models."""
    return MODELS[name]()


@pytest.mark.parametrize("holdout", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_it_is_stored_by_the_names_of_the_rows(name: str, holdout: bool, tmp_path: Path) -> None:
    """Plain MLflow takes the rows that people have, whether the holdout or the metadata tells their names."""
    file = tmp_path / "rows.csv"
    ROWS.assign(churn=TARGET, other_column=1).to_csv(file, index=False)
    answer = answered(trained(name), tmp_path, file if holdout else None, features=[] if holdout else NAMES)
    assert answer.value is not None, answer.reason
    assert answer.value["columns"] == NAMES
    said = load_model(str(tmp_path / "convert" / "out")).predict(ROWS)
    np.testing.assert_array_equal(said, trained(name).predict(ROWS))


def test_a_part_that_keeps_the_blanks_tells_them(tmp_path: Path) -> None:
    """XGBoost does, and refuses other names."""
    answer = answered(trained("stacked"), tmp_path, None)
    assert answer.value is not None, answer.reason
    assert answer.value["columns"] == NAMES


def test_a_name_that_may_mean_two_columns_is_refused() -> None:
    """Unless the metadata says which; a model that was given underscores keeps them where rows have nothing else."""
    model, there = trained("alone"), [*NAMES, WRITTEN[0]]
    assert columns_of(model, ()) == WRITTEN
    with pytest.raises(NotUsableError, match="'Monthly_Charges', and several are called so"):
        real_names(model, WRITTEN, (), there)
    assert real_names(model, WRITTEN, NAMES, there) == NAMES
    assert real_names(model, WRITTEN, WRITTEN, there) == [WRITTEN[0], *NAMES[1:]]
    assert real_names(model, WRITTEN, NAMES, WRITTEN) == WRITTEN


def test_names_of_other_libraries_are_as_they_are() -> None:
    """An underscore of scikit-learn stands for no blank."""
    model = LogisticRegression().fit(ROWS.set_axis(WRITTEN, axis=1), TARGET)
    assert real_names(model, columns_of(model, ()), NAMES, NAMES) == WRITTEN


def test_categories_are_known_by_the_names_of_the_rows(tmp_path: Path) -> None:
    """LightGBM keeps them by its own."""
    texts = pd.Series([("low", "high")[i % 2] for i in range(60)])
    rows = ROWS.assign(**{"the kind": texts.astype("category")})
    model = light().set_params(min_data_per_group=2).fit(rows, TARGET)
    assert known_values(model, list(rows.columns)) == {"the kind": ["high", "low"]}
    rows.assign(churn=TARGET, **{"the kind": texts}).to_csv(tmp_path / "rows.csv", index=False)
    answer = answered(model, tmp_path, tmp_path / "rows.csv")
    assert answer.value is not None, answer.reason


def test_what_others_logged_without_a_signature_is_shown_them_too(tmp_path: Path) -> None:
    """A candidate of plain MLflow is measured on the columns that it was trained on."""
    import mlflow.lightgbm

    mlflow.lightgbm.save_model(trained("booster"), str(tmp_path / "model"), pip_requirements=[])
    shown = features_for(load_model(str(tmp_path / "model")), ROWS.assign(churn=TARGET, id=1), "churn", ["id"])
    assert list(shown.columns) == NAMES
