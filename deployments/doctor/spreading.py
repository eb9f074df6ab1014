"""Looks whether what is to spread the work is there."""

from importlib.util import find_spec

from configs.schema import RunnerSection
from deployments.doctor.asking import PATIENCE
from podium.errors import PodiumError, first_line
from podium.health import Health
from tasks.effects.bounded import within
from tasks.effects.scheduling import require_scheduler


def runner(section: RunnerSection) -> list[Health]:
    """Look at Dask, if it is asked for: whether it is installed, and its scheduler listens."""
    if section.kind != "dask":
        return []
    if find_spec("prefect_dask") is None:
        return [Health("runner", "fail", "runner.kind: dask is not installed", "pip install 'podium[dask]'")]
    return [_scheduler(section.address)] if section.address else []


def _scheduler(address: str) -> Health:
    try:
        within(PATIENCE, lambda: require_scheduler(address, PATIENCE))
    except (PodiumError, TimeoutError) as error:
        return Health("runner", "fail", first_line(error), "start it with `dask scheduler`, or mend runner.address")
    return Health("runner", "pass", f"a scheduler listens at {address}")
