"""Migrating writes to a real MLflow what people expect to find there, once."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import joblib
import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow.entities import LoggedModelStatus, ViewType
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.migration import migrate
from podium.plan import MigrationReport
from podium.progress import Counter
from tasks.effects.prediction import columns_of
from tasks.effects.processes import this_writer
from tasks.effects.store import Store
from tasks.migration import migrate_chunk
from tasks.staging import read_staging
from tests.flows.projects import store_of
from tests.tasks.honest import logistic
from tests.tasks.hostile import plain

pytestmark = pytest.mark.usefixtures("prefect_server")
LOGISTIC, FOREST, BARE = (
    "logistic_regression_20250820_104738",
    "random_forest_20250820_104726",
    "xgboost_20250820_114557",
)


WITHOUT_PODIUM = (
    "import json, sys; sys.modules.update(dict.fromkeys(('podium', 'tasks', 'flows', 'configs', 'deployments')))"
)
"""What makes every import of Podium in a process fail."""


def project(home: Path, made: Path, *names: str, holdout: bool = True) -> Path:
    """A project with some of the demo's models staged; returns its config file."""
    root = home.parent / "staging"
    root.mkdir(exist_ok=True)
    for name in names:
        shutil.copytree(made / "staging" / name, root / name)
    section = {"path": str(made / "holdout.parquet"), "target": "churn", "id_columns": ["customerID"]}
    content = {"staging": {"root": "staging"}, **({"holdout": section} if holdout else {})}
    config = home.parent / "churn.yaml"
    config.write_text(yaml.safe_dump(content))
    return config


def states(report: MigrationReport) -> dict[str, str]:
    """The outcome of each model."""
    return {o.model_id: o.state for o in report.outcomes}


def counts(store: Store) -> tuple[int, int, int]:
    """How many runs, logged models and versions there are, deleted ones included."""
    runs = store.client.search_runs([store.experiment_id], run_view_type=ViewType.ALL)
    return len(runs), len(store.logged_models()), len(store.versions())


def test_what_became_of_each_model_is_a_table_of_its_task_run(home: Path, made: Path) -> None:
    """Whoever looks at a deployment in Prefect sees each model, migrated or not, with its version or the reason."""
    config = project(home, made, LOGISTIC, FOREST)
    (home.parent / "staging" / "hostile").mkdir()
    plain(home.parent / "staging" / "hostile" / "model.pkl", home.parent / "witness")
    report = migrate(str(config))
    with get_client(sync_client=True) as client:
        named = ArtifactFilter(key=ArtifactFilterKey(any_=["podium-outcomes"]))
        tables = client.read_artifacts(artifact_filter=named, sort=ArtifactSort.CREATED_DESC, limit=3)
    rows = [row for table in tables if table.task_run_id for row in json.loads(str(table.data))]
    told = {row["model_id"]: (row["state"], row["version"], row["reason"]) for row in rows}
    assert told == {o.model_id: (o.state, o.version, o.reason) for o in report.outcomes}


def test_a_model_is_written_as_people_expect(home: Path, made: Path) -> None:
    """Run name, start time, parameters, recorded metrics, metadata, and a version in staging."""
    config = project(home, made, FOREST)
    (outcome,) = migrate(str(config)).of("migrated")
    store = store_of(config)
    run = store.client.get_run(outcome.run_id)
    metadata = json.loads((made / "staging" / FOREST / "metadata.json").read_text())
    assert run.info.run_name == FOREST
    assert datetime.fromtimestamp(run.info.start_time / 1000, UTC).isoformat() == "2025-08-20T10:47:26+00:00"
    assert run.info.status == "FINISHED"
    assert run.data.params["max_depth"] == "9"
    recorded = {k: run.data.metrics[k] for k in metadata["performance_metrics"]}
    assert recorded == pytest.approx(metadata["performance_metrics"])
    version = store.client.get_model_version("churn", outcome.version)
    assert (version.tags["podium.stage"], version.tags["podium.model_id"]) == ("staging", FOREST)


def test_the_original_metadata_and_the_confusion_matrix_are_artifacts(home: Path, made: Path) -> None:
    """The metadata is kept to the byte, and the holdout's confusion matrix counts every row."""
    config = project(home, made, LOGISTIC)
    (outcome,) = migrate(str(config)).of("migrated")
    run = store_of(config).client.get_run(outcome.run_id)
    kept = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/metadata.json")
    assert kept == (made / "staging" / LOGISTIC / "metadata.json").read_text()
    folder = Path(mlflow.artifacts.download_artifacts(f"{run.info.artifact_uri}/holdout"))
    (measured,) = folder.rglob("measurement.json")
    assert sum(map(sum, json.loads(measured.read_text())["confusion_matrix"]["matrix"])) == 1409


