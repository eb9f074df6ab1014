"""Models that were trained on categories of pandas, with rows that have these, rows of plain texts, and none."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from mlflow.pyfunc import load_model
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from xgboost import Booster, DMatrix, XGBClassifier, XGBRegressor

from configs.schema import SandboxSection
from podium.streams import BrokenError
from tasks.effects.categories import as_trained, is_encoded, known_categories, needs_categories, plain
from tasks.effects.encoded import encoded
from tasks.effects.loading import load_staged
from tasks.effects.passing import passed_on
from tasks.effects.prediction import NotUsableError
from tasks.effects.sandbox import Answer, sandbox
from tests.tasks.honest import AMOUNT, MIXED, TARGET, histograms

PLAIN = MIXED.assign(band=[(7, 30, 365)[i % 5 % 3] for i in range(60)])
ROWS = PLAIN.astype({"kind": "category", "band": "category"})
BOOSTED: dict[str, Any] = {"n_estimators": 3}
LIGHT: dict[str, Any] = {"n_estimators": 3, "min_child_samples": 2, "min_data_per_group": 2, "verbose": -1}


def one_hot() -> Any:
    """A model behind an encoder of categories."""
    columns = make_column_transformer((OneHotEncoder(), ["kind", "band"]), remainder="passthrough")
    return make_pipeline(columns, LogisticRegression())


MODELS: dict[str, Callable[[], Any]] = {
    "one-hot": lambda: one_hot().fit(ROWS, TARGET),
    "histograms": histograms(ROWS),
    "xgboost": lambda: XGBClassifier(enable_categorical=True, **BOOSTED).fit(ROWS, TARGET),
    "lightgbm": lambda: LGBMClassifier(**LIGHT).fit(ROWS, TARGET),
    "booster of xgboost": lambda: XGBClassifier(enable_categorical=True, **BOOSTED).fit(ROWS, TARGET).get_booster(),
    "booster of lightgbm": lambda: LGBMClassifier(**LIGHT).fit(ROWS, TARGET).booster_,
}
REGRESSORS: dict[str, Callable[[], Any]] = {
    "xgboost": lambda: XGBRegressor(enable_categorical=True, **BOOSTED).fit(ROWS, AMOUNT),
    "lightgbm": lambda: LGBMRegressor(**LIGHT).fit(ROWS, AMOUNT),
}


@cache
def trained(name: str) -> Any:
    """One of the models."""
    return MODELS[name]()


def answered(given: Any, folder: Path, holdout: Path | None, operation: str = "convert", **keys: Any) -> Answer:
    """What the sandbox answers on a model."""
    scratch = folder / operation
    scratch.mkdir()
    joblib.dump(given, folder / "model.pkl")
    known: dict[str, Any] = {
        "model": str(folder / "model.pkl"),
        "out": str(folder / "out"),
        "predictions": str(scratch / "said.npz"),
        "holdout": str(holdout) if holdout else None,
        "task": "classification",
        "sha256": None,
        **{name: [] for name in ("preprocessors", "features", "extra_globals")},
        "versions": {},
        **keys,
    }
    known["out"] = str(scratch / "out")
    return sandbox().ask(operation, scratch, SandboxSection(seconds=60), **known)


@pytest.fixture(scope="module")
def holdouts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path | None]]:
    """The rows with their categories, in another order, as texts and numbers, and not at all."""
    folder = tmp_path_factory.mktemp("rows")
    places = {name: folder / name for name in ("categories.parquet", "otherwise.parquet", "plain.csv")}
    ROWS.assign(churn=TARGET).to_parquet(places["categories.parquet"])
    turned = pd.Categorical(PLAIN["kind"], categories=["mid", "low", "high"])
    ROWS.assign(kind=turned, churn=TARGET).to_parquet(places["otherwise.parquet"])
    PLAIN.assign(churn=TARGET).to_csv(places["plain.csv"], index=False)
    yield {**places, "none": None}


@pytest.mark.parametrize("rows", ["categories.parquet", "otherwise.parquet", "plain.csv", "none"])
@pytest.mark.parametrize("name", MODELS)
def test_it_is_stored_and_answers_as_it_did(
    name: str, rows: str, holdouts: dict[str, Path | None], tmp_path: Path
) -> None:
    """Whatever the rows have in the place of categories, it is given those that it was trained on."""
    model = trained(name)
    answer = answered(model, tmp_path, holdouts[rows])
    assert answer.value is not None, answer.reason
    assert answer.value["parity"]["largest_difference"] == 0
    if rows == "none":
        return
    said = np.load(tmp_path / "convert" / "said.npz")["probabilities"]
    np.testing.assert_allclose(said[:, 1], chances(model), atol=1e-6)


def chances(model: Any) -> Any:
    """What a model gives for the rows that it was trained on."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(ROWS)[:, 1]
    return model.predict(DMatrix(ROWS, enable_categorical=True) if isinstance(model, Booster) else ROWS)


@pytest.mark.parametrize("rows", ["categories.parquet", "plain.csv"])
@pytest.mark.parametrize("name", REGRESSORS)
def test_so_do_regressors(name: str, rows: str, holdouts: dict[str, Path | None], tmp_path: Path) -> None:
    """By the same ways."""
    answer = answered(REGRESSORS[name](), tmp_path, holdouts[rows], task="regression")
    assert answer.value is not None, answer.reason


