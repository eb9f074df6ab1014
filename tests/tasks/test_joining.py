"""What prepares the rows of a model apart from it is joined with it once, or the reason names the file."""

import gzip
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler

from podium.streams import SuspectError
from tasks.effects.joining import joined
from tasks.effects.loading import examine
from tasks.effects.prediction import NotUsableError
from tests.tasks.honest import MIXED, NUMBERS, TARGET
from tests.tasks.hostile import touch
from tests.tasks.test_categories import answered

SCALER = StandardScaler().fit(NUMBERS)
SCALED = SCALER.transform(NUMBERS)
COLUMNS = make_column_transformer((OneHotEncoder(), ["kind"]), (StandardScaler(), ["a", "b", "c"])).fit(MIXED)
NAMED = make_column_transformer((OneHotEncoder(sparse_output=False), ["kind"]), remainder=StandardScaler())
WIDE = NAMED.set_output(transform="pandas").fit_transform(MIXED)


def logistic() -> Any:
    """A model that was not trained."""
    return LogisticRegression()


BLANKS = NUMBERS.set_axis(["Monthly Charges", "tenure (months)", "score_2 x"], axis=1)
OF_BLANKS = StandardScaler().fit(BLANKS)
COMPONENTS = PCA(2).fit(BLANKS)

RENAMED = MIXED.rename(columns={"kind": "the kind"})
SPACED = make_column_transformer((OneHotEncoder(sparse_output=False), ["the kind"]), remainder="passthrough")
WIDER = SPACED.set_output(transform="pandas").fit_transform(RENAMED)


def light() -> Any:
    """A model of LightGBM, which makes an underscore of each blank."""
    return LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1)


TWICE: dict[str, tuple[Any, Callable[[], Any]]] = {
    "a scaler": (SCALER, lambda: make_pipeline(StandardScaler(), logistic()).fit(NUMBERS, TARGET)),
    "a scaler, of arrays": (
        SCALER,
        lambda: make_pipeline(StandardScaler(), logistic()).fit(NUMBERS.to_numpy(), TARGET),
    ),
    "a scaler, searched": (
        SCALER,
        lambda: GridSearchCV(make_pipeline(StandardScaler(), logistic()), {}, cv=2).fit(NUMBERS, TARGET),
    ),
    "a scaler among columns": (
        SCALER,
        lambda: make_pipeline(make_column_transformer((StandardScaler(), ["a", "b", "c"])), logistic()).fit(
            NUMBERS, TARGET
        ),
    ),
    "columns": (
        COLUMNS,
        lambda: make_pipeline(make_column_transformer((MinMaxScaler(), ["a", "b", "c"])), logistic()).fit(
            NUMBERS, TARGET
        ),
    ),
    "columns by other means": (
        COLUMNS,
        lambda: make_pipeline(OneHotEncoder(), logistic()).fit(MIXED, TARGET),
    ),
    "names with blanks": (COMPONENTS, lambda: light().fit(BLANKS, TARGET)),
    "components": (PCA(2).fit(NUMBERS), lambda: logistic().fit(NUMBERS, TARGET)),
}


@pytest.mark.parametrize("case", TWICE)
def test_a_model_that_prepares_its_rows_itself_is_not_joined(case: str) -> None:
    """Its rows would be prepared twice, and it would answer otherwise than it was trained to."""
    part, make = TWICE[case]
    with pytest.raises(NotUsableError, match=r"scaler\.pkl would do so once more: take scaler\.pkl out of staging"):
        joined([("scaler.pkl", part)], make())