def test_holdout_metrics_are_bound_to_the_digest(home: Path, made: Path) -> None:
    """What was measured stands on the logged model under the digest of the rows, beside what was recorded."""
    config = project(home, made, LOGISTIC)
    migrate(str(config))
    (model,) = store_of(config).logged_models()
    measured = {m.key: m for m in model.metrics if m.dataset_digest}
    assert measured["holdout_f1_score"].value == pytest.approx(0.8002, abs=5e-3)
    assert {len(m.dataset_digest) for m in measured.values()} == {32}
    assert "holdout_class_1.recall" in measured


@pytest.mark.parametrize(
    ("name", "flavour", "file"),
    [
        (LOGISTIC, "sklearn", "model.skops"),
        (BARE, "xgboost", "model.ubj"),
        ("lightgbm_20250820_104713", "lightgbm", ""),
    ],
)
def test_the_stored_model_loads_by_its_flavour_without_podium(
    home: Path, made: Path, name: str, flavour: str, file: str
) -> None:
    """Plain MLflow loads it, with signature, example and explicit requirements, and no pickle in sight."""
    config = project(home, made, name)
    (outcome,) = migrate(str(config)).of("migrated")
    uri = f"models:/churn/{outcome.version}"
    folder = Path(mlflow.artifacts.download_artifacts(uri, tracking_uri=store_of(config).uri))
    assert not list(folder.rglob("*.pkl"))
    assert (folder / file).exists()
    assert "mlflow==" in (folder / "requirements.txt").read_text()
    assert (folder / "input_example.json").exists()
    code = (
        f"{WITHOUT_PODIUM}; import mlflow, pandas; mlflow.set_tracking_uri({store_of(config).uri!r});"
        f"rows = pandas.read_parquet({str(made / 'holdout.parquet')!r}).head(3);"
        f"model = mlflow.pyfunc.load_model({uri!r});"
        "rows = rows[model.metadata.get_input_schema().input_names()];"
        f"own = mlflow.{flavour}.load_model({uri!r});"
        "said = [[str(label) for label in own.classes_], [str(label) for label in model.predict(rows)]];"
        "print(json.dumps([*said, own.predict_proba(rows).tolist()]))"
    )
    ended = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr[-2000:]
    original = joblib.load(made / "staging" / name / "model.pkl")
    rows = pd.read_parquet(made / "holdout.parquet").head(3)
    classes, labels, chances = json.loads(ended.stdout)
    assert classes == [str(label) for label in original.classes_]
    assert labels == [str(label) for label in original.predict(rows[list(columns_of(original, ()))])]
    meant = original.predict_proba(rows[list(columns_of(original, ()))])
    np.testing.assert_allclose(chances, meant, atol=1e-6)


def test_the_decision_threshold_is_kept(home: Path, made: Path) -> None:
    """As a parameter of the run and of the logged model: what the metadata says of it is never lost."""
    config = project(home, made)
    odd(home.parent / "staging", made, "tuned", {"optimal_threshold": "0.37", "metrics": {"f1": 0.6}})
    (outcome,) = migrate(str(config)).of("migrated")
    (model,) = store_of(config).logged_models()
    assert store_of(config).client.get_run(outcome.run_id).data.params["decision_threshold"] == "0.37"
    assert model.params["decision_threshold"] == "0.37"


def test_a_second_migration_makes_nothing(home: Path, made: Path) -> None:
    """The same bytes are recognised by their fingerprint, and nothing is written again."""
    config = project(home, made, LOGISTIC, BARE)
    migrate(str(config))
    before = counts(store_of(config))
    assert states(migrate(str(config))) == {LOGISTIC: "skipped", BARE: "skipped"}
    assert counts(store_of(config)) == before == (2, 2, 2)


def test_a_dry_run_writes_nothing(home: Path, made: Path) -> None:
    """A dry run says what would be migrated and leaves MLflow as it is."""
    config = project(home, made, LOGISTIC)
    report = migrate(str(config), dry_run=True)
    assert [(o.model_id, o.reason, o.run_id) for o in report.of("migrated")] == [(LOGISTIC, "would be migrated", None)]
    assert counts(store_of(config)) == (0, 0, 0)


