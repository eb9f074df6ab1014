"""Registers a project on a Prefect server: its queue, its deployments with their triggers, its automations.

Doing it again changes nothing. Each part carries the digest of its declaration, as the version of a deployment and as a
tag of an automation; one that has the declared digest is not touched, so that what was paused by hand stays so, and
what a trigger has counted so far goes on counting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.utilities.callables import parameter_schema

from deployments.automating import Finding, apply_automations
from deployments.automations import read_automations
from deployments.declared import Declared, PrefectFile, read_file
from deployments.projects import Project, deployments_of
from podium.reconciling import Step, digest_of, reconcile

PREFECT_YAML = next(
    path
    for path in (Path(__file__).with_name("prefect.yaml"), Path(__file__).parents[1] / "prefect.yaml")
    if path.exists()
)
"""In an installed Podium it is beside this module, in a clone at the top."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What was done, or would be."""

    project: str
    queue: str
    deployments: tuple[Step, ...]
    automations: tuple[Step, ...]
    dry_run: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return {
            "project": self.project,
            "queue": self.queue,
            "deployments": [step.as_json() for step in self.deployments],
            "automations": [step.as_json() for step in self.automations],
            "dry_run": self.dry_run,
        }


def declarations() -> PrefectFile:
    """Return what ``prefect.yaml`` declares."""
    return read_file(PREFECT_YAML)


def register(project: Project, *, dry_run: bool = False) -> Registered:
    """Make a server what is declared for a project; ``dry_run`` only tells what that would change.

    Raises:
        ConfigError: a declaration is not one that Prefect takes.
    """
    wanted = deployments_of(declarations(), project)
    payloads = {d.name: _payload(d, project) for d in wanted}
    read_automations(project, Finding(frozenset(payloads)), _nobody)
    with get_client(sync_client=True) as client:
        if not dry_run:
            _ensure_queue(client, project)
        there = {d.name: _read(client, d) for d in wanted}
        versions = {name: found.version for name, found in there.items() if found}
        steps = reconcile(versions, {name: content["version"] for name, content in payloads.items()})
        ids = {name: found.id for name, found in there.items() if found}
        if not dry_run:
            ids |= _apply_deployments(client, wanted, payloads, steps)
        automations = apply_automations(client, project, wanted, Finding(frozenset(payloads), ids), dry_run=dry_run)
    return Registered(project.name, project.queue, steps, automations, dry_run)


def _nobody(name: str) -> None:
    """Find no block, before a server is asked."""


def _ensure_queue(client: SyncPrefectClient, project: Project) -> None:
    """Let the writers of a project run one at a time: the server hands out no second run of their queue."""
    try:
        client.read_work_pool(project.pool)
    except ObjectNotFound:
        _unless_there(client.create_work_pool, WorkPoolCreate(name=project.pool, type="process"))
    try:
        queue = client.read_work_queue_by_name(project.queue, work_pool_name=project.pool)
        if queue.concurrency_limit != 1:
            client.update_work_queue(queue.id, concurrency_limit=1)
    except ObjectNotFound:
        _unless_there(client.create_work_queue, project.queue, concurrency_limit=1, work_pool_name=project.pool)


def _unless_there(create: Any, *arguments: Any, **named: Any) -> None:
    try:
        create(*arguments, **named)
    except ObjectAlreadyExists:
        return


def _read(client: SyncPrefectClient, declared: Declared) -> DeploymentResponse | None:
    try:
        return client.read_deployment_by_name(f"{declared.flow().name}/{declared.name}")
    except ObjectNotFound:
        return None


def _payload(declared: Declared, project: Project) -> dict[str, Any]:
    """Return what Prefect is told of a deployment."""
    limit, pool = declared.concurrency_limit, declared.work_pool
    content: dict[str, Any] = {
        "name": declared.name,
        "description": declared.description,
        "entrypoint": declared.entrypoint,
        "tags": list(declared.tags),
        "parameters": declared.parameters,
        "parameter_openapi_schema": _parameters(declared),
        "enforce_parameter_schema": True,
        "work_pool_name": pool.name,
        "work_queue_name": pool.work_queue_name,
        "job_variables": pool.job_variables,
        "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": project.folder}}],
        "concurrency_limit": limit.limit if limit else None,
    }
    whole = {**content, "schedules": [s.model_dump() for s in declared.schedules], "collision": limit and str(limit)}
    return {
        **content,
        "schedules": [
            DeploymentScheduleCreate(schedule=CronSchedule(cron=s.cron, timezone=s.timezone), active=s.active)
            for s in declared.schedules
        ],
        "concurrency_options": ConcurrencyOptions.model_validate({"collision_strategy": limit.collision_strategy})
        if limit
        else None,
        "version": digest_of(whole),
    }


def _parameters(declared: Declared) -> dict[str, Any]:
    """Return the schema of a flow's parameters, of which the server then refuses a misspelt one, too."""
    return {**parameter_schema(declared.flow()).model_dump(exclude_unset=True), "additionalProperties": False}


def _apply_deployments(
    client: SyncPrefectClient,
    declared: Sequence[Declared],
    payloads: dict[str, dict[str, Any]],
    steps: Sequence[Step],
) -> dict[str, UUID]:
    """Create and update deployments, and return the ids of these."""
    changed = {step.name for step in steps if step.action in ("created", "updated")}
    return {
        d.name: client.create_deployment(client.create_flow_from_name(d.flow().name), **payloads[d.name])
        for d in declared
        if d.name in changed
    }
