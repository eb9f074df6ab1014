"""No step hands XGBoost a text that a row holds: it would read the file of that name, and answer what is in it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline as Sampled
from imblearn.under_sampling import RandomUnderSampler
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder, StandardScaler
from xgboost import XGBClassifier

from podium.streams import BrokenError
from tasks.effects.joining import joined
from tasks.effects.loading import load_staged
from tests.tasks.honest import with_attributes

TABLE = np.array([[5.0, 6.0], [1.0, 2.0]] * 20)
LABELS = np.array([1, 0] * 20)
BOOSTER = XGBClassifier(n_estimators=2).fit(TABLE, LABELS)


def step(function: Callable[..., Any] | None = None, **given: Any) -> FunctionTransformer:
    """A step that calls a function on all rows."""
    return FunctionTransformer(function, kw_args=given or None)


def frame(*cells: str) -> pd.DataFrame:
    """One row of texts."""
    return pd.DataFrame([cells], columns=[f"c{n}" for n in range(len(cells))], dtype=object)


def trained(*steps: Any) -> Pipeline:
    """A pipeline in front of a booster."""
    return make_pipeline(*steps, BOOSTER)


def searched(found: Any) -> GridSearchCV:
    """A search that has ended."""
    return with_attributes(GridSearchCV(found, {}), best_estimator_=found, refit=True)


def decoy(one: Any) -> Any:
    """What claims to be a search whose best is a table's."""
    return with_attributes(one, best_estimator_=StandardScaler().fit(TABLE))


def voting(one: Any) -> VotingClassifier:
    """A vote of one."""
    labels = LabelEncoder().fit(LABELS)
    return with_attributes(VotingClassifier([("one", one)]), estimators_=[one], le_=labels, classes_=labels.classes_)


SPLIT = ("rows.txt?format", "=libsvm")
READING: dict[str, tuple[Callable[[], Any], bool]] = {
    "max": (lambda: trained(step(np.max)), True),
    "min": (lambda: trained(step(np.amin)), True),
    "sum": (lambda: trained(step(np.sum)), False),
    "max along, of one dimension": (lambda: trained(step(np.ravel), step(np.max, axis=0)), True),
    "squeeze": (lambda: trained(step(np.squeeze)), True),
    "reshape and clip": (lambda: trained(step(np.reshape, shape=()), step(np.clip, a_min="", a_max="~")), True),
    "reshape and fill": (lambda: trained(step(np.reshape, shape=()), step(np.nan_to_num)), True),
    "apart": (lambda: make_pipeline(step(np.reshape, shape=()), trained(step(np.nan_to_num))), True),
    "twice, and once without": (
        lambda: trained(step(np.asarray), make_pipeline(step(np.max, axis=0, keepdims=True), step(np.max))),
        True,
    ),
    "before a sampler": (
        lambda: Sampled([("m", step(np.max)), ("s", RandomUnderSampler()), ("x", BOOSTER)]),
        True,
    ),
    "before what pretends to be no sampler": (
        lambda: Sampled(
            [("m", step(np.max)), ("s", with_attributes(RandomUnderSampler(), transform=1)), ("x", BOOSTER)]
        ),
        True,
    ),
    "frozen, with a decoy": (lambda: trained(decoy(FrozenEstimator(step(np.max)))), True),
    "frozen, with a decoy inside": (lambda: trained(FrozenEstimator(decoy(step(np.max)))), True),
    "searched, with a decoy inside": (lambda: trained(searched(FrozenEstimator(decoy(step(np.max))))), True),
    "searched": (lambda: trained(searched(step(np.max))), True),
    "in a vote": (lambda: voting(trained(step(np.max))), True),
    "in a pipeline": (lambda: trained(make_pipeline(step(np.max))), True),
    "frozen": (lambda: trained(FrozenEstimator(step(np.max)), "passthrough", step()), True),
}