def test_a_broken_model_is_quarantined_and_the_others_go_on(home: Path, made: Path) -> None:
    """Every folder ends in exactly one list, with a reason where it was refused, and no source file is touched."""
    config = project(home, made, LOGISTIC)
    root = home.parent / "staging"
    for name in ("hostile", "empty", "no_model"):
        (root / name).mkdir()
    plain(root / "hostile" / "model.pkl", home / "witness")
    (root / "empty" / "model.pkl").write_bytes(b"")
    report = migrate(str(config))
    assert states(report) == {LOGISTIC: "migrated", **dict.fromkeys(("hostile", "empty", "no_model"), "quarantined")}
    assert {o.model_id: o.code for o in report.of("quarantined")} == {
        "hostile": "unsafe-pickle",
        "empty": "empty-model",
        "no_model": "no-model",
    }
    assert not (home / "witness").exists()
    assert (root / "hostile" / "model.pkl").exists()
    with get_client(sync_client=True) as client:
        (table,) = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["podium-quarantine"])),
            sort=ArtifactSort.UPDATED_DESC,
            limit=1,
        )
    assert table.type == "table"
    assert json.loads(str(table.data)) == [o.as_json() for o in report.of("quarantined")]


def test_a_copy_under_another_id_is_one_model(home: Path, made: Path) -> None:
    """Two ids with the same bytes make one version, which knows the other id."""
    config = project(home, made, LOGISTIC)
    migrate(str(config))
    shutil.copytree(home.parent / "staging" / LOGISTIC, home.parent / "staging" / "copy_of_it")
    report = migrate(str(config))
    assert states(report) == {LOGISTIC: "skipped", "copy_of_it": "skipped"}
    (version,) = store_of(config).versions()
    assert version.tags["podium.also_known_as"] == "copy_of_it"
    assert any(o.warning for o in report.of("skipped"))


def test_without_a_holdout_parity_is_shown_on_made_up_rows(home: Path, made: Path) -> None:
    """Rows are built from what the model knows of its columns, and nothing is measured."""
    config = project(home, made, LOGISTIC, BARE, holdout=False)
    report = migrate(str(config))
    assert {o.state for o in report.outcomes} == {"migrated"}
    models = store_of(config).logged_models()
    assert not [m for model in models for m in model.metrics if m.dataset_digest]


def half_done(store: Store, until: str) -> str:
    """Leave behind what a migration that was killed at some point leaves; returns the run."""
    run = store.client.create_run(store.experiment_id, tags={"podium.writer": "gone"}, run_name="half")
    if until == "run":
        return run.info.run_id
    model = store.client.create_logged_model(store.experiment_id, "half", run.info.run_id)
    if until == "ready":
        store.client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    return run.info.run_id


@pytest.mark.parametrize("until", ["run", "model", "ready"])
def test_what_a_kill_left_is_settled_by_the_next_run(home: Path, made: Path, until: str) -> None:
    """A half-written model is gone after the next migration, whatever it had reached, and the model is there once."""
    config = project(home, made, LOGISTIC)
    store = store_of(config)
    half = half_done(store, until)
    assert states(migrate(str(config))) == {LOGISTIC: "migrated"}
    assert store.client.get_run(half).info.lifecycle_stage == "deleted"
    assert [m.name for m in store.logged_models()] == [LOGISTIC]


def test_what_a_living_process_is_writing_is_left_alone(home: Path, made: Path) -> None:
    """A half-written run whose writer still lives is not touched by another migration."""
    config = project(home, made, LOGISTIC)
    store = store_of(config)
    half = half_done(store, "model")
    store.client.set_tag(half, "podium.writer", str(replace(this_writer(), pid=os.getppid())))
    migrate(str(config))
    assert store.client.get_run(half).info.lifecycle_stage == "active"


def test_a_run_that_only_lacks_its_end_is_finished(home: Path, made: Path) -> None:
    """Killed after the version was made, the run is completed and the model is not migrated again."""
    config = project(home, made, LOGISTIC)
    (outcome,) = migrate(str(config)).of("migrated")
    store = store_of(config)
    store.client.update_run(outcome.run_id, "RUNNING")
    assert states(migrate(str(config))) == {LOGISTIC: "skipped"}
    assert store.client.get_run(outcome.run_id).info.status == "FINISHED"


