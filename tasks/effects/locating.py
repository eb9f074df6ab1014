"""Tells MLflow's client where runs and logged models keep their files, which it would ask the server for each time."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.entities import Run
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracking._tracking_service import utils
from mlflow.utils.uri import add_databricks_profile_info_to_artifact_uri

from tasks.effects.store import Store


def remember(store: Store, resource: str, location: str) -> None:
    """Tell MLflow's client where a run or logged model just made keeps its files: it would ask the server again."""
    kept = getattr(utils, "_artifact_repos_cache", {})
    own = add_databricks_profile_info_to_artifact_uri(location, store.uri)
    kept[resource] = get_artifact_repository(own, tracking_uri=store.uri)


@contextmanager
def located(store: Store, run: Run | None) -> Iterator[None]:
    """Let MLflow's client know for a while where a run keeps its files."""
    if run is None:
        yield
        return
    remember(store, run.info.run_id, run.info.artifact_uri)
    try:
        yield
    finally:
        forget(run.info.run_id)


def forget(*ids: str) -> None:
    """Drop what MLflow's client keeps of runs and logged models, which nobody asks for again.

    It keeps two pools of threads for each of a thousand of them: the memory of a migration would grow with every model.
    """
    kept = getattr(utils, "_artifact_repos_cache", {})
    for resource in ids:
        kept.pop(resource, None)
