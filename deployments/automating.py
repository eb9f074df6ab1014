"""Makes a server's automations of a project what is declared: those of the file, and the triggers of deployments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from prefect.client.orchestration import SyncPrefectClient
from prefect.events import DeploymentTriggerTypes
from prefect.events.schemas.automations import Automation, AutomationCore
from pydantic import TypeAdapter

from deployments.automations import Blocks, Finder, read_automations
from deployments.declared import Declared
from deployments.projects import Project
from podium.reconciling import Step, digest_of, reconcile

NOWHERE = UUID(int=0)
PAGE = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """Finds deployments that are declared; one that is not registered yet has an id that only stands in."""

    declared: frozenset[str]
    ids: Mapping[str, UUID] = field(default_factory=dict)

    def __call__(self, name: str) -> UUID:
        """Return the id of a deployment; raise ``ValueError`` if none of that name is declared."""
        if name not in self.declared:
            raise ValueError(f"no deployment is named {name!r}")
        return self.ids.get(name) or uuid5(NOWHERE, name)


def apply_automations(
    client: SyncPrefectClient,
    project: Project,
    declared: Sequence[Declared],
    deployment: Finder,
    block: Blocks,
    *,
    dry_run: bool,
) -> tuple[Step, ...]:
    """Create, update and remove the automations of a project, and return what was done, or would be."""
    made = (*read_automations(project, deployment, block), *_triggers(declared, deployment))
    wanted = {automation.name: _marked(automation, project) for automation in made}
    ours = _ours(client, project)
    there = {found.name: found for found in ours}
    steps = reconcile(_marks(there, project), _marks(wanted, project))
    if not dry_run:
        _remove_doubles(client, ours, there)
        for step in steps:
            _carry_out(client, step, wanted, there)
    return steps


def remove_automations(client: SyncPrefectClient, project: Project, *, dry_run: bool) -> tuple[Step, ...]:
    """Remove the automations of a project, and return what was done, or would be."""
    ours = _ours(client, project)
    for found in () if dry_run else ours:
        client.delete_automation(found.id)
    return reconcile({found.name: None for found in ours}, {})


def _ours(client: SyncPrefectClient, project: Project) -> list[Automation]:
    return [found for found in _all(client) if _mark_of(found, project)]


def _triggers(declared: Sequence[Declared], deployment: Finder) -> list[AutomationCore]:
    """Return the automations of the triggers of deployments, as ``prefect deploy`` would make them."""
    made = []
    for one in declared:
        for trigger in one.triggers:
            found = TypeAdapter(DeploymentTriggerTypes).validate_python(trigger.model_dump(mode="json"))
            found.set_deployment_id(deployment(one.name))
            made.append(found.as_automation())
    return made


def _marked(automation: AutomationCore, project: Project) -> AutomationCore:
    """Return an automation with the tag that says whose it is and what was declared."""
    mark = f"{_prefix(project)}{digest_of(automation.model_dump(mode='json', exclude={'tags'}))}"
    return automation.model_copy(update={"tags": ["podium", project.name, mark]})


def _prefix(project: Project) -> str:
    return f"podium.declared={project.name}/"


def _mark_of(automation: AutomationCore, project: Project) -> str | None:
    return next((tag for tag in automation.tags if tag.startswith(_prefix(project))), None)


def _marks(automations: Mapping[str, AutomationCore], project: Project) -> dict[str, str]:
    return {name: str(_mark_of(automation, project)) for name, automation in automations.items()}


def notification_blocks(client: SyncPrefectClient) -> dict[str, UUID]:
    """Return the notification blocks by name."""
    notify = {"block_schemas": {"block_capabilities": {"all_": ["notify"]}}}
    found = client.request("POST", "/block_documents/filter", json=notify).json()
    return {one["name"]: UUID(one["id"]) for one in found if one["name"]}


def _all(client: SyncPrefectClient) -> list[Automation]:
    found = client.read_automations(limit=PAGE)
    everything = list(found)
    while len(found) == PAGE:
        found = client.read_automations(limit=PAGE, offset=len(everything))
        everything += found
    return everything


def _remove_doubles(client: SyncPrefectClient, ours: Sequence[Automation], there: Mapping[str, Automation]) -> None:
    """Remove what two registrations at once made twice: each would fire."""
    for found in ours:
        if there[found.name].id != found.id:
            client.delete_automation(found.id)


def _carry_out(
    client: SyncPrefectClient, step: Step, wanted: Mapping[str, AutomationCore], there: Mapping[str, Automation]
) -> None:
    if step.action == "created":
        client.create_automation(wanted[step.name])
    elif step.action == "updated":
        client.update_automation(there[step.name].id, _updated(wanted[step.name], there[step.name]))
    elif step.action == "removed":
        client.delete_automation(there[step.name].id)


def _updated(wanted: AutomationCore, there: Automation) -> AutomationCore:
    """Return an automation as it is to be; one that a person switched off stays so.

    Written whole, as Prefect leaves out of an update what was not set, but for the owner, which is not updated.
    """
    whole = wanted.model_dump(exclude={"owner_resource"})
    return AutomationCore.model_validate({**whole, "enabled": wanted.enabled and there.enabled})
