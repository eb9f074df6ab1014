"""Projects that a config file registered before its registered model was renamed.

Their deployments would go on by schedule with the same file, in which another model is named by now.
"""

from collections.abc import Iterator

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse

from configs.naming import TAGS
from deployments.present import is_declared_once, location_of
from deployments.projects import Project
from podium.errors import UsageError

PAGE = 200
"""Deployments that a server lists at once, at most."""


def former_names(client: SyncPrefectClient, project: Project) -> list[str]:
    """Return the names of other projects whose runs read the config file of this one.

    Workers of another pool may have another file in the same place.
    """
    here = (
        found
        for found in _all(client)
        if (location_of(found), found.work_pool_name) == (project.location, project.pool)
    )
    owners = {tag for found in here for tag in set(found.tags) - TAGS if is_declared_once(found, tag)}
    return sorted(owners - {project.name})


def require_none(former: list[str], project: Project) -> None:
    """Refuse to leave former projects of a config file behind.

    Raises:
        UsageError: there is one.
    """
    if former:
        raise UsageError(
            f"{project.location} is registered as {', '.join(former)}, too, from before its mlflow.registered_model "
            f"was {project.model!r}, and would go on as that: remove that with --replace, or name the model as before"
        )


def _all(client: SyncPrefectClient) -> Iterator[DeploymentResponse]:
    ours, seen = DeploymentFilter(tags=DeploymentFilterTags(all_=["podium"])), 0
    while found := client.read_deployments(deployment_filter=ours, limit=PAGE, offset=seen):
        yield from found
        seen += len(found)
