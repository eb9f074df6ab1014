"""What a team leaves running: it trains, decides by an event, says when MLflow fails, and goes on by itself."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.stacks import Up, runs_of, start_run, state_of, until
from deployments.stack.services import answers
from flows.history import history
from tests.flows.projects import project, store_of
from tests.flows.receivers import Receiver
from tests.flows.test_cli import document, podium
from tests.flows.test_training import learnable

__all__ = ["learnable"]
ENDED = {"COMPLETED", "FAILED", "CRASHED"}


@pytest.fixture
def up(home: Path, learnable: Path, team: Receiver) -> Iterator[Up]:
    """A stack whose project trains quickly, does not wait long for MLflow, and tells the team of everything."""
    section = {"path": str(learnable / "train.parquet"), "cv": 2, "search": {"iterations": 1}}
    channels = {"team": {"url_env": "TEAM", "minimum": "info"}}
    names = {"registered_model": "churn", "patience": 5}
    config = project(home.parent, learnable, training=section, alerts={"channels": channels}, mlflow=names)
    started = Up(config, home, TEAM=f"json://{team.where}", MLFLOW_HTTP_REQUEST_MAX_RETRIES="2")
    yield started
    started.end()


def ended(api: str, deployment: str) -> str:
    """Start a run of a deployment, wait for its end, and return the state that it ended in."""
    run = start_run(api, deployment)["id"]
    return str(until(lambda: (found := state_of(api, run)) in ENDED and found, f"{deployment} does not end"))


@pytest.mark.heavy
@pytest.mark.usefixtures("prefect_server")
def test_trained_promoted_told_of_a_failure_and_well_again(home: Path, up: Up, team: Receiver) -> None:
    """Training ends in a promotion that nobody asked for; MLflow hangs, the team hears of it, and of its end."""
    told = up.ready()
    api, mlflow = told["prefect"]["api"], told["mlflow"]["url"]
    made = podium("train", "--json", "--config", str(up.config), home=home, cwd=up.config.parent)
    assert made.returncode == 0, made.stderr
    trained = [c["model_id"] for c in document(made)["candidates"]]
    assert len(trained) == 4

    until(lambda: "champion" in store_of(up.config).aliases(), "no selection promoted")
    first = history(str(up.config)).decisions[0].content
    assert first["asked_by"].startswith("event podium.model.trained of ")
    assert first["promoted"]["model_id"] in trained
    until(lambda: any("is in production" in title for title in team.titles), "nobody is told of the promotion")
    until(lambda: len(runs_of(api, "select")) == 4 and _all_ended(api, "select"), "a selection goes on")
    assert len(history(str(up.config)).decisions) == len([t for t in team.titles if "is in production" in t])

    for process in up.of_service("mlflow"):
        process.send_signal(signal.SIGKILL)
    until(lambda: answers(f"{mlflow}/health"), "what was killed does not come back")
    told_of_it = "[warning] churn: mlflow has ended (status -9) and was started again"
    until(lambda: told_of_it in team.titles, "nobody is told that MLflow was killed")
    assert ended(api, "verify/churn-verify") == "COMPLETED"

    for process in up.of_service("mlflow"):
        process.send_signal(signal.SIGSTOP)
    assert ended(api, "verify/churn-verify") == "FAILED"
    until(lambda: any("podium verify failed" in title for title in team.titles), "nobody is told that verify fails")
    until(lambda: answers(f"{mlflow}/health"), "what hangs is not started again")
    assert ended(api, "verify/churn-verify") == "COMPLETED"
    until(lambda: any("podium verify runs again" in title for title in team.titles), "nobody is told that all is well")

    champion = store_of(up.config).aliases()["champion"]
    assert history(str(up.config)).unbroken
    up.process.send_signal(signal.SIGINT)
    _, said = up.process.communicate(timeout=240)
    assert (up.process.returncode, "Traceback" in said) == (0, False), said
    assert (up.is_gone(), store_of(up.config).aliases()["champion"]) == (True, champion)


@pytest.mark.heavy
@pytest.mark.usefixtures("prefect_server")
def test_a_workers_run_goes_on_over_a_restart_of_prefect(home: Path, up: Up, team: Receiver) -> None:
    """The server is killed while a worker trains: the run ends as it should, and what it trained is decided on."""
    api = up.ready()["prefect"]["api"]
    run = start_run(api, "train/churn-train")["id"]
    until(lambda: state_of(api, run) == "RUNNING", "the training does not begin")
    for process in up.of_service("prefect"):
        process.send_signal(signal.SIGKILL)
    until(lambda: not answers(f"{api}/health"), "Prefect is still there")
    until(lambda: answers(f"{api}/health"), "Prefect does not come back")
    until(lambda: state_of(api, run) in ENDED, "the training does not end")
    assert state_of(api, run) == "COMPLETED"
    assert len(store_of(up.config).logged_models()) == 4
    assert ended(api, "select/churn-select") == "COMPLETED"
    assert "champion" in store_of(up.config).aliases()
    assert history(str(up.config)).unbroken


def _all_ended(api: str, flow: str) -> bool:
    return all(run["state_type"] in ENDED for run in runs_of(api, flow))
