"""The floor of a migration: the bare calls of MLflow's client and the copying of files, and nothing else.

``python -m benchmarks.floor SOURCE TARGET FOLDER COUNT`` takes what Podium wrote of the newest model in the MLflow at
SOURCE, and writes the same files, metrics, parameters and tags, with a version, COUNT times to the new one at TARGET,
by way of FOLDER. Prints the seconds of one of these; reads, checks, converts and measures nothing.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus, Metric, Param, Run
from mlflow.entities.model_registry import ModelVersion

from tasks.effects.store import logged_model_of


def newest(client: MlflowClient, folder: Path) -> tuple[Run, LoggedModel, ModelVersion]:
    """Return the run, logged model and version that were written last, with their files put into a folder."""
    version = max(client.search_model_versions("name = 'churn'", max_results=10_000), key=lambda v: int(v.version))
    run, logged = client.get_run(version.run_id), client.get_logged_model(str(logged_model_of(version)))
    for target in ("model", "documents"):
        (folder / target).mkdir(parents=True)
    mlflow.artifacts.download_artifacts(artifact_uri=logged.artifact_location, dst_path=str(folder / "model"))
    client.download_artifacts(run.info.run_id, "", str(folder / "documents"))
    return run, logged, version


def writer(
    client: MlflowClient, folder: Path, run: Run, logged: LoggedModel, version: ModelVersion
) -> Callable[[], None]:
    """Return what writes the same once more to the server of another client."""
    place = None if client.tracking_uri.startswith("http") else (folder / "artifacts").as_uri()
    experiment = client.create_experiment("churn", artifact_location=place)
    client.create_registered_model("churn")
    params = [Param(name, value) for name, value in run.data.params.items()]
    stored = next((folder / "model").rglob("MLmodel")).parent

    def write() -> None:
        made = client.create_run(experiment, tags=run.data.tags, run_name=run.info.run_name).info.run_id
        new = client.create_logged_model(experiment, logged.name, made, logged.tags, logged.params, logged.model_type)
        client.log_model_artifacts(new.model_id, str(stored))
        client.log_artifacts(made, str(folder / "documents"))
        client.log_batch(made, _bound(logged, new.model_id), params)
        client.log_outputs(made, [LoggedModelOutput(new.model_id, 0)])
        client.finalize_logged_model(new.model_id, LoggedModelStatus.READY)
        client.create_model_version("churn", f"models:/{new.model_id}", made, version.tags, model_id=new.model_id)
        client.set_terminated(made)

    return write


def _bound(logged: LoggedModel, model_id: str) -> list[Metric]:
    """Return the metrics of a logged model as those of another."""
    return [
        Metric(m.key, m.value, m.timestamp, m.step, model_id, m.dataset_name, m.dataset_digest)
        for m in logged.metrics or []
    ]


def _client(uri: str) -> MlflowClient:
    mlflow.set_tracking_uri(uri)
    return MlflowClient(uri, uri)


def main() -> None:
    """Write once to warm up, then COUNT times, and print the seconds of one."""
    source, target, folder, count = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    found = newest(_client(source), folder)
    write = writer(_client(target), folder, *found)
    write()
    started = time.perf_counter()
    for _ in range(count):
        write()
    print(json.dumps((time.perf_counter() - started) / count))


if __name__ == "__main__":
    main()
