"""Podium trains what is configured: the same every time, apart from the holdout, for a selection to measure."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from mlflow.entities import LoggedModelStatus

from configs.loading import load_config
from flows.selection import select
from flows.training import train
from podium.errors import ConfigError, UnfinishedError, UsageError
from podium.progress import listen
from podium.training import TrainingReport
from tests.flows.listening import Listening
from tests.flows.projects import project, store_of
from tests.flows.test_cli import PODIUM, assert_one_line, podium

pytestmark = pytest.mark.usefixtures("prefect_server")
LINEAR = ["logistic_regression"]


@pytest.fixture(scope="session")
def learnable(churn_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows to learn from and rows to measure on, some hundreds of each, which no test changes."""
    from tasks.demo_models import _split

    folder = tmp_path_factory.mktemp("learnable")
    split = _split(churn_csv)
    split.train.assign(churn=split.train_target).head(600).to_parquet(folder / "train.parquet", index=False)
    split.test.assign(churn=split.test_target).head(300).to_parquet(folder / "holdout.parquet", index=False)
    return folder


def training(folder: Path, learnable: Path, name: str = "churn", **settings: Any) -> Path:
    """A project that trains quickly; returns its config file."""
    section = {"path": str(learnable / "train.parquet"), "cv": 2, "search": {"iterations": 2}, **settings}
    names = {"registered_model": name, "experiment": f"{name}_experiment"}
    return project(folder, learnable, training=section, mlflow=names)


def by_kind(report: TrainingReport) -> dict[str, Any]:
    """The candidates of a report by their kind."""
    return {c.kind: c for c in report.candidates}


def test_every_kind_is_trained_told_and_selected(home: Path, learnable: Path, prefect_server: str) -> None:
    """Four candidates with claims, rows and requirements in MLflow; each is told; a selection measures them all."""
    config = training(home.parent, learnable, "trained")
    with Listening(prefect_server, "podium.model.") as ears:
        report = train(str(config))
        assert {c.state for c in report.candidates} == {"trained"}
        for found in report.candidates:
            heard = ears.next(f"podium.model.{found.model_id}")
            assert heard.event == "podium.model.trained"
            assert heard.resource["podium.run.id"] == found.run_id
            assert heard.resource["podium.registered_model"] == "trained"
    store = store_of(config)
    forest = by_kind(report)["random_forest"]
    run = store.client.get_run(forest.run_id)
    assert run.data.metrics["search_score"] == forest.score == run.data.metrics["cv_f1_score"]
    [rows] = run.inputs.dataset_inputs
    assert (rows.dataset.name, rows.dataset.digest) == ("train", report.data.digest)
    files = [p.name for p in (home / "artifacts").rglob("*") if p.is_file()]
    assert not [name for name in files if name.endswith((".pkl", ".joblib"))]
    outcome = select(str(config), model_id=forest.model_id)
    assert {r.candidate.model_id for r in outcome.selection.ranking} == {c.model_id for c in report.candidates}
    assert outcome.selection.verdict == "promote"
    assert all("cv_f1_score" in r.candidate.recorded for r in outcome.selection.ranking)


def test_the_same_is_not_trained_twice(home: Path, learnable: Path) -> None:
    """Rows, settings and code decide, and who trains them again hears so; --again trains another, as good."""
    config = training(home.parent, learnable, kinds=LINEAR)
    said: list[str] = []
    stop = listen(lambda step: said.append(step.work))
    first = train(str(config)).candidates[0]
    train(str(config), dry_run=True)
    assert not [words for words in said if "nothing new" in words]
    second = train(str(config)).candidates[0]
    assert [words for words in said if "nothing new to train on" in words]
    stop()
    assert (second.state, second.model_id, second.score) == ("there", first.model_id, first.score)
    third = train(str(config), again=True).candidates[0]
    assert third.model_id != first.model_id
    assert (third.state, third.score, third.parameters) == ("trained", first.score, first.parameters)
    other = training(home.parent, learnable, kinds=LINEAR, seed=7)
    assert train(str(other), dry_run=True).candidates[0].state == "planned"
    assert len(store_of(config).logged_models()) == 2


