"""The floor of a migration: the bare calls of MLflow's client and the copying of files, and nothing else.

``python -m benchmarks.floor MODEL_FOLDER HOLDOUT HOME COUNT`` stores the one staged model, then logs and registers what
was stored COUNT times in a new SQLite MLflow, and prints the seconds of one of these. It reads, checks, converts and
measures nothing.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import joblib
import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput, LoggedModelStatus, Metric, Param

from benchmarks.plain_loop import FLAVOURS, TRUSTED


def store(folder: Path, holdout: Path, target: Path) -> None:
    """Write the staged model as an MLflow model, once."""
    model = joblib.load(folder / "model.pkl")
    flavour = FLAVOURS.get(type(model).__module__.split(".")[0], mlflow.sklearn)
    trusted = [*TRUSTED, "collections.OrderedDict", "lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier"]
    options = {} if flavour is mlflow.xgboost else {"skops_trusted_types": trusted}
    rows = pd.read_parquet(holdout)[_metadata(folder)["feature_columns"]].head(5)
    flavour.save_model(model, str(target), input_example=rows, pip_requirements=["scikit-learn"], **options)


def _metadata(folder: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    return found


def writer(folder: Path, stored: Path, uri: str) -> Callable[[], None]:
    """Return what logs and registers the stored model once."""
    client, metadata = MlflowClient(uri, uri), _metadata(folder)
    artifacts = (stored.parent / "artifacts").as_uri()
    experiment = client.create_experiment("churn", artifact_location=artifacts)
    client.create_registered_model("churn")
    params = [Param(name, str(value)) for name, value in metadata["hyperparameters"].items()]

    def write() -> None:
        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, 0) for name, value in metadata["performance_metrics"].items()]
        run = client.create_run(experiment, run_name=folder.name).info.run_id
        logged = client.create_logged_model(experiment, folder.name, run, params={p.key: p.value for p in params})
        client.log_model_artifacts(logged.model_id, str(stored))
        client.log_artifact(run, str(folder / "metadata.json"))
        client.log_batch(run, metrics, params)
        client.log_outputs(run, [LoggedModelOutput(logged.model_id, 0)])
        client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
        client.create_model_version("churn", f"models:/{logged.model_id}", run, model_id=logged.model_id)
        client.set_terminated(run)

    return write


def main() -> None:
    """Write once to warm up, then COUNT times, and print the seconds of one."""
    folder, holdout, home = map(Path, sys.argv[1:4])
    home.mkdir(parents=True)
    uri = f"sqlite:///{home / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    store(folder, holdout, home / "stored")
    write, count = writer(folder, home / "stored", uri), int(sys.argv[4])
    write()
    started = time.perf_counter()
    for _ in range(count):
        write()
    print(json.dumps((time.perf_counter() - started) / count))


if __name__ == "__main__":
    main()
