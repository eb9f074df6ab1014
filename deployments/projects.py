"""One server, many projects: the deployments of ``prefect.yaml``, written for one project, made those of another.

A project is a registered model with its config file. Its name is in the names of its deployments, its queue, its tags
and what its triggers match, so that nothing of one project starts anything of another.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from configs.loading import DEFAULT_PATH
from configs.schema import MlflowSection, PodiumConfig
from deployments.declared import OF_MODEL, Declared, PrefectFile, Schedule, Trigger
from podium.names import slug
from podium.redaction import without_password

TRACKING = ("MLFLOW_TRACKING_URI", "PODIUM_MLFLOW__TRACKING_URI")
"""Variables that name an MLflow for whoever has them."""
MONITORS, MIGRATES = "flows.monitoring.monitor", "flows.migration.migrate"
"""Entrypoints of deployments whose schedules rest where a config does not say where recent rows, or staged models, are.
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A project as its workers see it.

    ``config`` is the config file, absolute or below ``folder``, the working directory of its runs; ``trains`` is
    whether it says what to train on, ``monitors`` where to find recent rows, ``stages`` where to find staged models.
    ``decides_in`` is the experiment that holds its decisions, with the MLflow it is in where the config names one.
    """

    model: str
    config: str | None
    folder: str
    pool: str = "podium"
    trains: bool = False
    monitors: bool = False
    stages: bool = True
    decides_in: str | None = None

    @property
    def name(self) -> str:
        """What its deployments are named after."""
        return slug(self.model)

    @property
    def queue(self) -> str:
        """The queue of its writers."""
        return f"{self.name}-writers"

    @property
    def location(self) -> str:
        """Where its runs find the config file: what tells two projects with one registered model apart."""
        return located(self.folder, self.config)


def located(folder: str, config: str | None) -> str:
    """Return the real config file of runs that start in a folder; without one they look for the default."""
    return str(Path(folder, config or DEFAULT_PATH).resolve())


def project_of(config: PodiumConfig, path: Path | None, folder: str | None, pool: str) -> Project:
    """Return the project of a configuration that was read from a file."""
    model = config.mlflow.registered_model
    told = (config.training is not None, config.monitoring.batches is not None, config.staging.root is not None)
    given = (pool, *told, _decides_in(config.mlflow))
    if folder is None:
        return Project(model, _from(path, Path.cwd()), str(Path.cwd()), *given)
    return Project(model, str(path) if path else None, folder, *given)


def _decides_in(section: MlflowSection) -> str:
    """Return the experiment of a configuration, with the MLflow that its file names.

    What the environment of whoever deploys names is not known to those who deploy the others; workers share theirs.
    """
    uri, lent = section.tracking_uri, {os.environ.get(name) for name in TRACKING}
    return section.experiment if uri is None or uri in lent else f"{section.experiment} at {without_password(uri)}"


def _from(path: Path | None, folder: Path) -> str | None:
    """Return a path as seen from a folder: relative if it is below, absolute else."""
    if path is None:
        return None
    whole = path.absolute()
    return str(whole.relative_to(folder) if whole.is_relative_to(folder) else whole)


def deployments_of(file: PrefectFile, project: Project) -> tuple[Declared, ...]:
    """Return the deployments of a file with the project it is written for replaced by another."""
    return tuple(_for_project(declared, file.definitions.project, project) for declared in file.deployments)


def _for_project(declared: Declared, own: str, project: Project) -> Declared:
    pool = declared.work_pool
    queue = pool.work_queue_name and _renamed(pool.work_queue_name, own, project.name)
    return declared.model_copy(
        update={
            "name": _renamed(declared.name, own, project.name),
            "tags": tuple(project.name if tag == own else tag for tag in declared.tags),
            "parameters": {**declared.parameters, "config_path": project.config},
            "work_pool": pool.model_copy(update={"name": project.pool, "work_queue_name": queue}),
            "schedules": tuple(_kept(s, declared, project) for s in declared.schedules),
            "triggers": tuple(_aimed(trigger, own, project) for trigger in declared.triggers),
        }
    )


def _kept(schedule: Schedule, declared: Declared, project: Project) -> Schedule:
    """Return a schedule: active where the config says what to look at, if that is for the config to say."""
    told = {MONITORS: project.monitors, MIGRATES: project.stages}
    return schedule.model_copy(update={"active": told.get(declared.entrypoint, schedule.active)})


def _aimed(trigger: Trigger, own: str, project: Project) -> Trigger:
    name = _renamed(trigger.name, own, project.name)
    return trigger.model_copy(update={"name": name, "match": {**trigger.match, OF_MODEL: project.model}})


def _renamed(name: str, own: str, other: str) -> str:
    return f"{other}-{name.removeprefix(f'{own}-')}"
