"""The production model is tested as a service would use it, and what is wrong with it is found."""

from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from flows.migration import migrate
from flows.selection import select
from flows.verification import verify
from podium.errors import NegativeAnswerError
from tests.flows.projects import LOGISTIC, log_with_plain_mlflow, project, refused, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_a_good_model_passes_every_check(home: Path, made: Path) -> None:
    """All checks pass with limits of their own, and the metrics are reproduced to the last digit that matters."""
    config = project(home.parent, made, LOGISTIC, verification=None)
    migrate(str(config))
    select(str(config))
    found = verify(str(config))
    names = ["loads", "signature", "predicts", "reproduces", "single-rows", "latency"]
    assert [c.name for c in found.checks] == [*names, "missing-category", "unseen-category"]
    assert found.passed, found.checks


def test_a_model_that_cannot_stand_the_unseen_fails_that_check(home: Path, made: Path) -> None:
    """An encoder that raises on an unknown value is not promoted, and is found if somebody puts it into production."""
    config = project(home.parent, made)
    rows = pd.read_parquet(made / "holdout.parquet")
    columns = ["Contract", "gender"]
    model = make_pipeline(OneHotEncoder(handle_unknown="error"), LogisticRegression())
    log_with_plain_mlflow(config, model.fit(rows[columns], rows["churn"]), rows[columns], "brittle")
    outcome = refused(select, config)
    reason = outcome.selection.ranking[0].reason
    assert reason.startswith("it does not pass as a canary: ")
    assert "unseen-category: ValueError" in reason
    store_of(config).client.set_registered_model_alias("churn", "champion", "1")
    checks = {c.name: c for c in refused(verify, config).checks}
    assert not checks["unseen-category"].passed
    assert checks["reproduces"].passed


def test_a_champion_whose_logged_model_was_deleted_fails(home: Path, made: Path) -> None:
    """The version and its alias are there, what they name is not: that is a check that fails, and no accident."""
    config = project(home.parent, made, LOGISTIC)
    migrate(str(config))
    select(str(config))
    (logged,) = store_of(config).logged_models()
    store_of(config).client.delete_logged_model(logged.model_id)
    failed = [c.name for c in refused(verify, config).checks if not c.passed]
    assert failed, "it loads from nowhere"


def test_nothing_in_production_is_a_negative_answer(home: Path, made: Path) -> None:
    """Without a champion the answer is no, with the command that makes one."""
    with pytest.raises(NegativeAnswerError, match="podium select"):
        verify(str(project(home.parent, made)))


def test_without_a_holdout_the_example_is_asked(home: Path, made: Path) -> None:
    """A team without a holdout that promotes on claims still gets a verification that can pass."""
    config = project(home.parent, made, LOGISTIC, holdout=None, policy={"evidence": {"without_holdout": "promote"}})
    migrate(str(config))
    select(str(config))
    checks = {c.name: c for c in verify(str(config)).checks}
    assert "input example" in checks["predicts"].detail
    assert checks["single-rows"].passed
