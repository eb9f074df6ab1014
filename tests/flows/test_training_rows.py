"""Rows of the holdout that a model was trained on are found by what its training recorded of them."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

from flows.migration import migrate
from flows.selection import select
from tasks.effects.training_rows import row_hashes, rows_in
from tests.flows.projects import LOGISTIC, project, refused, store_of

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to.md"
NUMBERS = ["tenure", "MonthlyCharges", "SeniorCitizen"]
Recorder = Callable[..., None]


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    """The function of the how-to, as people copy it."""
    (code,) = re.findall(r"```python\n(import numpy.*?)```", HOW_TO.read_text(), re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)
    recorder: Recorder = found["record_training_rows"]
    return recorder


def trained(config: Path, rows: pd.DataFrame, note: Callable[[], None]) -> None:
    """Log a model with plain MLflow, in a run that notes what it was trained on."""
    mlflow.set_experiment(experiment_id=store_of(config).experiment_id)
    with mlflow.start_run(run_name="own"):
        model = LogisticRegression(max_iter=1000).fit(rows[NUMBERS], rows["churn"])
        mlflow.sklearn.log_model(
            model, name="model", input_example=rows[NUMBERS].head(3), pip_requirements=["scikit-learn"]
        )
        note()


def responding(config: Path, **leaks: Any) -> Path:
    """Change what the policy says of leaks."""
    content = yaml.safe_load(config.read_text())
    content["policy"]["leaks"] = leaks
    config.write_text(yaml.safe_dump(content))
    return config


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("response", ["warn", "refuse"])
def test_holdout_rows_of_a_record_are_counted(home: Path, made: Path, recorder: Recorder, response: str) -> None:
    """37 rows of the holdout among other rows: an alarm that says how many, or a refusal, as the policy says."""
    config = responding(project(home.parent, made), training_rows=response)
    holdout = pd.read_parquet(made / "holdout.parquet")
    other = holdout.assign(customerID=lambda f: "other-" + f["customerID"])
    rows = pd.concat([other, holdout.head(37)]).sample(frac=1, random_state=0)

    def note() -> None:
        recorder(rows, home / "training_rows.npz")
        mlflow.log_artifact(str(home / "training_rows.npz"))
        mlflow.set_tag("podium.training_rows", "training_rows.npz")

    trained(config, rows, note)
    answer = select(str(config)) if response == "warn" else refused(select, config)
    (row,) = answer.as_json()["ranking"]
    assert row["metrics"]["training_rows"] == 37
    assert row["alarms"] == [f"was trained on 37 of the holdout's {len(holdout):,} rows, by its own record"]
    assert (row["place"] == 1) == (response == "warn")
    if response == "warn":
        assert "was trained on 37" in Path(str(answer.report), "report.html").read_text()
        responding(config, training_rows="refuse", training_rows_above=0.05)
        assert select(str(config)).selection.verdict == "keep", "few enough to be alike by chance"


@pytest.mark.usefixtures("prefect_server")
def test_a_record_beside_a_staged_model_counts(home: Path, made: Path, recorder: Recorder) -> None:
    """It is read when the model is migrated, and once more when it is measured on another holdout."""
    config = project(home.parent, made, LOGISTIC)
    holdout = pd.read_parquet(made / "holdout.parquet")
    recorder(holdout.head(12), config.parent / "staging" / LOGISTIC / "training_rows.npz")
    migrate(str(config))
    (row,) = select(str(config)).as_json()["ranking"]
    assert row["metrics"]["training_rows"] == 12
    holdout.iloc[10:].to_parquet(config.parent / "other.parquet")
    config.write_text(config.read_text().replace(str(made / "holdout.parquet"), str(config.parent / "other.parquet")))
    (again,) = select(str(config)).as_json()["ranking"]
    assert again["metrics"]["training_rows"] == 2


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(("context", "seen"), [("training", True), (None, True), ("testing", False)])
def test_the_holdout_as_an_input_of_the_training_is_found(
    home: Path, made: Path, context: str | None, seen: bool
) -> None:
    """By its digest; logged as what the model was tested on it is no leak."""
    config = project(home.parent, made)
    rows = pd.read_parquet(made / "holdout.parquet")
    trained(config, rows, lambda: mlflow.log_input(mlflow.data.from_pandas(rows, targets="churn"), context=context))
    (row,) = select(str(config)).as_json()["ranking"]
    assert row["metrics"].get("training_rows") == (len(rows) if seen else None)


def test_a_record_of_other_types_is_the_same(tmp_path: Path, recorder: Recorder) -> None:
    """A number is a number whether it is whole, and a text whether it is a category; missing is missing."""
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [True, False, True], "d": [1.5, np.nan, 2.5]})
    other = pd.DataFrame(
        {"d": frame["d"], "b": frame["b"].astype("category"), "c": frame["c"].astype(int), "a": [1.0, 2.0, 3.0]}
    )
    assert (row_hashes(frame) == row_hashes(other)).all()
    assert len(set(row_hashes(frame).tolist())) == 3
    frame.to_parquet(tmp_path / "holdout.parquet")
    recorder(other.iloc[1:], tmp_path / "record.npz")
    assert rows_in(tmp_path / "record.npz", tmp_path / "holdout.parquet") == {"training_rows": 2.0}


def broken(path: Path, how: str, recorder: Recorder, frame: pd.DataFrame) -> None:
    """Write a record that nobody can compare."""
    if how == "other columns":
        recorder(frame.rename(columns={"a": "other"}), path)
    elif how == "pickle":
        np.savez(path, columns=np.array(["a"]), hashes=np.array([object()], dtype=object))
    elif how == "link":
        recorder(frame, path.with_name("real.npz"))
        path.symlink_to(path.with_name("real.npz"))
    else:
        recorder(frame, path)
        path.write_bytes(path.read_bytes()[:60])


@pytest.mark.parametrize("how", ["other columns", "pickle", "link", "cut off"])
def test_a_record_that_cannot_be_compared_says_so(tmp_path: Path, recorder: Recorder, how: str) -> None:
    """It is no record of nothing: the alarm is there all the same, and nothing of it runs."""
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    frame.to_parquet(tmp_path / "holdout.parquet")
    broken(tmp_path / "record.npz", how, recorder, frame)
    assert rows_in(tmp_path / "record.npz", tmp_path / "holdout.parquet") == {"training_rows": -1.0}
    shutil.rmtree(tmp_path)
