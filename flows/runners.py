"""The task runners that a configuration can ask for, each behind the same words."""

from collections.abc import Callable
from typing import Any

from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from configs.schema import RunnerSection
from podium.errors import ConfigError, PodiumError
from tasks.effects.scheduling import require_scheduler

Runner = TaskRunner[Any]
STARTING = 180
"""Seconds in which a cluster must have a worker for the work that waits: some start one only then."""
POLL = 10
"""Seconds after which it is looked whether a cluster still has a worker."""


def runner_of(section: RunnerSection) -> Runner:
    """Return the task runner of a configuration.

    Raises:
        ConfigError: it asks for Dask, which is not installed.
        PodiumError: nobody listens at the address of the scheduler.
    """
    return RUNNERS[section.kind](section)


def require_workers(runner: Runner, section: RunnerSection) -> None:
    """Return once a Dask cluster that others started has a worker.

    Raises:
        PodiumError: no worker comes in time.
    """
    try:
        runner.client.wait_for_workers(1, timeout=STARTING)  # type: ignore[attr-defined]
    except TimeoutError:
        why = f"runner.address: {section.address} has no worker after {STARTING} s"
        raise PodiumError(f"{why}: start one with `dask worker {section.address}`") from None


def result_of(future: PrefectFuture[Any], runner: Runner, section: RunnerSection) -> Any:
    """Return the result of a future; on a Dask cluster that others started, as long as it has workers.

    Raises:
        PodiumError: they are gone, and none comes in time.
    """
    while _is_others(section) and not future.wrapped_future.done():  # type: ignore[attr-defined]
        future.wait(timeout=POLL)
        require_workers(runner, section)
    return future.result()


def _is_others(section: RunnerSection) -> bool:
    """Whether work goes to a Dask cluster that others started."""
    return section.kind == "dask" and section.address is not None


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
        require_scheduler(section.address)
        return DaskTaskRunner(address=section.address)
    local = {"n_workers": section.workers, "threads_per_worker": 1, "dashboard_address": None}
    return DaskTaskRunner(cluster_kwargs=local)


RUNNERS: dict[str, Callable[[RunnerSection], Runner]] = {"threads": _threads, "processes": _processes, "dask": _dask}
