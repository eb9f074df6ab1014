"""Recent rows are compared with the holdout and the champion with itself; what is found is kept, told, and answered."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.monitoring import looks_json, monitor
from podium.errors import NegativeAnswerError, UsageError
from podium.monitored import Monitored
from tests.flows.projects import decided_project, refused, store_of
from tests.flows.receivers import Receiver

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def watched(home: Path, made: Path) -> Path:
    """A project with a champion."""
    return decided_project(home.parent, made)


def batch(config: Path, made: Path, name: str = "batch.parquet", **columns: Any) -> str:
    """Write rows like those of the holdout, of which some columns are others."""
    rows = pd.read_parquet(made / "holdout.parquet").sample(700, random_state=1)
    path = config.parent / name
    rows.assign(**columns).to_parquet(path, index=False)
    return str(path)


def test_rows_like_the_holdout_are_as_it_was_and_noted_once(watched: Path, made: Path) -> None:
    """No alert; the run has the numbers, and looking again at the same batch makes no other run."""
    path = batch(watched, made)
    dry = monitor(str(watched), path, dry_run=True)
    assert looks_json(str(watched)) == {"looks": []}
    first, again = monitor(str(watched), path), monitor(str(watched), path)
    assert (first.alerts, first.state, dry.run_id) == ((), "as it was", None)
    assert first.run_id == again.run_id
    assert {d.column for d in first.drifts} >= {"tenure", "Contract", "(predictions)"}
    assert not {d.column for d in first.drifts} & {"customerID", "churn"}
    (look,) = looks_json(str(watched))["looks"]
    assert (look["version"], look["rows"], look["state"]) == ("1", 700, "as it was")
    assert look["value"] == first.performance.value
    run = store_of(watched).client.get_run(str(first.run_id))
    assert run.data.metrics["psi.tenure"] == pytest.approx(next(d.psi for d in first.drifts if d.column == "tenure"))


def test_drift_and_degradation_are_told_once_and_answered_no(
    watched: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column that doubled and labels that turned; then a batch as before, and the all-clear."""
    chat = Receiver()
    monkeypatch.setenv("HERE", f"http://{chat.where}/chat")
    watched.write_text(watched.read_text() + "alerts: {channels: {chat: {url_env: HERE, minimum: info}}}\n")
    truth = pd.read_parquet(made / "holdout.parquet").sample(700, random_state=1)
    bad = batch(watched, made, "bad.parquet", tenure=truth["tenure"] * 3, churn=1 - truth["churn"])
    for _ in range(2):
        found: Monitored = refused(monitor, watched, batch=bad)
    assert found.state == "degraded and drifted"
    assert found.drifted[0].column in {"tenure", "(predictions)"}
    assert chat.titles == [
        "[warning] churn: the data have drifted",
        "[critical] churn: version 1 in production is degraded",
    ]
    monitor(str(watched), batch(watched, made))
    assert chat.titles[2:] == [
        "[all clear] churn: the data are like the holdout again",
        "[all clear] churn: version 1 in production does as well as on the holdout",
    ]
    chat.close()


def test_the_newest_file_of_a_folder_is_looked_at_and_a_large_one_is_thinned(watched: Path, made: Path) -> None:
    """By the time it was written; of 1,400 rows every second one is looked at where 1,000 are asked for."""
    folder = watched.parent / "batches"
    folder.mkdir()
    batch(watched, made, "batches/old.parquet")
    rows = pd.read_parquet(made / "holdout.parquet").drop(columns="churn").head(1400)
    rows.to_csv(folder / "new.csv", index=False)
    (folder / "notes.txt").write_text("no rows")
    watched.write_text(watched.read_text() + "monitoring: {batches: batches, most_rows: 1000}\n")
    found = monitor(str(watched))
    assert (found.batch.name, found.batch.rows, found.batch.looked_at) == ("new.csv", 1400, 700)
    assert found.performance.reason == "the batch has no labels"
    assert found.alerts == ()


def test_a_batch_that_cannot_be_looked_at_is_one_clear_line(watched: Path, made: Path) -> None:
    """No file, no rows, no column the champion needs, no Parquet; nothing is noted."""
    rows = pd.read_parquet(made / "holdout.parquet")
    empty, narrow, torn = (watched.parent / f"{name}.parquet" for name in ("empty", "narrow", "torn"))
    rows.head(0).to_parquet(empty)
    rows.drop(columns="tenure").to_parquet(narrow)
    torn.write_bytes(b"PAR1")
    for path, said in ((None, "monitoring.batches"), ("nowhere.csv", "no such file"), (str(empty), "holds no rows")):
        with pytest.raises(UsageError, match=said):
            monitor(str(watched), path)
    with pytest.raises(UsageError, match=r"torn\.parquet: the batch cannot be read"):
        monitor(str(watched), str(torn))
    with pytest.raises(NegativeAnswerError, match=r"version 1 does not answer narrow\.parquet: it needs tenure"):
        monitor(str(watched), str(narrow))
    assert looks_json(str(watched)) == {"looks": []}


def test_a_look_that_was_cut_off_is_finished_by_the_next(
    watched: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run without its end is no look yet; the next one writes into it."""
    store = store_of(watched)
    path = batch(watched, made)
    with monkeypatch.context() as patch:
        patch.setattr("mlflow.MlflowClient.set_terminated", _killed)
        with pytest.raises(KeyboardInterrupt):
            monitor(str(watched), path)
    assert looks_json(str(watched)) == {"looks": []}
    found = monitor(str(watched), path)
    (look,) = looks_json(str(watched))["looks"]
    assert look["run_id"] == found.run_id
    experiment = store.client.get_experiment_by_name("churn_monitoring.monitoring")
    assert len(store.client.search_runs([experiment.experiment_id])) == 1
    content = json.loads(Path(store.client.download_artifacts(str(found.run_id), "monitoring.json")).read_text())
    assert content["run_id"] == found.run_id


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