def test_the_measured_numbers_are_those_of_the_original(home: Path, made: Path) -> None:
    """The holdout F1 equals what scikit-learn says of the staged file itself."""
    from sklearn.metrics import f1_score

    rows = pd.read_parquet(made / "holdout.parquet")
    original = joblib.load(made / "staging" / FOREST / "model.pkl")
    expected = f1_score(rows["churn"], original.predict(rows), average="weighted")
    config = project(home, made, FOREST)
    migrate(str(config))
    (model,) = store_of(config).logged_models()
    assert {m.key: m.value for m in model.metrics}["holdout_f1_score"] == pytest.approx(expected, abs=1e-12)


def test_a_holdout_that_is_not_there_stops_before_anything_is_written(home: Path, made: Path) -> None:
    """The error names the key and the file, and MLflow is as it was."""
    from podium.errors import ConfigError

    config = project(home, made, LOGISTIC)
    config.write_text(config.read_text().replace("holdout.parquet", "nowhere.parquet"))
    with pytest.raises(ConfigError, match=r"holdout\.path.*nowhere\.parquet"):
        migrate(str(config))
    assert counts(store_of(config)) == (0, 0, 0)


def test_the_config_is_frozen(home: Path, made: Path) -> None:
    """A flow cannot change its own configuration."""
    config: PodiumConfig = load_config(project(home, made))
    with pytest.raises(ValueError, match="frozen"):
        config.runner = None  # type: ignore[assignment, misc]


def odd(root: Path, made: Path, name: str, metadata: dict[str, object]) -> None:
    """Stage a model under an odd name, with odd things in its metadata."""
    shutil.copytree(made / "staging" / BARE, root / name)
    (root / name / "metadata.json").write_text(json.dumps(metadata))


def test_odd_names_and_values_are_taken(home: Path, made: Path) -> None:
    """Names that MLflow refuses are changed for it, and the model keeps its own."""
    config = project(home, made)
    name = """v1.2: "best" 100% d'accord"""
    report = {"<=50K": {"f1-score": 0.5}, ">50K": {"f1-score": 0.6}, "x" * 300: {"f1-score": 0.7}}
    parameters = {"": 1, "../up": 2, **{f"p{i}": i for i in range(150)}}
    recorded = {"f1_score": 0.9, "classification_report": report}
    metadata = {"metrics": recorded, "hyperparameters": parameters, "trained_at": "0001-01-01T00:00:00+14:00"}
    odd(home.parent / "staging", made, name, metadata)
    (outcome,) = migrate(str(config)).outcomes
    assert (outcome.state, outcome.model_id) == ("migrated", name), outcome.reason
    run = store_of(config).client.get_run(outcome.run_id)
    assert sorted(v for k, v in run.data.metrics.items() if k.startswith("class_")) == [0.5, 0.6, 0.7]
    assert len(run.data.params) == 152
    assert store_of(config).client.get_model_version("churn", outcome.version).tags["podium.model_id"] == name


def test_a_name_that_is_no_text_is_taken(home: Path, made: Path) -> None:
    """A folder whose name is not UTF-8 is migrated under a printable one."""
    config = project(home, made)
    shutil.copytree(made / "staging" / BARE, os.fsdecode(os.fsencode(home.parent / "staging") + b"/caf\xe9"))
    assert states(migrate(str(config))) == {"caf\\xe9": "migrated"}


def test_what_mlflow_refuses_is_quarantined_and_leaves_nothing(home: Path, made: Path) -> None:
    """A model that MLflow will never take does not stop the one after it, and no half of it stays."""
    config = project(home, made, LOGISTIC, BARE)
    first, second = read_staging.fn(home.parent / "staging")
    refused = replace(first, trained_at=datetime(1950, 1, 1, tzinfo=UTC))
    loaded = load_config(config)
    outcomes = migrate_chunk.fn(loaded, (refused, second), None, Counter("migrating", 2))
    assert [(o.state, o.code) for o in outcomes] == [("quarantined", "refused-by-mlflow"), ("migrated", "new")]
    assert [m.name for m in store_of(config).logged_models()] == [second.model_id]
    assert len(store_of(config).client.search_runs([store_of(config).experiment_id])) == 1


def test_copies_staged_together_are_one_model_that_knows_its_names(home: Path, made: Path) -> None:
    """The further ids are noted by the migration that makes the version, not only by the next."""
    config = project(home, made, LOGISTIC)
    shutil.copytree(home.parent / "staging" / LOGISTIC, home.parent / "staging" / "z_copy")
    migrate(str(config))
    (version,) = store_of(config).versions()
    assert version.tags["podium.also_known_as"] == "z_copy"


