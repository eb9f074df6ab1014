"""Models that have a good number and may not be promoted for it, and one that only looks as if it might not."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder
from xgboost import XGBClassifier

from flows.migration import migrate
from flows.selection import select
from podium.ranking import Ranked
from tests.flows.projects import log_with_plain_mlflow, project

pytestmark = pytest.mark.usefixtures("prefect_server")
NUMBERS = ["tenure", "MonthlyCharges"]


@pytest.fixture
def rows(made: Path) -> pd.DataFrame:
    """The holdout's rows."""
    return pd.read_parquet(made / "holdout.parquet")


def staged(config: Path, name: str, model: Any) -> None:
    """Stage a model under a name."""
    folder = config.parent / "staging" / name
    folder.mkdir(parents=True)
    joblib.dump(model, folder / "model.pkl")


def columns(*names: str) -> Any:
    """A model of some columns, whatever others it is given."""
    texts = [n for n in names if n not in NUMBERS]
    known = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(make_column_transformer((known, texts), ("passthrough", NUMBERS)), LogisticRegression())


def wordless(rows: pd.DataFrame) -> Any:
    """A model whose labels are fine, and whose probabilities are NaN for customers of one kind."""
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["Contract"]),
            (KBinsDiscretizer(5, encode="onehot"), NUMBERS),
            sparse_threshold=1.0,
        ),
        LogisticRegression(),
    ).fit(rows, rows["churn"])
    model[-1].coef_[0, 1] = np.nan
    return model


def test_what_is_no_evidence_is_told_from_what_is(home: Path, made: Path, rows: pd.DataFrame) -> None:
    """Whoever asks for the truth, or says NaN or raw scores, has no place; who drops an identifier did not learn it."""
    leaks = {"leaks": {"identifier": "refuse"}}
    config = project(home.parent, made, policy={"evidence": {"confidence": None}, **leaks})
    features = rows.drop(columns="churn")
    staged(config, "honest", columns("Contract").fit(features, rows["churn"]))
    staged(config, "nosy", columns("customerID").fit(features, rows["churn"]))
    staged(config, "oracle", make_pipeline(columns("Contract", "churn")).fit(rows, rows["churn"]))
    raw = XGBClassifier(objective="binary:logitraw", n_estimators=4)
    staged(config, "raw", raw.fit(rows[NUMBERS], rows["churn"]))
    wanted = rows[["Contract", *NUMBERS]]
    log_with_plain_mlflow(config, wordless(rows[[*wanted, "churn"]]), wanted, "wordless")
    log_with_plain_mlflow(config, columns("churn").fit(rows, rows["churn"]), rows[[*NUMBERS, "churn"]], "seer")
    migrate(str(config))
    outcome = select(str(config))
    found: dict[str, Ranked] = {r.candidate.model_id: r for r in outcome.selection.ranking}
    assert (outcome.selection.verdict, outcome.production.model_id) == ("promote", "honest")
    assert found["honest"].alarms == ()
    assert "customerID" in found["nosy"].reason
    assert all("asks for churn, the column that it is to predict" in found[name].reason for name in ("oracle", "seer"))
    assert "not between 0 and 1" in found["raw"].reason
    assert found["wordless"].reason == "some of its probabilities are no finite numbers"