def test_a_dry_run_writes_nothing(home: Path, learnable: Path) -> None:
    """It says what would be trained, on how many rows."""
    config = training(home.parent, learnable)
    report = train(str(config), kinds=["xgboost"], dry_run=True)
    assert [(c.kind, c.state) for c in report.candidates] == [("xgboost", "planned")]
    assert (report.data.rows, report.as_json()["metric"]) == (600, "f1_score")
    assert json.dumps(report.as_json())
    assert not (home / "artifacts").exists()


def test_labels_that_are_words_are_learned_by_every_kind(home: Path, learnable: Path, tmp_path: Path) -> None:
    """XGBoost alone wants numbers; its model answers in words all the same, and is measured."""
    words = tmp_path / "words"
    words.mkdir()
    for name in ("train", "holdout"):
        rows = pd.read_parquet(learnable / f"{name}.parquet")
        rows["churn"] = rows["churn"].map({0: "No", 1: "Yes"})
        rows["flag"] = rows["tenure"] > 12
        rows.to_parquet(words / f"{name}.parquet", index=False)
    config = training(home.parent, words, kinds=["xgboost", "lightgbm"])
    content = yaml.safe_load(config.read_text())
    content["holdout"]["positive_class"] = "Yes"
    config.write_text(yaml.safe_dump(content))
    report = train(str(config))
    assert {c.state for c in report.candidates} == {"trained"}, report.as_json()
    outcome = select(str(config))
    assert all(r.value is not None for r in outcome.selection.ranking), outcome.as_json()


def test_rows_of_the_holdout_are_not_learned_from(home: Path, learnable: Path, tmp_path: Path) -> None:
    """The holdout itself is refused, a copy too; shared rows are refused with their number, or left out if asked."""
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    held = pd.read_parquet(learnable / "holdout.parquet")
    held.to_parquet(mixed / "holdout.parquet", index=False)
    rows = pd.read_parquet(learnable / "train.parquet")
    pd.concat([rows, held.head(7)]).to_csv(mixed / "train.csv", index=False)
    held.to_parquet(mixed / "copy.parquet", index=False)
    for name in ("holdout.parquet", "copy.parquet"):
        with pytest.raises(ConfigError, match="is the holdout"):
            train(str(training(home.parent, mixed, path=str(mixed / name))), dry_run=True)
    shared: dict[str, Any] = {"path": str(mixed / "train.csv"), "kinds": LINEAR}
    with pytest.raises(ConfigError, match=r"7 of 607 rows .* training.overlap"):
        train(str(training(home.parent, mixed, **shared)), dry_run=True)
    dropped = train(str(training(home.parent, mixed, **shared, overlap="drop")), dry_run=True)
    assert (dropped.data.rows, dropped.data.overlap) == (600, 7)
    warned = train(str(training(home.parent, mixed, **shared, overlap="warn"))).as_json()
    assert warned["dataset"]["rows"] == 607
    assert "7 of 607 training rows are in the holdout" in warned["warnings"][0]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda rows: rows.drop(columns="churn"), "no column 'churn'"),
        (lambda rows: rows.assign(churn=1), "one label"),
        (lambda rows: rows.assign(churn=rows["churn"].where(rows.index > 0)), "1 rows have no label"),
        (lambda rows: rows.assign(churn=[1] + [0] * (len(rows) - 1)), "training.cv: 2 folds"),
        (lambda rows: rows.head(0), "has no rows"),
        (
            lambda rows: rows.assign(tenure=rows["tenure"].astype("float64").replace(1, float("-inf"))),
            "tenure is infinite",
        ),
        (lambda rows: rows.assign(more=1.0), "the holdout has no more"),
        (lambda rows: rows.assign(at=pd.Timestamp("2026-01-01")), "learns from at"),
        (lambda rows: rows[["customerID", "churn"]], "nothing but the target"),
    ],
)
def test_rows_that_cannot_be_learned_from_are_one_line(
    home: Path, learnable: Path, tmp_path: Path, change: Any, named: str
) -> None:
    """Each mistake names the file, the column and the remedy."""
    path = tmp_path / "changed.parquet"
    change(pd.read_parquet(learnable / "train.parquet")).to_parquet(path, index=False)
    with pytest.raises(ConfigError, match=named):
        train(str(training(home.parent, learnable, path=str(path))), dry_run=True)