@pytest.mark.parametrize("rows", ["categories.parquet", "plain.csv"])
@pytest.mark.parametrize("name", MODELS)
def test_what_is_stored_is_measured(name: str, rows: str, holdouts: dict[str, Path | None], tmp_path: Path) -> None:
    """A candidate is asked the same rows, and says the same."""
    assert answered(trained(name), tmp_path, holdouts["categories.parquet"]).value
    out = str(tmp_path / "convert" / "out")
    answer = answered(
        trained(name), tmp_path, holdouts[rows], "score", model=out, target="churn", id_columns=[], trust_logged=False
    )
    assert answer.value is not None, answer.reason
    said = np.load(tmp_path / "score" / "said.npz")["probabilities"]
    np.testing.assert_allclose(said[:, 1], chances(trained(name)), atol=1e-6)


@pytest.mark.parametrize("rows", ["categories.parquet", "none"])
@pytest.mark.parametrize("name", ["xgboost", "lightgbm"])
def test_an_estimator_answers_texts_and_numbers_by_mlflow(
    name: str, rows: str, holdouts: dict[str, Path | None], tmp_path: Path
) -> None:
    """As it answered categories, gaps and such that it does not know among them, which are gaps to it."""
    model = trained(name)
    assert answered(model, tmp_path, holdouts[rows]).value
    loaded = load_model(str(tmp_path / "convert" / "out"))
    given = PLAIN.assign(kind=PLAIN["kind"].where(np.arange(60) % 5 > 0))
    odd = given.assign(kind=given["kind"].fillna("unheard-of"))
    asked = ROWS.assign(kind=given["kind"].astype(ROWS["kind"].dtype))
    for these in (given, odd):
        assert loaded.predict(these).tolist() == model.predict(asked).tolist()
        np.testing.assert_array_equal(loaded.get_raw_model().predict_proba(these), model.predict_proba(asked))


@pytest.mark.parametrize("name", REGRESSORS)
def test_so_does_one_of_numbers(name: str, holdouts: dict[str, Path | None], tmp_path: Path) -> None:
    """By the same encoder."""
    model = REGRESSORS[name]()
    assert answered(model, tmp_path, holdouts["plain.csv"], task="regression").value
    said = load_model(str(tmp_path / "convert" / "out")).predict(PLAIN)
    np.testing.assert_allclose(said, model.predict(ROWS), rtol=1e-6)


@pytest.mark.parametrize(
    ("kinds", "bands", "placed"),
    [(["mid", "high", "low"], [7, 30, 365], True), (["low", "mid", "high"], [365, 7, 30], False)],
)
def test_categories_are_given_in_their_own_order(kinds: list[str], bands: list[int], placed: bool) -> None:
    """Scikit-learn takes no numbers in disorder: such an estimator stays as it is."""
    rows = ROWS.assign(kind=pd.Categorical(PLAIN["kind"], kinds), band=pd.Categorical(PLAIN["band"], bands))
    model = XGBClassifier(enable_categorical=True, n_estimators=30, max_cat_to_onehot=1).fit(rows, TARGET)
    made = encoded(model, rows)
    assert is_encoded(made) is placed
    assert (made is model) is not placed
    if placed:
        np.testing.assert_array_equal(made.predict_proba(PLAIN), model.predict_proba(rows))
        assert not needs_categories(made, rows)


def test_mlflow_is_given_plain_texts_and_numbers(tmp_path: Path, holdouts: dict[str, Path | None]) -> None:
    """It has no type for categories, and refuses them."""
    assert list(plain(ROWS).dtypes[["kind", "band"]]) == list(PLAIN.dtypes[["kind", "band"]])
    gaps = ROWS.assign(band=ROWS["band"].where(PLAIN["band"] > 7))
    assert plain(gaps)["band"].dtype == "float64"
    assert plain(PLAIN) is PLAIN
    assert answered(trained("one-hot"), tmp_path, holdouts["categories.parquet"]).value
    loaded = load_model(str(tmp_path / "convert" / "out"))
    assert passed_on(loaded, ROWS).tolist() == trained("one-hot").predict(ROWS).tolist()


def test_categories_that_nobody_knows_are_said() -> None:
    """A booster that does not keep its categories, and rows that have none of them."""
    model = trained("xgboost").get_booster().copy()
    document = json.loads(bytes(model.save_raw("json")))
    document["learner"]["gradient_booster"]["model"].pop("cats")
    old = Booster()
    old.load_model(bytearray(json.dumps(document).encode()))
    assert known_categories(old) == {"kind": (), "band": ()}
    assert as_trained(old, ROWS) is ROWS
    with pytest.raises(NotUsableError, match=r"'kind' and does not say which: set holdout.path to a Parquet"):
        as_trained(old, PLAIN)
    for name in ("xgboost", "lightgbm"):
        with pytest.raises(NotUsableError, match="no category in 'kind' that it was trained on"):
            as_trained(trained(name), PLAIN.assign(kind="other"))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("feature_segments", [0, 0, 0, 0, 3, 600]),
        ("feature_segments", [0, 0, 0, 3, 6]),
        ("sorted_idx", [0, 1, 2, 0, 1, 70_000]),
        ("sorted_idx", [0, 1, 2]),
    ],
)
def test_categories_that_are_not_there_are_found(part: str, value: list[int], tmp_path: Path) -> None:
    """XGBoost follows the numbers of categories in a file without a look."""
    document = json.loads(bytes(trained("xgboost").get_booster().save_raw("json")))
    kept = document["learner"]["gradient_booster"]["model"]["cats"]
    assert kept["feature_segments"] == [0, 0, 0, 0, 3, 6]
    kept[part] = value
    (tmp_path / "model.json").write_text(json.dumps(document))
    with pytest.raises(BrokenError):
        load_staged(tmp_path / "model.json")
