"""Gives a version of an old registry the logged model that MLflow 3 measures by: before, it was part of a run."""

from pathlib import Path

from mlflow.artifacts import download_artifacts
from mlflow.entities import LoggedModel, LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion

from podium.errors import PodiumError
from tasks.effects.scratch import scratch_folder
from tasks.effects.store import BACKED_BY, Store, logged_model_of

ADOPTED = "podium.adopted"
"""Tag of a logged model that was made of a version, which it names."""


def back(store: Store, version: ModelVersion) -> str:
    """Return the logged model behind a version, making one of its files if there is none, and no second one.

    Raises:
        PodiumError: the version is of no run, so that MLflow could not find one by the other.
    """
    if found := logged_model_of(version):
        return found
    if not version.run_id:
        raise PodiumError(
            f"{store.registered_model} version {version.version} is of no run and cannot be measured: register its "
            "model once more from a run, and give that version the alias champion"
        )
    named = f"{store.registered_model} {version.version}"
    wanted = f"tags.`{ADOPTED}` = '{named}' and attributes.status = 'READY'"
    made = next(iter(store.logged_models(wanted)), None) or _made(store, version, named)
    store.client.set_model_version_tag(store.registered_model, version.version, BACKED_BY, made.model_id)
    return str(made.model_id)


def _made(store: Store, version: ModelVersion, named: str) -> LoggedModel:
    """Copy the files of a version into a logged model. One that is not complete is no candidate, and stays none."""
    name = f"{store.registered_model}_{version.version}"
    with scratch_folder() as folder:
        uri = f"models:/{store.registered_model}/{version.version}"
        files = download_artifacts(uri, dst_path=folder, tracking_uri=store.uri, registry_uri=store.uri)
        tags = {ADOPTED: named, "podium.model_id": version.tags.get("podium.model_id", name)}
        made = store.client.create_logged_model(store.experiment_id, name, version.run_id, tags)
        store.client.log_model_artifacts(made.model_id, str(Path(files)))
    return store.client.finalize_logged_model(made.model_id, LoggedModelStatus.READY)
