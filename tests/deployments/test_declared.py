"""What prefect.yaml declares is what Prefect will run."""

import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from prefect import Flow

import flows
from deployments.declared import Declared, read_declared
from podium.errors import ConfigError
from tests.deployments.changed import changed
from tests.deployments.leaving import leaving_nothing

FILE = Path(__file__).parents[2] / "prefect.yaml"
READERS = {"analyze", "audit", "explain", "monitor", "score", "verify"}
WRITERS = {"approve", "migrate", "pin", "reject", "retire", "review", "rollback", "select", "train", "unpin"}
NAMES = READERS | WRITERS
TRIGGER = {
    "type": "event",
    "name": "t",
    "description": "d",
    "match": {"podium.registered_model": "churn"},
    "expect": ["podium.model.trained"],
}


def written(tmp_path: Path, **changes: object) -> Path:
    """A copy of prefect.yaml whose first deployment is changed."""
    return changed(FILE, "deployments", tmp_path, **changes)


def test_every_command_that_is_a_flow_is_a_deployment() -> None:
    """Each command that runs a flow of Prefect is declared, under its own name and its project's."""
    assert {d.name for d in read_declared(FILE)} >= {f"churn-{name}" for name in NAMES}


SCHEDULED = {
    "migrate": "0 2 * * *",
    "select": "0 3 * * *",
    "verify": "15 * * * *",
    "monitor": "0 6 * * *",
    "audit": "45 * * * *",
}
ON_EVENTS = {
    "select": {"podium.model.trained"},
    "verify": {"podium.champion.promoted", "podium.champion.rolled_back"},
    "explain": {"podium.champion.promoted"},
}
ONLY_HERE = {"apply", "plan", "alerts-test", "let-arrive", "prepare-arrivals", "prepare-demo"}
"""Flows that read or write a file of whoever calls them, or are the demo's."""


def test_every_flow_is_declared() -> None:
    """Each flow of Prefect that the modules of flows hold has a deployment, but for those that have no use for one."""
    modules = (importlib.import_module(f"flows.{name.name}") for name in pkgutil.iter_modules(flows.__path__))
    found = {one.name for module in modules for one in vars(module).values() if isinstance(one, Flow)}
    assert found - ONLY_HERE == NAMES


def test_each_runs_when_it_should() -> None:
    """By a schedule, by an event, or by hand alone."""
    declared = {d.name.removeprefix("churn-"): d for d in read_declared(FILE)}
    scheduled = {name: s.cron for name, d in declared.items() for s in d.schedules}
    assert scheduled == SCHEDULED
    assert [name for name, d in declared.items() for s in d.schedules if not s.active] == ["monitor"]
    assert {name: {e for t in d.triggers for e in t.expect} for name, d in declared.items() if d.triggers} == ON_EVENTS


@pytest.mark.parametrize("declared", read_declared(FILE), ids=lambda d: d.name)
def test_every_entrypoint_loads(declared: Declared) -> None:
    """An entrypoint is a flow of the same name that takes the declared parameters, each with a description."""
    flow = declared.flow()
    assert f"churn-{flow.name}" == declared.name
    assert all(described["description"] for described in flow.parameters.properties.values())


@pytest.mark.parametrize("declared", read_declared(FILE), ids=lambda d: d.name)
def test_writers_run_one_at_a_time(declared: Declared) -> None:
    """What writes shares a queue of its project and has a limit of one; what reads has neither."""
    limit, writes = declared.concurrency_limit, "writes" in declared.tags
    assert writes or declared.name.removeprefix("churn-") not in WRITERS
    assert declared.work_pool.work_queue_name == ("churn-writers" if writes else None)
    assert (limit is not None) == writes
    assert limit is None or (limit.limit, limit.collision_strategy) == (1, "ENQUEUE")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"conurrency_limit": 1}, "conurrency_limit"),
        ({"schedules": [{"cron": "every day"}]}, "schedules.0"),
        ({"schedules": [{"cron": "0 2 * * *", "timezone": "Mars/Olympus"}]}, "schedules.0"),
        ({"schedules": [{"crn": "0 2 * * *"}]}, "schedules.0"),
        ({"description": ""}, "description"),
        ({"tags": []}, "tags"),
        ({"tags": ["podium"]}, "tags lack 'churn'"),
        ({"name": "analyze"}, "does not begin with 'churn-'"),
        ({"work_pool": {"name": "podium", "work_queue_name": "writers"}}, "work_queue_name"),
        ({"triggers": [{**TRIGGER, "expcet": ["x"]}]}, "triggers.0.expcet"),
        ({"triggers": [{**TRIGGER, "expect": []}]}, "triggers.0.expect"),
        ({"triggers": [{**TRIGGER, "type": "evnt"}]}, "triggers.0.type"),
        ({"triggers": [{**TRIGGER, "match": {"podium.registered_model": "other"}}]}, "does not match"),
    ],
)
def test_what_prefect_would_drop_is_refused(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    """A misspelt key or a bad schedule is an error that names its place."""
    with pytest.raises(ConfigError, match=named):
        read_declared(written(tmp_path, **changes))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"entrypoint": "flows.analysis.analyse"}, "does not load"),
        ({"entrypoint": "flows.analyses.analyze"}, "does not load"),
        ({"entrypoint": "flows.analysis.load_config"}, "not a flow"),
        ({"parameters": {"confg_path": "x"}}, "takes no parameter confg_path"),
        ({"triggers": [{**TRIGGER, "parameters": {"model": "x"}}]}, "takes no parameter model"),
    ],
)
def test_an_entrypoint_that_cannot_run_is_refused(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    """A flow that is not there, or does not take a parameter, is found before it is deployed."""
    with pytest.raises(ConfigError, match=named):
        read_declared(written(tmp_path, **changes))[0].flow()


def prefect(server: str, *arguments: str) -> str:
    """Run Prefect's own command against a server and return what it printed."""
    command = [str(Path(sys.executable).with_name("prefect")), "--no-prompt", *arguments]
    environment = {**os.environ, "PREFECT_API_URL": server, "NO_COLOR": "1", "COLUMNS": "200"}
    ended = subprocess.run(command, cwd=FILE.parent, env=environment, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_prefect_itself_takes_the_file(prefect_server: str) -> None:
    """`prefect deploy --all` registers all of them on a real server."""
    with leaving_nothing(prefect_server):
        prefect(prefect_server, "work-pool", "create", "podium", "--type", "process", "--overwrite")
        prefect(prefect_server, "deploy", "--all")
        listed = prefect(prefect_server, "deployment", "ls")
    assert all(f"{name}/churn-{name}" in listed for name in NAMES)