ONCE: dict[str, tuple[Any, Callable[[], Any], Any]] = {
    "names with blanks": (
        OF_BLANKS,
        lambda: light().fit(clone(OF_BLANKS).set_output(transform="pandas").fit_transform(BLANKS), TARGET),
        BLANKS,
    ),
    "columns with blanks, by name": (SPACED, lambda: light().fit(WIDER, TARGET), RENAMED),
    "a scaler": (SCALER, lambda: logistic().fit(SCALED, TARGET), NUMBERS),
    "a scaler, and components": (SCALER, lambda: make_pipeline(PCA(2), logistic()).fit(SCALED, TARGET), NUMBERS),
    "columns": (COLUMNS, lambda: logistic().fit(COLUMNS.transform(MIXED), TARGET), MIXED),
    "columns by name, scaled again": (
        NAMED,
        lambda: make_pipeline(StandardScaler(), logistic()).fit(WIDE, TARGET),
        MIXED,
    ),
    "columns that pass, twice": (
        make_column_transformer(("passthrough", ["a"])).fit(NUMBERS),
        lambda: make_pipeline(FunctionTransformer(), logistic()).fit(NUMBERS[["a"]].to_numpy(), TARGET),
        NUMBERS,
    ),
}


@pytest.mark.parametrize("case", ONCE)
def test_a_model_that_was_trained_on_what_is_prepared_is_joined(case: str, recwarn: pytest.WarningsRecorder) -> None:
    """Also where it does something else to that, or the same to columns that it knows by their names."""
    part, make, rows = ONCE[case]
    model = make()
    whole = joined([("scaler.pkl", part)], model)
    np.testing.assert_allclose(whole.predict_proba(rows), model.predict_proba(part.transform(rows)))
    assert not any("valid feature names" in str(one.message) for one in recwarn)
    assert [name for name, _ in whole.steps] == ["scaler", "model"]


BROKEN: dict[str, tuple[bytes, str, str]] = {
    "nothing": (b"", "BrokenError", "scaler.pkl has 0 bytes"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\nsize 1\n", "BrokenError", "git lfs pull"),
    "no pickle": (b"virus", "BrokenError", "scaler.pkl: it is no pickle"),
    "cut off": (gzip.compress(pickle.dumps(SCALER))[:-40], "BrokenError", "scaler.pkl: it is cut off"),
    "a command": (pickle.dumps(touch(Path("witness"))), "RefusedGlobalError", "scaler.pkl: the pickle asks for"),
    "a class of one's own": (b"csrc.features\nRatios\n)R.", "UnknownClassError", "scaler.pkl: it needs src.features"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_reason_names_the_file_that_prepares(case: str, tmp_path: Path) -> None:
    """It is not the model that is broken."""
    content, code, said = BROKEN[case]
    (tmp_path / "scaler.pkl").write_bytes(content)
    preprocessors = [[str(tmp_path / "scaler.pkl"), None]]
    answer = answered(logistic().fit(SCALED, TARGET), tmp_path, None, preprocessors=preprocessors)
    assert answer.code == code
    assert said in answer.reason
    assert "scaler.pkl" in answer.reason


def test_rows_are_prepared_once_from_end_to_end(tmp_path: Path) -> None:
    """In the sandbox, of files beside each other."""
    NUMBERS.assign(churn=TARGET).to_csv(tmp_path / "rows.csv")
    (tmp_path / "scaler.pkl").write_bytes(pickle.dumps(SCALER))
    model = make_pipeline(StandardScaler(), logistic()).fit(NUMBERS, TARGET)
    preprocessors = [[str(tmp_path / "scaler.pkl"), None]]
    answer = answered(model, tmp_path, tmp_path / "rows.csv", preprocessors=preprocessors)
    assert (answer.code, "prepares its rows itself" in answer.reason) == ("NotUsableError", True)


def test_code_of_its_own_is_called_by_its_name(tmp_path: Path) -> None:
    """A real lambda by cloudpickle, alone and compressed: the reason says what it is, and how to go on."""
    model = make_pipeline(FunctionTransformer(lambda rows: rows * json.loads("2")), logistic()).fit(NUMBERS, TARGET)
    for content in (cloudpickle.dumps(model), gzip.compress(cloudpickle.dumps(model, protocol=2))):
        (tmp_path / "model.pkl").write_bytes(content)
        with pytest.raises(SuspectError, match="it carries code of its own, by cloudpickle, which is never run"):
            examine(tmp_path / "model.pkl", (), 1 << 26)
