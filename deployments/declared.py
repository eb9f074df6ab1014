"""Reads ``prefect.yaml`` strictly, because Prefect does not.

Prefect drops a misspelt key in silence, and one bad schedule makes its loader return no deployment at all. Here an
unknown key, a bad schedule, an entrypoint that does not load and a parameter that its flow does not take are errors.
"""

import importlib
from pathlib import Path
from typing import Any, Literal

import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from podium.errors import ConfigError


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
        strange = set(self.parameters) - set(found.parameters.properties)
        if strange:
            raise ConfigError(f"{self.name}: {found.name} takes no parameter {', '.join(sorted(strange))}")
        return found


class PrefectFile(Strict):
    """The whole file. ``definitions`` only holds anchors."""

    name: str
    definitions: dict[str, Any] = Field(default_factory=dict)
    deployments: tuple[Declared, ...]


def read_declared(path: Path) -> tuple[Declared, ...]:
    """Return the deployments of a ``prefect.yaml``.

    Raises:
        ConfigError: the file holds a key or value that Prefect would drop or stumble over.
    """
    try:
        found = PrefectFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {key}: {first['msg']}") from None
    return found.deployments