@pytest.mark.parametrize("case", READING)
def test_a_pipeline_that_makes_a_text_of_rows_is_refused(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would answer with as many rows as the file has that its row names."""
    make, is_whole = READING[case]
    (tmp_path / "rows.txt").write_text("1 0:5 1:6\n0 0:1 1:2\n1 0:5 1:6\n")
    monkeypatch.chdir(tmp_path)
    rows = frame("rows.txt?format=libsvm") if is_whole else frame(*SPLIT).to_numpy()
    assert len(make().predict(rows)) == 3
    joblib.dump(make(), tmp_path / "model.pkl")
    with pytest.raises(BrokenError, match="XGBoost would read the file of that name"):
        load_staged(tmp_path / "model.pkl")


TEXTS = pd.DataFrame({"said": ["good bad"] * 20 + ["bad"] * 20})
SHAPED = {
    "reshaped and clipped": (step(np.reshape, shape=(-1, 2)), step(np.clip, a_min=0, a_max=9)),
    "filled and reshaped": (step(np.nan_to_num), step(np.reshape, shape=(-1, 2))),
    "the largest of each row": (step(np.max, axis=1), step(np.reshape, shape=(-1, 1))),
    "summed": (step(np.sum, axis=1, keepdims=True),),
    "clipped": (step(np.clip, a_min=0, a_max=9),),
}


def fitted(*steps: Any) -> Pipeline:
    """A pipeline that was trained on numbers."""
    return make_pipeline(*steps, XGBClassifier(n_estimators=2)).fit(TABLE, LABELS)


def words() -> Pipeline:
    """What makes a table of texts in a column."""
    return make_pipeline(step(np.squeeze), TfidfVectorizer())


def columns() -> ColumnTransformer:
    """The same among others."""
    return ColumnTransformer([("words", words(), ["said"])])


def read(*steps: Any) -> Pipeline:
    """A pipeline that was trained on texts."""
    return make_pipeline(*steps, XGBClassifier(n_estimators=2)).fit(TEXTS, LABELS)


HONEST: dict[str, Callable[[], Any]] = {
    **{name: partial(fitted, *steps) for name, steps in SHAPED.items()},
    "a scaler between": lambda: fitted(step(np.reshape, shape=(-1, 2)), step(np.nan_to_num), StandardScaler()),
    "words": lambda: read(*words()),
    "words in a pipeline": lambda: read(words()),
    "words among columns": lambda: read(make_pipeline(columns())),
    "in a vote behind a step": lambda: make_pipeline(
        step(), VotingClassifier([("a", make_pipeline(columns(), XGBClassifier(n_estimators=2)))])
    ).fit(TEXTS, LABELS),
    "no booster": lambda: make_pipeline(step(np.squeeze), TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS),
}


@pytest.mark.parametrize("case", HONEST)
def test_steps_that_keep_a_table_pass(case: str, tmp_path: Path) -> None:
    """As do those before whatever else makes a table of a text, or refuses it."""
    model = HONEST[case]()
    joblib.dump(model, tmp_path / "model.pkl")
    rows = TABLE if "between" in case or case in SHAPED else TEXTS
    np.testing.assert_array_equal(load_staged(tmp_path / "model.pkl").model.predict(rows), model.predict(rows))


@pytest.mark.parametrize("steps", [None, [1], "itself"])
def test_a_pipeline_without_steps_is_broken(steps: Any, tmp_path: Path) -> None:
    """It is said to be, whatever lies in their place."""
    broken = trained(step())
    broken.steps = [("a", step()), ("b", broken), ("c", BOOSTER)] if steps == "itself" else steps
    joblib.dump(broken, tmp_path / "model.pkl")
    with pytest.raises(BrokenError, match="its Pipeline is not whole"):
        load_staged(tmp_path / "model.pkl")


def test_a_separate_file_makes_no_text_either() -> None:
    """Each passes by itself; one that makes words of texts is joined."""
    with pytest.raises(BrokenError, match=r"with what is in staging.preprocessors its Pipeline can make a single text"):
        joined([("first.pkl", step(np.max))], BOOSTER)
    assert joined([("first.pkl", words().fit(TEXTS))], BOOSTER).steps[-1][1] is BOOSTER
