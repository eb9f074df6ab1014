"""The task runners that a configuration can ask for, each behind the same words."""

from collections.abc import Callable
from typing import Any

from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from configs.schema import RunnerSection
from podium.errors import ConfigError

Runner = TaskRunner[Any]


def runner_of(section: RunnerSection) -> Runner:
    """Return the task runner of a configuration.

    Raises:
        ConfigError: it asks for Dask, which is not installed.
    """
    return RUNNERS[section.kind](section)


def _threads(section: RunnerSection) -> Runner:
    return ThreadPoolTaskRunner(max_workers=section.workers)


def _processes(section: RunnerSection) -> Runner:
    return ProcessPoolTaskRunner(max_workers=section.workers)


def _dask(section: RunnerSection) -> Runner:
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise ConfigError("runner.kind: dask is not installed: pip install 'podium[dask]'") from None
    if section.address:
        return DaskTaskRunner(address=section.address)
    local = {"n_workers": section.workers, "threads_per_worker": 1, "dashboard_address": None}
    return DaskTaskRunner(cluster_kwargs=local)


RUNNERS: dict[str, Callable[[RunnerSection], Runner]] = {"threads": _threads, "processes": _processes, "dask": _dask}
