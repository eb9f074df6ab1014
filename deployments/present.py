"""What of a project is on a server already, and what of that a new registration leaves as it is.

A person may have switched a schedule off or added one, and another config file may name the same registered model.
"""

from collections.abc import Iterable, Mapping, Sequence

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound

from deployments.declared import Declared
from deployments.projects import Project, located
from podium.errors import UsageError

STEP = "prefect.deployments.steps.set_working_directory"
"""The pull step that says in which folder a run starts."""
OURS, RUNS, RESTS = "podium-", "podium-runs-", "podium-rests-"
"""How the slug of a declared schedule begins: it says what was declared, the schedule's flag what became of it."""


def present(client: SyncPrefectClient, wanted: Sequence[Declared], project: Project) -> dict[str, DeploymentResponse]:
    """Return the deployments of a project by name: those declared, whoever made them, and those no longer declared."""
    declared = [_read(client, one) for one in wanted]
    former = [found for found in _tagged(client, project) if is_declared_once(found, project.name)]
    return {found.name: found for found in (*former, *declared) if found}


def _read(client: SyncPrefectClient, declared: Declared) -> DeploymentResponse | None:
    try:
        return client.read_deployment_by_name(f"{declared.flow().name}/{declared.name}")
    except ObjectNotFound:
        return None


def _tagged(client: SyncPrefectClient, project: Project) -> list[DeploymentResponse]:
    tags = DeploymentFilterTags(all_=["podium", project.name])
    return client.read_deployments(deployment_filter=DeploymentFilter(tags=tags))


def is_declared_once(found: DeploymentResponse, project: str) -> bool:
    """Whether a deployment has the name that a declaration gives: a person's own, of the same flow, has another."""
    function = (found.entrypoint or "").rpartition(".")[2]
    return found.name == f"{project}-{function.replace('_', '-')}"


def require_same_config(there: Iterable[DeploymentResponse], project: Project) -> None:
    """Refuse to take over what was registered with another config file.

    Raises:
        UsageError: it was.
    """
    theirs = next((where for found in there if (where := location_of(found)) not in (None, project.location)), None)
    if theirs:
        raise UsageError(
            f"{project.model!r} is registered with {theirs}, not with {project.location}: name another "
            "mlflow.registered_model in this one, or let it take over with --replace"
        )


def folder_of(found: DeploymentResponse) -> str | None:
    """Return the folder in which the runs of a deployment start, None if it does not say."""
    return next((step[STEP]["directory"] for step in found.pull_steps or () if STEP in step), None)


def location_of(found: DeploymentResponse) -> str | None:
    """Return where the runs of a deployment find their config file, None if it does not say."""
    folder = folder_of(found)
    return folder and located(folder, found.parameters.get("config_path"))


def schedules_of(declared: Declared, there: DeploymentResponse | None) -> list[DeploymentScheduleCreate]:
    """Return the schedules of a deployment: those declared, on or off as a person left them, and a person's own."""
    before = there.schedules if there else []
    ours = [
        DeploymentScheduleCreate(
            schedule=CronSchedule(cron=s.cron, timezone=s.timezone),
            active=s.active,
            slug=f"{RUNS if s.active else RESTS}{number}",
        )
        for number, s in enumerate(declared.schedules)
    ]
    known = [s.schedule for s in ours]
    own = [s for s in before if not (s.slug or "").startswith(OURS) and s.schedule not in known]
    return [*(_as_left(s, before) for s in ours), *map(_again, own)]


def _as_left(schedule: DeploymentScheduleCreate, before: Sequence[DeploymentSchedule]) -> DeploymentScheduleCreate:
    """Return a declared schedule, on or off as it was left if the declaration is the same."""
    left = (s.active for s in before if (s.slug, s.schedule) == (schedule.slug, schedule.schedule))
    return schedule.model_copy(update={"active": next(left, schedule.active)})


def _again(schedule: DeploymentSchedule) -> DeploymentScheduleCreate:
    kept: Mapping[str, object] = schedule.model_dump(include={"active", "parameters", "slug"})
    return DeploymentScheduleCreate.model_validate({"schedule": schedule.schedule, **kept})
