"""The connection to MLflow: where it is, and the experiments and registered model that Podium uses in it."""

import os
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Experiment, LoggedModel, Run, ViewType
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from sqlalchemy import event
from sqlalchemy.engine import Engine

from configs.loading import podium_home
from configs.places import EMBEDDED, SQLITE, tracking_uri
from configs.schema import MlflowSection
from podium.errors import PodiumError
from podium.logs import guard_logs
from tasks.effects import blank
from tasks.effects.chains import require_own_model
from tasks.effects.credentials import bare, lend_credentials
from tasks.effects.gone import if_there
from tasks.effects.reaching import require_answer, tell_of_tries

PAGE = 1000
CHAMPION, PREVIOUS = "champion", "previous"
RETIRED = "podium.retired"
"""Tag of a logged model whose version the retention rule deleted: it is kept, and is no candidate any more."""
BACKED_BY = "podium.logged_model"
"""Tag of a version of an old registry that names the logged model which was made of its files."""
UNFINISHED = "tags.`podium.writer` != '' and attributes.status = 'RUNNING'"
"""What finds the runs of migrations that are not at their end: each was begun by a writer."""
LOGGED_MODEL = re.compile(r"m-[0-9a-f]{32}")
PINNED, HELD = "podium.pinned", "podium.rolled_back"
"""Tags of the registered model whose champion stays, and of a version, with its logged model, not promoted again."""
T = TypeVar("T")
EXISTS = frozenset({"RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"})


@dataclass(frozen=True, slots=True)
class Registry:
    """MLflow's client with a registered model that exists."""

    client: MlflowClient
    uri: str
    registered_model: str

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a database file, which only processes of one machine share."""
        return self.uri.startswith("sqlite:")

    def registered(self) -> RegisteredModel:
        """Return the registered model with tags and aliases: by a search, which reads its versions only once."""
        found = self.client.search_registered_models(f"name = '{self.registered_model}'", max_results=1)
        return found[0] if found else self.client.get_registered_model(self.registered_model)

    def aliases(self) -> dict[str, str]:
        """Return the version that each alias of the registered model points to."""
        return {alias: str(version) for alias, version in self.registered().aliases.items()}

    def versions(self, wanted: str = "") -> list[ModelVersion]:
        """Return every version of the registered model that meets a filter; their aliases are not filled in."""
        filters = f"name = '{self.registered_model}'" + (f" and {wanted}" if wanted else "")
        return _all_pages(lambda token: self.client.search_model_versions(filters, max_results=PAGE, page_token=token))


@dataclass(frozen=True, slots=True)
class Store(Registry):
    """MLflow's client with the names of a configuration, all of which exist."""

    experiment_id: str
    decisions_id: str

    def logged_models(self, wanted: str | None = None) -> list[LoggedModel]:
        """Return every logged model of the experiment that meets a filter, newest first."""
        return _all_pages(
            lambda token: self.client.search_logged_models(
                [self.experiment_id], wanted, max_results=PAGE, page_token=token
            )
        )

    def search_runs(self, wanted: str, view: str = ViewType.ACTIVE_ONLY) -> list[Run]:
        """Return every run of the experiment that meets a filter."""
        ids = [self.experiment_id]
        return _all_pages(lambda token: self.client.search_runs(ids, wanted, view, PAGE, page_token=token))


def _all_pages(page: Callable[[str | None], PagedList[T]]) -> list[T]:
    found = page(None)
    everything = list(found)
    while found.token:
        found = page(found.token)
        everything += found
    return everything


def register_version(store: Store, model_id: str, run_id: str | None, tags: Mapping[str, str]) -> str:
    """Register a logged model as a version in staging and return the version."""
    name, all_tags = store.registered_model, {**tags, "podium.stage": "staging"}
    made = store.client.create_model_version(name, f"models:/{model_id}", run_id, all_tags, model_id=model_id)
    return str(made.version)


def logged_model_of(version: ModelVersion) -> str | None:
    """Return the id of the logged model behind a version: MLflow names it in its source, Podium where it made one.

    A source cannot be changed and a tag can: what is served and what is measured stay one as far as MLflow sees to it.
    """
    found = LOGGED_MODEL.search(version.source or "")
    return found.group() if found else version.tags.get(BACKED_BY)


def address(section: MlflowSection) -> str:
    """Return the configured tracking URI without credentials, else that of the embedded database in ``PODIUM_HOME``."""
    return bare(section.tracking_uri) if section.tracking_uri else tracking_uri(section)


