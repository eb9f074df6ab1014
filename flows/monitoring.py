"""Watches the champion: are the rows of now like those it was measured on, and does it still do as well on them."""

from typing import Any

from prefect.artifacts import create_table_artifact

from configs.loading import load_config
from flows.alerting import telling
from flows.settlement import resume_interrupted
from podium.errors import ConfigError, NegativeAnswerError
from podium.events import noticed
from podium.monitored import Monitored
from podium.progress import announce
from tasks.effects.events import project_of, tell
from tasks.measurement import load_holdout
from tasks.monitoring import find_batch, look_at, note_monitoring, past_looks

LOOKS = 50
"""Earlier looks that are shown."""


@telling("monitor")
def monitor(config_path: str | None = None, batch: str | None = None, dry_run: bool = False) -> Monitored:
    """Compare a batch of recent rows with the holdout, and the champion on them with what it was.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        batch: Parquet or CSV file of recent rows, or a folder of such files; not set: that of the config.
        dry_run: Only say what is found, and write nothing.

    Raises:
        NegativeAnswerError: the rows have drifted, or the champion is degraded, and its answer is what was found; or
            nothing is in production.
    """
    config = load_config(config_path)
    path = find_batch(config.monitoring, batch)
    holdout = load_holdout(config)
    if holdout is None:
        raise ConfigError("monitor compares with the rows the champion was measured on: set holdout.path")
    if not dry_run:
        resume_interrupted(config)
    announce("asking the champion about the batch", detail=path.name)
    found = look_at(config, holdout, path)
    if dry_run:
        return _answered(config.mlflow.registered_model, found.dry())
    found = note_monitoring(config.mlflow, found)
    create_table_artifact([drift.as_json() for drift in found.drifts], "podium-monitoring", found.state)
    for event in noticed(project_of(config.mlflow), found):
        tell(event)
    return _answered(config.mlflow.registered_model, found)


def _answered(name: str, found: Monitored) -> Monitored:
    if found.alerts:
        raise NegativeAnswerError(f"{name} version {found.version}: {found.alerts[0]}", found)
    return found


def looks_json(config_path: str | None = None) -> dict[str, Any]:
    """Return the JSON document of ``podium monitor --history``: the last looks at batches, newest first."""
    return {"looks": [look.as_json() for look in past_looks(load_config(config_path).mlflow, LOOKS)]}
