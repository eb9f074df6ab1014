"""Finds the models that somebody says were trained: only what is in the configured experiment is a candidate."""

from mlflow.entities import LoggedModel, LoggedModelStatus, Run
from mlflow.exceptions import MlflowException

from podium.errors import UsageError
from podium.events import Told
from tasks.effects.gone import UNKNOWN
from tasks.effects.store import LOGGED_MODEL, Store


def models_named(store: Store, name: str) -> list[Told]:
    """Return the models of a run, or the one of a logged model's id.

    Raises:
        UsageError: there is none, it is in another experiment, or it is not ready.
    """
    if LOGGED_MODEL.fullmatch(name):
        return [_told(store, _ready(store, _logged_model(store, name)))]
    run = _run(store, name)
    found = store.client.search_logged_models([store.experiment_id], f"source_run_id = '{run.info.run_id}'")
    ready = [model for model in found if model.status == LoggedModelStatus.READY]
    if not ready:
        raise UsageError(
            f"run {name} has no logged model that is ready: log one with mlflow.<flavor>.log_model(model, name=...)"
        )
    return [_told(store, model) for model in ready]


def _run(store: Store, name: str) -> Run:
    try:
        run = store.client.get_run(name)
    except MlflowException as error:
        if error.error_code not in UNKNOWN:
            raise
        raise UsageError(f"{name!r}: no such run or logged model in MLflow at {store.uri}") from None
    if run.info.lifecycle_stage != "active":
        raise UsageError(f"run {name} is deleted: restore it, or name another")
    _require_here(store, f"run {name}", run.info.experiment_id)
    return run


def _logged_model(store: Store, name: str) -> LoggedModel:
    try:
        return store.client.get_logged_model(name)
    except MlflowException as error:
        if error.error_code not in UNKNOWN:
            raise
        raise UsageError(f"{name!r}: no such logged model in MLflow at {store.uri}") from None


def _ready(store: Store, model: LoggedModel) -> LoggedModel:
    _require_here(store, f"logged model {model.model_id}", model.experiment_id)
    if model.status != LoggedModelStatus.READY:
        raise UsageError(f"logged model {model.model_id} is {str(model.status).lower()}, not ready")
    return model


def _require_here(store: Store, what: str, experiment_id: str) -> None:
    if str(experiment_id) == store.experiment_id:
        return
    names = [store.client.get_experiment(number).name for number in (experiment_id, store.experiment_id)]
    raise UsageError(f"{what} is in the experiment {names[0]!r}; candidates are in {names[1]!r} (mlflow.experiment)")


def _told(store: Store, model: LoggedModel) -> Told:
    """Return a model in the names that a selection gives it."""
    name = model.tags.get("podium.model_id")
    if name is None and model.source_run_id:
        name = store.client.get_run(model.source_run_id).info.run_name
    return Told(name or model.name or model.model_id, model.source_run_id, model.model_id)
