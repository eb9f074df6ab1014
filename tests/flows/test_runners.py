"""Whatever runs the work, threads, processes or Dask, each model is migrated once and has its outcome."""

import sys
from pathlib import Path

import pytest

from configs.schema import RunnerSection
from flows.migration import migrate
from flows.runners import runner_of
from podium.errors import ConfigError
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