def test_settings_that_cannot_be_meant_are_refused(home: Path, learnable: Path) -> None:
    """A kind that is not known, none where some are named, a training without its section or a holdout, and numbers."""
    config = training(home.parent, learnable)
    with pytest.raises(UsageError, match="'catboost' is no kind"):
        train(str(config), kinds=["catboost"])
    for nothing in (",", ""):
        assert_one_line(podium("train", "--kinds", nothing, "--config", str(config), home=home), 2, "--kinds: none is")
    numbers = yaml.safe_load(config.read_text())
    numbers["holdout"] = {"path": numbers["holdout"]["path"], "target": "churn", "task": "regression"}
    (regression := home / "regression.yaml").write_text(yaml.safe_dump({**numbers, "policy": {}}))
    with pytest.raises(ConfigError, match="trains classifiers only"):
        train(str(regression))
    with pytest.raises(ConfigError, match="training: not set"):
        train(str(project(home.parent, learnable)))
    with pytest.raises(ConfigError, match="section holdout"):
        load_config(project(home.parent, learnable, training={"path": "x.parquet"}, holdout=None))


def test_a_kind_that_fails_takes_no_other_with_it(home: Path, learnable: Path, tmp_path: Path) -> None:
    """What a library refuses is a failure with its reason; the others are trained, and only it is tried again."""
    path = tmp_path / "large.parquet"
    rows = pd.read_parquet(learnable / "train.parquet")
    rows["tenure"] = rows["tenure"].astype("float64").where(rows.index != 5, 1e300)
    rows.to_parquet(path, index=False)
    config = training(home.parent, learnable, path=str(path), kinds=["random_forest", "lightgbm"])
    with pytest.raises(UnfinishedError, match=r"random_forest gave no model: .*too large") as unfinished:
        train(str(config))
    assert [failed.kind for failed in unfinished.value.answer.failed] == ["random_forest"]
    assert len(store_of(config).logged_models()) == 1


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_wherever_it_is_trained_it_is_the_same_model(kind: str, home: Path, learnable: Path) -> None:
    """Threads, processes and Dask find the same parameters with the same score."""
    kinds = [*LINEAR, "lightgbm"]
    config = training(home.parent, learnable, kinds=kinds)
    here = by_kind(train(str(config)))
    content = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**content, "runner": {"kind": kind, "workers": 2}}))
    there = by_kind(train(str(config), again=True))
    assert {k: there[k].state for k in kinds} == dict.fromkeys(kinds, "trained")
    for name in kinds:
        assert (there[name].score, there[name].parameters) == (here[name].score, here[name].parameters)


def test_killed_in_the_middle_it_is_finished_by_the_next(home: Path, learnable: Path) -> None:
    """One model is there and others are not when the process is killed; the same command ends with one of each."""
    config = training(home.parent, learnable)
    store = store_of(config)
    environment = {**os.environ, "PODIUM_HOME": str(home), "PODIUM_RUNNER__WORKERS": "1"}
    training_now = subprocess.Popen([PODIUM, "train", "--config", str(config)], env=environment, cwd=home)
    deadline = time.monotonic() + 240
    while not (begun := store.search_runs("")):
        assert training_now.poll() is None, "it ended before anything was written"
        assert time.monotonic() < deadline, "it writes nothing"
        time.sleep(0.02)
    training_now.kill()
    training_now.wait()
    assert len(begun) < 4
    report = train(str(config))
    assert {c.state for c in report.candidates} <= {"trained", "there"}
    assert {run.info.status for run in store.search_runs("")} == {"FINISHED"}
    ready = [model for model in store.logged_models() if model.status == LoggedModelStatus.READY]
    assert sorted(m.tags["podium.model_id"] for m in ready) == sorted(c.model_id or "" for c in report.candidates)
    assert len(ready) == len(store.search_runs("")) == 4
