"""Registers a project on a Prefect server: its queue, its deployments with their triggers, its automations.

Doing it again changes nothing. Each part carries the digest of its declaration, as the version of a deployment and as a
tag of an automation; one that has the declared digest is not touched, so that what a trigger has counted so far goes on
counting. What was paused or switched off by hand stays so, also where the declaration is another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.utilities.callables import parameter_schema

from deployments.automating import Finding, apply_automations, notification_blocks, remove_automations
from deployments.automations import read_automations
from deployments.declared import Declared, PrefectFile, read_file
from deployments.former import former_names, require_none
from deployments.neighbours import place_of, require_own_experiment
from deployments.present import STEP, folder_of, present, require_same_config, schedules_of
from deployments.projects import Project, deployments_of
from deployments.queueing import ensure_queue, remove_queue
from deployments.telling import BLOCK
from podium.reconciling import Step, digest_of, reconcile

PREFECT_YAML = next(
    path
    for path in (Path(__file__).with_name("prefect.yaml"), Path(__file__).parents[1] / "prefect.yaml")
    if path.exists()
)
"""In an installed Podium it is beside this module, in a clone at the top."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What was done, or would be.

    ``told`` is whether automations have a block to tell, None if none is left. ``moved_from`` is the folder in which
    runs started before, where that was another.
    """

    project: str
    queue: str
    deployments: tuple[Step, ...]
    automations: tuple[Step, ...]
    dry_run: bool
    told: bool | None = None
    folder: str | None = None
    moved_from: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return {
            "project": self.project,
            "queue": self.queue,
            "deployments": [step.as_json() for step in self.deployments],
            "automations": [step.as_json() for step in self.automations],
            "dry_run": self.dry_run,
            "told": self.told,
            "folder": self.folder,
            "moved_from": self.moved_from,
        }


def declarations() -> PrefectFile:
    """Return what ``prefect.yaml`` declares."""
    return read_file(PREFECT_YAML)


def register(project: Project, *, dry_run: bool = False, replace: bool = False) -> Registered:
    """Make a server what is declared for a project; ``dry_run`` only tells what that would change.

    ``replace`` takes over what another config file registered under the same name, and removes what this one did under
    another.

    Raises:
        ConfigError: a declaration is not one that Prefect takes.
        UsageError: there is such a thing, and it is not to be replaced, or another project decides in its experiment.
    """
    wanted = deployments_of(declarations(), project)
    payloads = {d.name: _payload(d, project) for d in wanted}
    names = frozenset(payloads)
    read_automations(project, Finding(names), _nobody)
    with get_client(sync_client=True) as client:
        there, former = _ours(client, wanted, project, replace)
        require_own_experiment(client, project, [one.name for one in former])
        versions = {name: found.version for name, found in there.items()}
        steps = reconcile(versions, {name: content["version"] for name, content in payloads.items()})
        ids = {name: found.id for name, found in there.items()}
        if not dry_run:
            ensure_queue(client, project)
            ids |= _apply_deployments(client, wanted, payloads, there, steps)
        blocks = notification_blocks(client)
        automations = apply_automations(client, project, wanted, Finding(names, ids), blocks.get, dry_run=dry_run)
        gone = [_removed(client, one, dry_run) for one in former]
    done = Registered(project.name, project.queue, steps, automations, dry_run, BLOCK in blocks, project.folder)
    return _with(replaced(done, moved_from=_moved_from(there.values(), project)), gone)


def unregister(project: Project, *, dry_run: bool = False, replace: bool = False) -> Registered:
    """Remove a project from a server: its automations first, so that none starts what goes; runs end as they do.

    Raises:
        UsageError: another config file registered the project, or this one another, and is not to be replaced.
    """
    with get_client(sync_client=True) as client:
        _, former = _ours(client, deployments_of(declarations(), project), project, replace)
        return _with(_removed(client, project, dry_run), [_removed(client, one, dry_run) for one in former])


def _removed(client: SyncPrefectClient, project: Project, dry_run: bool) -> Registered:
    """Remove a project, and return what was done, or would be."""
    there = present(client, deployments_of(declarations(), project), project)
    automations = remove_automations(client, project, dry_run=dry_run)
    for found in () if dry_run else there.values():
        client.delete_deployment(found.id)
    if not dry_run:
        pools = {project.pool, *(found.work_pool_name for found in there.values() if found.work_pool_name)}
        remove_queue(client, project, sorted(pools))
    return Registered(project.name, project.queue, reconcile(dict.fromkeys(there), {}), automations, dry_run)


def _with(done: Registered, gone: Sequence[Registered]) -> Registered:
    """Return what was done, with what was removed of other projects."""
    deployments = (*done.deployments, *(step for one in gone for step in one.deployments))
    automations = (*done.automations, *(step for one in gone for step in one.automations))
    return replaced(done, deployments=deployments, automations=automations)


def _moved_from(there: Iterable[DeploymentResponse], project: Project) -> str | None:
    """Return another folder than the project's in which runs started, if there is one."""
    return next((folder for found in there if (folder := folder_of(found)) not in (None, project.folder)), None)


def _ours(
    client: SyncPrefectClient, wanted: Sequence[Declared], project: Project, replace: bool
) -> tuple[dict[str, DeploymentResponse], list[Project]]:
    """Return the deployments of a project that are there, if they are its config file's, and that one's former ones."""
    there, former = present(client, wanted, project), former_names(client, project)
    if not replace:
        require_same_config(there.values(), project)
        require_none(former, project)
    # The name is all that is needed to remove one, and that of a name is the name.
    return there, [replaced(project, model=name) for name in former]


def _nobody(name: str) -> None:
    """Find no block, before a server is asked."""


def _payload(declared: Declared, project: Project) -> dict[str, Any]:
    """Return what Prefect is told of a deployment, but for its schedules, of which a person has a say."""
    limit, pool = declared.concurrency_limit, declared.work_pool
    content: dict[str, Any] = {
        "name": declared.name,
        "description": declared.description,
        "entrypoint": declared.entrypoint,
        "tags": [*declared.tags, *place_of(declared, project)],
        "parameters": declared.parameters,
        "parameter_openapi_schema": _parameters(declared),
        "enforce_parameter_schema": True,
        "work_pool_name": pool.name,
        "work_queue_name": pool.work_queue_name,
        "job_variables": pool.job_variables,
        "pull_steps": [{STEP: {"directory": project.folder}}],
        "concurrency_limit": limit.limit if limit else None,
    }
    whole = {**content, "schedules": [s.model_dump() for s in declared.schedules], "collision": limit and str(limit)}
    return {
        **content,
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
    payloads: Mapping[str, dict[str, Any]],
    there: Mapping[str, DeploymentResponse],
    steps: Sequence[Step],
) -> dict[str, UUID]:
    """Create, update and remove deployments, and return the ids of those written."""
    changed = {step.name for step in steps if step.action in ("created", "updated")}
    for step in steps:
        if step.action == "removed":
            client.delete_deployment(there[step.name].id)
    return {
        d.name: client.create_deployment(
            client.create_flow_from_name(d.flow().name),
            **payloads[d.name],
            schedules=schedules_of(d, there.get(d.name)),
        )
        for d in declared
        if d.name in changed
    }