def test_a_dry_run_does_not_even_make_a_database(home: Path, made: Path) -> None:
    """Planning against an MLflow that is not there yet leaves it not there."""
    config = project(home, made, LOGISTIC)
    (home / "mlflow.db").unlink()
    assert states(migrate(str(config), dry_run=True)) == {LOGISTIC: "migrated"}
    assert not (home / "mlflow.db").exists()


def test_what_lies_beside_a_model_is_carried_along(home: Path, made: Path) -> None:
    """Scalers, notes and further JSON files become artifacts of the run, below a folder of their own."""
    config = project(home, made, BARE)
    folder = home.parent / "staging" / BARE
    (folder / "scaler.pkl").write_bytes(b"not loaded, only carried")
    (folder / "notes").mkdir()
    (folder / "notes" / "read.me").write_text("by hand")
    (outcome,) = migrate(str(config)).of("migrated")
    uri = store_of(config).client.get_run(outcome.run_id).info.artifact_uri
    assert mlflow.artifacts.load_text(f"{uri}/beside/notes/read.me") == "by hand"
    assert mlflow.artifacts.load_text(f"{uri}/beside/scaler.pkl") == "not loaded, only carried"


def test_documents_are_kept_as_they_are(home: Path, made: Path) -> None:
    """However large and in whatever encoding, and under their names, but for those of Podium's own artifacts."""
    config = project(home, made, BARE)
    folder = home.parent / "staging" / BARE
    kept = {
        "predictions.json": b"[" + b"0.5, " * (4 << 20) + b"0.5]",
        "notes.json": '{"by": "hand"}'.encode("utf-16"),
        "beside/conversion.json": b'{"by": "hand"}',
        "beside/recorded_confusion_matrix.json": b"[[1, 0], [0, 1]]",
    }
    for place, content in kept.items():
        (folder / Path(place).name).write_bytes(content)
    (outcome,) = migrate(str(config)).of("migrated")
    artifacts = Path(mlflow.artifacts.download_artifacts(run_id=outcome.run_id, tracking_uri=store_of(config).uri))
    assert {place: (artifacts / place).read_bytes() == content for place, content in kept.items()} == dict.fromkeys(
        kept, True
    )
    assert "parity" in json.loads((artifacts / "conversion.json").read_text())


def test_a_file_that_vanishes_meanwhile_stops_only_its_model(home: Path, made: Path) -> None:
    """Between reading and writing a file became a link: it is not followed, and the model is quarantined."""
    config = project(home, made, BARE, LOGISTIC)
    note = home.parent / "staging" / BARE / "note.txt"
    note.write_text("here")
    models = {model.model_id: model for model in read_staging.fn(home.parent / "staging")}
    note.unlink()
    note.symlink_to("/etc/hostname")
    part = (models[BARE], models[LOGISTIC])
    outcomes = migrate_chunk.fn(load_config(config), part, None, Counter("migrating", 2))
    assert [(o.state, o.code) for o in outcomes] == [("quarantined", "changed"), ("migrated", "new")]


def test_the_version_that_a_pickle_was_saved_by_is_a_finding_of_its_run(home: Path, made: Path) -> None:
    """Where no metadata tells of another version than the installed, the file itself does once it is loaded."""
    config = project(home, made, holdout=False)
    folder = home.parent / "staging" / "former"
    folder.mkdir()
    with zipfile.ZipFile(Path(__file__).parent / "saved" / "scikit-learn-1.5.2.zip") as archive:
        (folder / "model.joblib").write_bytes(archive.read("forest.joblib"))
    (outcome,) = migrate(str(config)).of("migrated")
    tags = store_of(config).client.get_run(outcome.run_id).data.tags
    assert tags["podium.trained_with.scikit-learn"] == "1.5.2"
    assert "trained with scikit-learn 1.5.2" in tags["podium.problem.version-drift"]


def test_metadata_that_names_another_version_than_the_file_is_a_finding(home: Path, made: Path) -> None:
    """What the file itself says is what counts: the model was trained with the installed version."""
    config = project(home, made, holdout=False)
    folder = home.parent / "staging" / "stale"
    folder.mkdir()
    joblib.dump(logistic(), folder / "model.joblib")
    (folder / "metadata.json").write_text(json.dumps({"sklearn_version": "1.5.2", "metrics": {"f1": 0.6}}))
    (outcome,) = migrate(str(config)).of("migrated")
    tags = store_of(config).client.get_run(outcome.run_id).data.tags
    assert "scikit-learn 1.5.2 is recorded, the file says" in tags["podium.problem.versions-disagree"]
    assert {name for name in tags if name.startswith("podium.problem.version-") or tags[name] == "1.5.2"} == set()
