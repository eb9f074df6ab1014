"""The champion answers files of rows, in their order and by one version; its answers are there whole or not at all."""

import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from benchmarks.processes import PODIUM
from configs.loading import load_config
from flows.scoring import score
from podium import scored
from podium.errors import NegativeAnswerError, UsageError
from tests.flows.projects import LOGISTIC, decided_project, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def config(home: Path, made: Path) -> Path:
    """A project with a champion."""
    return decided_project(home.parent, made)


def rows_in(config: Path, made: Path, name: str, **columns: Any) -> Path:
    """Write the holdout's rows, without their truth."""
    rows = pd.read_parquet(made / "holdout.parquet").drop(columns="churn").assign(**columns)
    path = config.parent / name
    rows.to_csv(path, index=False) if path.suffix == ".csv" else rows.to_parquet(path, index=False)
    return path


def left_beside(path: Path) -> list[Path]:
    """What is in a folder and starts with a dot."""
    return [found for found in path.parent.iterdir() if found.name.startswith(".") and found.name != ".podium"]


def plain_answers(config: Path, rows: pd.DataFrame) -> Any:
    """What plain MLflow says of rows."""
    import mlflow

    mlflow.set_tracking_uri(store_of(config).uri)
    return mlflow.pyfunc.load_model("models:/churn@champion").predict(rows)


def test_answers_are_those_of_plain_mlflow_in_the_order_of_the_rows(
    config: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut into blocks or not, from Parquet or CSV to Parquet or CSV; with identifiers, chances, and the version."""
    source, target = rows_in(config, made, "rows.parquet"), config.parent / "answers.parquet"
    whole = score(str(source), str(target), str(config))
    rows, found = pd.read_parquet(source), pl.read_parquet(target)
    assert (whole.rows, whole.version, whole.model_id) == (len(rows), "1", LOGISTIC)
    assert found.columns == ["customerID", "prediction", "probability_0", "probability_1", "model_version"]
    assert found["customerID"].to_list() == rows["customerID"].to_list()
    assert found["prediction"].dtype == pl.Int64
    assert np.array_equal(found["prediction"].to_numpy(), plain_answers(config, rows))
    assert set(found["model_version"]) == {"1"}

    monkeypatch.setattr(scored, "MOST_ROWS", 100)
    monkeypatch.setattr(scored, "FEWEST_ROWS", 100)
    again = config.parent / "again.csv"
    score(str(rows_in(config, made, "rows.csv")), str(again), str(config))
    assert pl.read_csv(again).equals(found.with_columns(pl.col("model_version").cast(pl.Int64)))
    assert left_beside(target) == []


def test_rows_without_identifiers_are_numbered_and_processes_say_the_same(config: Path, made: Path) -> None:
    """By where they stand in the file; of the same rows another runner writes the same bytes."""
    source, target = config.parent / "rows.parquet", config.parent / "answers.parquet"
    pd.read_parquet(made / "holdout.parquet").drop(columns=["churn", "customerID"]).to_parquet(source)
    score(str(source), str(target), str(config))
    assert pl.read_parquet(target)["row"].to_list() == list(range(len(pd.read_parquet(source))))
    threads = target.read_bytes()
    config.write_text(config.read_text() + "runner: {kind: processes, workers: 2}\n")
    score(str(source), str(target), str(config))
    assert target.read_bytes() == threads


def test_a_dry_run_asks_and_leaves_nothing(config: Path, made: Path) -> None:
    """It finds the column that is missing, or says how many rows there are."""
    source, target = rows_in(config, made, "rows.parquet"), config.parent / "answers.parquet"
    found = score(str(source), str(target), str(config), dry_run=True)
    assert (found.rows, found.dry_run, target.exists()) == (len(pd.read_parquet(source)), True, False)
    pd.read_parquet(source).drop(columns="tenure").to_parquet(source)
    with pytest.raises(NegativeAnswerError, match=r"does not answer rows 1 to 100 of rows\.parquet: it needs tenure"):
        score(str(source), str(target), str(config), dry_run=True)
    assert left_beside(target) == []


def test_what_cannot_be_scored_is_one_clear_line_and_former_answers_stay(config: Path, made: Path) -> None:
    """No file, no rows, torn bytes, a format nobody reads, its own input, no folder, no champion."""
    source, target = rows_in(config, made, "rows.parquet"), config.parent / "answers.csv"
    target.write_text("former")
    empty, torn = config.parent / "empty.csv", config.parent / "torn.parquet"
    empty.write_text("tenure\n")
    torn.write_bytes(b"PAR1")
    for rows, output, said in (
        ("nowhere.csv", target, "no such file"),
        (empty, target, "holds no rows"),
        (torn, target, r"torn\.parquet: cannot be read"),
        (config, target, r"churn\.yaml: neither"),
        (source, source, "would replace"),
        (source, config.parent / "nowhere" / "a.csv", "does not exist"),
    ):
        with pytest.raises(UsageError, match=said):
            score(str(rows), str(output), str(config))
    pd.read_parquet(source).drop(columns="tenure").to_parquet(source)
    with pytest.raises(NegativeAnswerError, match="needs tenure"):
        score(str(source), str(target), str(config))
    store_of(config).client.delete_registered_model_alias("churn", "champion")
    with pytest.raises(NegativeAnswerError, match="nothing is in production"):
        score(str(source), str(target), str(config))
    assert (target.read_text(), left_beside(target)) == ("former", [])


def test_what_a_killed_scoring_left_is_removed_and_that_of_another_stays(config: Path, made: Path) -> None:
    """A reader sees the former answers until all new ones are there, and no folder of a dead process stays."""
    source, target = rows_in(config, made, "rows.parquet"), config.parent / "answers.parquet"
    score(str(source), str(target), str(config))
    words = [PODIUM, "score", "--input", str(source), "--output", str(target), "--config", str(config)]
    killed = subprocess.Popen(words, start_new_session=True, stderr=subprocess.DEVNULL)
    seen, done = set[int](), threading.Event()

    def poll() -> None:
        while not done.is_set():
            seen.add(len(pl.read_parquet(target)))
            time.sleep(0.01)

    reader = threading.Thread(target=poll)
    reader.start()
    while not left_beside(target):
        assert killed.poll() is None, "it ended before it was killed"
        time.sleep(0.001)
    killed.kill()
    killed.wait()
    done.set()
    reader.join()
    assert left_beside(target)
    living = target.with_name(left_beside(target)[0].name.replace(str(killed.pid), "1"))
    living.mkdir()
    score(str(source), str(target), str(config))
    assert left_beside(target) == [living]
    assert seen == {load_rows(config)}


def load_rows(config: Path) -> int:
    """How many rows the holdout has."""
    section = load_config(config).holdout
    assert section is not None
    return len(pd.read_parquet(section.path))
