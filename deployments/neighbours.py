"""Projects that would decide in one experiment: the runs of all but one would refuse, each at its hour.

What decides says where by a tag, so that a server can be asked, from whatever machine.
"""

from collections.abc import Collection

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags

from deployments.declared import Declared
from deployments.present import location_of
from deployments.projects import Project
from podium.errors import UsageError

DECIDES = "flows.selection.select"
"""Entrypoint of the deployment that has the tag."""


def place_of(declared: Declared, project: Project) -> list[str]:
    """Return the tag that says where a deployment decides, if it does."""
    return [_tag(project.decides_in)] if project.decides_in and declared.entrypoint == DECIDES else []


def _tag(where: str) -> str:
    return f"podium.decides_in={where}"


def require_own_experiment(client: SyncPrefectClient, project: Project, former: Collection[str]) -> None:
    """Refuse an experiment in which another project decides; ``former`` are names that give way to this one.

    Workers of another pool may have another MLflow.

    Raises:
        UsageError: there is such a project.
    """
    if project.decides_in is None:
        return
    there = DeploymentFilter(tags=DeploymentFilterTags(all_=["podium", _tag(project.decides_in)]))
    for found in client.read_deployments(deployment_filter=there):
        other = found.name.removesuffix("-select")
        if other not in {project.name, *former} and found.work_pool_name == project.pool:
            raise UsageError(
                f"{other}, registered with {location_of(found)}, decides in the experiment {project.decides_in} "
                f"already, and an experiment holds the decisions on one model: name another mlflow.experiment in "
                f"{project.location}, or remove that project with podium deploy --remove"
            )
