"""Whatever runs the work, threads, processes or Dask, each model is migrated once and has its outcome."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from distributed import LocalCluster
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from benchmarks.servers import free_port
from configs.schema import RunnerSection
from flows.migration import migrate
from flows.runners import require_workers, result_of, runner_of
from podium.errors import ConfigError, PodiumError
from tests.flows.projects import FOREST, LOGISTIC, TRAP, project, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.mark.parametrize("kind", ["threads", "processes", "dask"])
def test_each_runner_migrates_each_model_once(kind: str, home: Path, made: Path) -> None:
    """The same outcomes, the same end state."""
    config = project(home.parent, made, LOGISTIC, FOREST, TRAP, runner={"kind": kind, "workers": 2})
    assert {o.model_id: o.state for o in migrate(str(config)).outcomes} == dict.fromkeys(
        (LOGISTIC, FOREST, TRAP), "migrated"
    )
    store = store_of(config)
    assert len(store.versions()) == len(store.logged_models()) == 3


def test_without_its_extra_dask_is_a_plain_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says what to install."""
    monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)
    with pytest.raises(ConfigError, match=r"pip install 'podium\[dask\]'"):
        runner_of(RunnerSection(kind="dask"))


@pytest.mark.parametrize("address", ["nonsense", "tcp://host", "tcp://host:port", "http//host:8786/"])
def test_what_is_no_address_of_a_scheduler_is_a_mistake_in_the_config(address: str) -> None:
    """It is found before anything is read."""
    with pytest.raises(ValueError, match=r"tcp://HOST:PORT or tls://HOST:PORT is expected"):
        RunnerSection(kind="dask", address=address)


def test_a_scheduler_that_is_not_there_is_said_at_once() -> None:
    """Dask's own client would ask for minutes."""
    with pytest.raises(PodiumError, match=r"runner\.address: no scheduler of Dask answers at tcp://127.*refused"):
        runner_of(RunnerSection(kind="dask", address=f"tcp://127.0.0.1:{free_port()}"))


def test_a_scheduler_without_workers_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits without end for a worker that nobody started."""
    monkeypatch.setattr("flows.runners.STARTING", 1)
    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:  # type: ignore[no-untyped-call]
        section = RunnerSection(kind="dask", address=cluster.scheduler_address)
        with runner_of(section) as runner, pytest.raises(PodiumError, match=r"has no worker after 1 s: start one with"):
            require_workers(runner, section)


@task(cache_policy=NO_CACHE)
def never_ends() -> None:
    """Work for longer than any test."""
    threading.Event().wait(600)


@flow
def left_alone(section: RunnerSection) -> None:
    """Lose the only worker at work."""
    with runner_of(section) as runner:
        client = runner.client  # type: ignore[attr-defined]
        (pid,) = client.run(os.getpid).values()
        future = runner.submit(never_ends, {})
        os.kill(pid, signal.SIGKILL)
        result_of(future, runner, section)


def test_a_cluster_that_loses_all_its_workers_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they were at is not waited for without end."""
    monkeypatch.setattr("flows.runners.STARTING", 1)
    monkeypatch.setattr("flows.runners.POLL", 0.2)
    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:  # type: ignore[no-untyped-call]
        address = cluster.scheduler_address
        options = ("--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path))
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, *options]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as worker:
            try:
                cluster.wait_for_workers(1, timeout=240)
                with pytest.raises(PodiumError, match=r"has no worker after 1 s"):
                    left_alone(RunnerSection(kind="dask", address=address))
            finally:
                worker.kill()