def connect(section: MlflowSection) -> Store:
    """Return the store of a configuration, making what does not exist yet."""
    if not section.tracking_uri:
        podium_home().mkdir(parents=True, exist_ok=True)
        blank.place("mlflow", podium_home() / EMBEDDED)
    return _connect(section.experiment, section.registered_model, _point_mlflow_at(section), section.patience)


@event.listens_for(Engine, "connect")
def _write_ahead(connection: Any, _: Any) -> None:
    """Let a database with a write-ahead log wait for the disk at its checkpoints alone, as Prefect does with its own.

    A power failure then takes back the last writes in the order they came in, which is what a kill does; nothing is
    left broken (https://www.sqlite.org/pragma.html#pragma_synchronous).
    """
    is_sqlite = isinstance(connection, sqlite3.Connection)
    if is_sqlite and connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
        connection.execute("PRAGMA synchronous=NORMAL")


def find_registry(section: MlflowSection) -> Registry | None:
    """Return the registered model of a configuration, whoever made it, or None if it is not there. Writes nothing."""
    client, name = _asking(section), section.registered_model
    there = client is not None and _is_registered(client, name)
    return Registry(client, address(section), name) if client and there else None


def find(section: MlflowSection) -> Store | None:
    """Return the store of a configuration, or None if any part of it is not there yet. Writes nothing.

    Raises:
        ConfigError: the experiment holds the decisions on another registered model.
    """
    client = _asking(section)
    if client is None:
        return None
    names = (section.experiment, f"{section.experiment}.decisions")
    parts = [client.get_experiment_by_name(name) for name in names]
    require_own_model(section, parts[1].tags if parts[1] else {})
    return connect(section) if all(parts) and _is_registered(client, section.registered_model) else None


def _asking(section: MlflowSection) -> MlflowClient | None:
    """Return a client of an MLflow that is there, or None if its database is not there yet."""
    uri = address(section)
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).exists():
        return None
    require_answer(uri, section.patience)
    _point_mlflow_at(section)
    return MlflowClient(uri, uri)


def _is_registered(client: MlflowClient, name: str) -> bool:
    """Whether there is a registered model: asked by one of its versions, because MLflow reads all of them with it."""
    named = f"name = '{name}'"
    return bool(client.search_model_versions(named, max_results=1) or client.search_registered_models(named, 1))


def _point_mlflow_at(section: MlflowSection) -> str:
    """Make the address of a configuration the default of this process, which MLflow's registry falls back on in places.

    MLflow also writes it to the environment, where the next configuration would take it for the user's wish.
    """
    uri, before = address(section), os.environ.get("MLFLOW_TRACKING_URI")
    lend_credentials(section.tracking_uri or "")
    guard_logs()
    tell_of_tries()
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    if before is None:
        os.environ.pop("MLFLOW_TRACKING_URI", None)
    else:
        os.environ["MLFLOW_TRACKING_URI"] = before
    return uri


@cache
def _connect(experiment: str, registered_model: str, uri: str, patience: float) -> Store:
    require_answer(uri, patience)
    client = MlflowClient(uri, uri)
    ids = [experiment_id(client, name, uri) for name in (experiment, f"{experiment}.decisions")]
    _registered_model(client, registered_model)
    return Store(client, uri, registered_model, ids[0], ids[1])


def delete_version(store: Store, version: str) -> None:
    """Delete a version. MLflow's client repeats what was done without an answer, and then the version is gone."""
    with if_there():
        store.client.delete_model_version(store.registered_model, version)


def experiment_id(client: MlflowClient, name: str, uri: str) -> str:
    """Return the id of an experiment, making it if it is not there."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        _refuse_deleted(found)
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name, artifact_location=_artifacts(name, uri)))
    except MlflowException as error:
        if error.error_code not in EXISTS:
            raise
        return experiment_id(client, name, uri)


def _refuse_deleted(experiment: Experiment) -> None:
    if experiment.lifecycle_stage != "active":
        number = experiment.experiment_id
        raise PodiumError(
            f"MLflow experiment {experiment.name!r} is deleted: restore it with "
            f"`mlflow experiments restore --experiment-id {number}`, or name another in mlflow.experiment"
        )


def _artifacts(name: str, uri: str) -> str | None:
    """Return where an embedded experiment keeps its artifacts; a server decides for itself."""
    if not uri.startswith(SQLITE):
        return None
    return str((Path(uri.removeprefix(SQLITE)).absolute().parent / "artifacts" / name).as_uri())


def _registered_model(client: MlflowClient, name: str) -> None:
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code not in EXISTS:
            raise
