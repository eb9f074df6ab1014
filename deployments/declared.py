"""Reads ``prefect.yaml`` strictly, because Prefect does not.

Prefect drops a misspelt key in silence, and one bad schedule makes its loader return no deployment at all. Here an
unknown key, a bad schedule or trigger, an entrypoint that does not load and a parameter that its flow does not take
are errors. So is a place that does not name the project the file is written for: for another project it would stay.
"""

import importlib
from pathlib import Path
from typing import Any, Literal

import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule
from prefect.events import DeploymentTriggerTypes
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from podium.errors import ConfigError

OF_MODEL = "podium.registered_model"
"""Label of an event that says whose it is: the registered model of the project."""


class Strict(BaseModel):
    """A part of the file, closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkPool(Strict):
    """Where a deployment runs."""

    name: str
    work_queue_name: str | None = None
    job_variables: dict[str, Any] = Field(default_factory=dict)


class Schedule(Strict):
    """When a deployment runs."""

    cron: str
    timezone: str = "UTC"
    active: bool = True

    @model_validator(mode="after")
    def _prefect_takes_it(self) -> "Schedule":
        CronSchedule(cron=self.cron, timezone=self.timezone)
        return self


class Trigger(Strict):
    """Which events start a deployment, and what it takes from them."""

    type: Literal["event"]
    enabled: bool = True
    name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    match: dict[str, str] = Field(min_length=1)
    expect: tuple[str, ...] = Field(min_length=1)
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _prefect_takes_it(self) -> "Trigger":
        TypeAdapter(DeploymentTriggerTypes).validate_python(self.model_dump(mode="json"))
        return self


class Concurrency(Strict):
    """How many runs of a deployment may be under way, and what happens to the next."""

    limit: int = Field(ge=1)
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"] = "ENQUEUE"


class Declared(Strict):
    """One deployment."""

    name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    entrypoint: str
    tags: tuple[str, ...] = Field(min_length=1)
    parameters: dict[str, Any] = Field(default_factory=dict)
    concurrency_limit: Concurrency | None = None
    work_pool: WorkPool
    schedules: tuple[Schedule, ...] = ()
    triggers: tuple[Trigger, ...] = ()

    def flow(self) -> Flow[..., Any]:
        """Return the flow that the entrypoint names.

        Raises:
            ConfigError: it cannot be imported, is no flow, or does not take a declared parameter.
        """
        module, _, name = self.entrypoint.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigError(f"{self.name}: entrypoint {self.entrypoint!r} does not load: {error}") from None
        if not isinstance(found, Flow):
            raise ConfigError(f"{self.name}: entrypoint {self.entrypoint!r} is a {type(found).__name__}, not a flow")
        given = set(self.parameters).union(*(trigger.parameters for trigger in self.triggers))
        strange = given - set(found.parameters.properties)
        if strange:
            raise ConfigError(f"{self.name}: {found.name} takes no parameter {', '.join(sorted(strange))}")
        return found

    def foreign_to(self, project: str) -> str | None:
        """Return the first place that does not name a project where it must, None if all do."""
        queue = self.work_pool.work_queue_name
        if not self.name.startswith(f"{project}-"):
            return f"name {self.name!r} does not begin with '{project}-'"
        if project not in self.tags:
            return f"{self.name}: the tags lack {project!r}"
        if queue is not None and not queue.startswith(f"{project}-"):
            return f"{self.name}: work_queue_name {queue!r} does not begin with '{project}-'"
        strange = next((t.name for t in self.triggers if t.match.get(OF_MODEL) != project), None)
        return strange and f"{self.name}: the trigger {strange!r} does not match {OF_MODEL}: {project}"


class Definitions(BaseModel):
    """What the file says once: the project it is written for, and anchors."""

    model_config = ConfigDict(extra="allow", frozen=True)

    project: str = Field(min_length=1)


class PrefectFile(Strict):
    """The whole file."""

    name: str
    definitions: Definitions
    deployments: tuple[Declared, ...]

    @model_validator(mode="after")
    def _every_place_names_the_project(self) -> "PrefectFile":
        for declared in self.deployments:
            if strange := declared.foreign_to(self.definitions.project):
                raise ValueError(strange)
        return self


def read_file(path: Path) -> PrefectFile:
    """Return what a ``prefect.yaml`` declares.

    Raises:
        ConfigError: the file holds a key or value that Prefect would drop or stumble over.
    """
    try:
        return PrefectFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {key}: {first['msg']}") from None


def read_declared(path: Path) -> tuple[Declared, ...]:
    """Return the deployments of a ``prefect.yaml``.

    Raises:
        ConfigError: the file holds a key or value that Prefect would drop or stumble over.
    """
    return read_file(path).deployments
