"""What automations.yaml declares is fired by a real Prefect server, and tells whoever has a block for it."""

import functools
import json
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Crashed, Failed, Pending, Running, Scheduled, Suspended

from benchmarks.servers import free_port
from benchmarks.stacks import until
from deployments.automations import FILE, read_automations
from deployments.projects import Project
from deployments.registering import register
from deployments.stack.home import StackHome
from deployments.stack.services import Addresses, environment, prefect
from tests.flows.receivers import Receiver
from tests.production.postgres import USER, Postgres
from tests.services import Service

PROJECT = Project("tides", "configs/tides.yaml", "/srv", trains=True)
Labels = Mapping[str, str]
NONE: Labels = {}
SOON = 10
"""Seconds; the least that Prefect takes for what does not happen."""
A_WHILE = 30
"""Seconds; a test says, and a busy server looks at, what did happen within them."""


def hurried(path: Path, soon: Mapping[str, int]) -> Path:
    """A copy of the file in which some automations wait for what does not happen only so long; others as ever."""
    content = yaml.safe_load(FILE.read_text())
    automations = {automation["name"].removeprefix("${project}: "): automation for automation in content["automations"]}
    for name, seconds in soon.items():
        assert automations[name]["trigger"]["posture"] == "Proactive"
        automations[name]["trigger"]["within"] = seconds
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Labels]:
    """Where the server keeps what it knows, as variables: its own SQLite, or PostgreSQL where a test asks for it."""
    if request.param == "sqlite":
        yield {}
        return
    postgres = Postgres(uuid.uuid4().hex)
    try:
        postgres.start()
        where = f"{USER}:{postgres.password}@127.0.0.1:{postgres.port}/postgres"
        migrates = {"PREFECT_API_DATABASE_MIGRATE_ON_START": "true"}
        yield {"PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{where}", **migrates}
    finally:
        postgres.stop()


@pytest.fixture
def client(
    request: pytest.FixtureRequest, tmp_path: Path, team: Receiver, database: Labels, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SyncPrefectClient]:
    """A server of its own with the project registered, on which what a test waits for is noticed soon."""
    short = hurried(tmp_path / "automations.yaml", request.param)
    monkeypatch.setattr("deployments.automating.read_automations", functools.partial(read_automations, path=short))
    places, addresses = StackHome(tmp_path), Addresses(free_port(), free_port())
    places.make()
    made = prefect(places, addresses, environment(places, addresses, None))
    began = datetime.now(UTC)
    variables = {**made.environment, **database}
    service = Service("prefect", made.command, tmp_path / "log", lambda: made.is_well(began), variables).start()
    try:
        service.await_ready()
        with temporary_settings({PREFECT_API_URL: addresses.api}), get_client(sync_client=True) as found:
            hook = {"subject": "{{subject}}", "body": "{{body}}"}
            address = f"http://{team.where}/hook"
            CustomWebhookNotificationBlock(name="team", url=address, json_data=hook).save("podium-alerts")
            register(PROJECT)
            yield found
    finally:
        service.end()


def emit(
    client: SyncPrefectClient,
    event: str,
    resource: str,
    labels: Labels = NONE,
    related: tuple[str, ...] = (),
    **more: object,
) -> None:
    """Send one event to the server."""
    body = {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": event,
        "resource": {"prefect.resource.id": resource, **labels},
        "related": [{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in related],
        "payload": {"reason": "as in a test"},
        **more,
    }
    content = json.dumps([body]).encode()
    url = f"{client.api_url}".rstrip("/") + "/events"
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        assert reply.status < 300


def run_in(client: SyncPrefectClient, deployment: str, *states: State[Any]) -> FlowRun:
    """A run of a deployment that goes through some states."""
    run = client.create_flow_run_from_deployment(client.read_deployment_by_name(deployment).id)
    for state in states:
        client.set_flow_run_state(run.id, state, force=True)
    return run


def alive(client: SyncPrefectClient, run: FlowRun) -> None:
    """A sign of life of a run."""
    emit(client, "prefect.flow-run.heartbeat", f"prefect.flow-run.{run.id}", NONE, ("podium", PROJECT.name))


def subjects(team: Receiver) -> set[str]:
    """What the team was told, in short."""
    return {said["subject"] for said in team.got}


@pytest.mark.parametrize(
    ("database", "client"),
    [("sqlite", {"a run is late": SOON, "a run is stuck": A_WHILE, "a run has vanished": A_WHILE})],
    indirect=True,
)
def test_each_automation_fires(client: SyncPrefectClient, team: Receiver) -> None:
    """Runs that fail, crash, are late, stuck or vanish; a degraded champion, drift and a broken chain; and retraining.

    A run that waits for a person gives no sign of life either, and is left alone. A retraining that cannot be
    started is told. An event that follows one from before the server was started does not wait for that in vain.
    """
    verify, review = "verify/tides-verify", "review/tides-review"
    vanished, waiting = (run_in(client, name, Running()) for name in (verify, review))
    for run in (vanished, waiting):
        alive(client, run)
    run_in(client, verify, Running(), Failed(message="no"))
    run_in(client, verify, Running(), Crashed(message="gone"))
    # Prefect puts no order between a sign of life and the state that follows within a moment.
    client.set_flow_run_state(waiting.id, Suspended(timeout_seconds=3600), force=True)
    run_in(client, "analyze/tides-analyze", Scheduled(name="Late"))
    stuck = run_in(client, "audit/tides-audit", Running())
    more: dict[str, dict[str, Any]] = {
        "champion.degraded": {},
        "drift.detected": {"payload": {"text": "all of it, in words"}},
        "audit.broken": {"follows": str(uuid.uuid4())},
    }
    for event, own in more.items():
        emit(client, f"podium.{event}", "podium.registered_model.tides", {"podium.registered_model": "tides"}, **own)
    expected = {
        "[warning] tides: verify is Failed",
        "[warning] tides: verify is Crashed",
        "[warning] tides: runs are late",
        "[warning] tides: audit is under way for four hours",
        "[critical] tides: podium.champion.degraded",
        "[warning] tides: podium.drift.detected",
        "[critical] tides: podium.audit.broken",
    }
    until(lambda: subjects(team) >= expected, "somebody is not told")
    bodies = {got["subject"].rpartition(" ")[2]: got["body"] for got in team.got}
    assert f"{stuck.name} has not ended. See its log; if it hangs, end it with prefect" in bodies["hours"]
    assert f"cancel {stuck.id}, so" in bodies["hours"]
    assert bodies["podium.drift.detected"] == "tides: all of it, in words"
    assert bodies["podium.audit.broken"] == "tides: {'reason': 'as in a test'}"
    state = until(
        lambda: (found := client.read_flow_run(vanished.id).state) and found.type == StateType.CRASHED and found,
        "a run that gives no sign of life goes on",
    )
    assert state.message == "No sign of life for 100 seconds."
    assert client.read_flow_run(waiting.id).state_name == "Suspended"
    until(lambda: trainings(client), "nothing is retrained")
    assert not {said for said in subjects(team) if "review" in said}
    client.delete_deployment(client.read_deployment_by_name("train/tides-train").id)
    degraded(client, "5", "latency")
    unstarted = "[warning] tides: retrain on degradation: the run was not started"
    until(lambda: unstarted in subjects(team), "nobody is told that nothing is retrained")


def trainings(client: SyncPrefectClient) -> list[FlowRun]:
    """The trainings that were started."""
    trained = client.read_deployment_by_name("train/tides-train").id
    return [run for run in client.read_flow_runs() if run.deployment_id == trained]


@pytest.mark.heavy
@pytest.mark.parametrize(("database", "client"), [("sqlite", {"a run does not begin": A_WHILE})], indirect=True)
def test_a_run_that_never_begins_gives_its_place_back(client: SyncPrefectClient, team: Receiver) -> None:
    """Handed out and never begun it is crashed, and told; begun, resumed after a pause, or waiting again it is not."""
    train, review = "train/tides-train", "review/tides-review"
    begun = run_in(client, review, Pending(), Running())
    waiting = run_in(client, review, Pending(), Scheduled(scheduled_time=datetime.now(UTC) + timedelta(hours=1)))
    resumed = run_in(client, review, Running(), Suspended(timeout_seconds=3600))
    again: list[State[Any]] = [Scheduled(name="Resuming"), Pending(), Running()]
    for state in again:
        client.set_flow_run_state(resumed.id, state, force=True)
    for run in (begun, resumed):
        alive(client, run)
    never = run_in(client, train, Pending())
    ended = until(
        lambda: (found := client.read_flow_run(never.id).state) and found.type == StateType.CRASHED and found,
        "a run that never begins keeps its place",
    )
    assert ended.message == "It has not begun 10 minutes after a worker took it."
    until(lambda: "[warning] tides: train is Crashed" in subjects(team), "nobody is told of it")
    names = [client.read_flow_run(run.id).state_name for run in (begun, waiting, resumed)]
    assert names == ["Running", "Scheduled", "Running"]


def degraded(client: SyncPrefectClient, version: str, failed: str) -> None:
    """The event of a champion that is worse than it was."""
    labels = {"podium.registered_model": "tides", "podium.version": version, "podium.failed": failed}
    emit(client, "podium.champion.degraded", "podium.champion.tides", labels)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("database", "client"),
    [("sqlite", {"a run is late": SOON}), ("postgresql", {"a run is late": SOON})],
    indirect=True,
)
def test_the_first_is_told_at_once_and_the_same_again_is_not(client: SyncPrefectClient, team: Receiver) -> None:
    """Of failures of one flow, late runs and one fault of a version one is told; another flow or fault is told at once.

    What came last shows that what came before it was looked at.
    """
    verify, audit = "verify/tides-verify", "audit/tides-audit"
    for _ in range(3):
        run_in(client, verify, Running(), Failed(message="no"))
        run_in(client, verify, Scheduled(name="Late"))
        degraded(client, "4", "latency")
    run_in(client, audit, Running(), Failed(message="no"))
    degraded(client, "4", "latency, reproduces")
    degraded(client, "5", "latency")
    late = client.read_automations_by_name("tides: a run is late")[0].id
    until(lambda: fired(client, f"prefect.automation.{late}") == 3, "a late run is not noted")
    run_in(client, audit, Running(), Crashed(message="gone"))
    until(lambda: "[warning] tides: audit is Crashed" in subjects(team), "the last is not told")
    until(lambda: len(trainings(client)) == 3, "it is not retrained for each fault")
    until(lambda: len(team.got) >= 7, "not all is told")
    assert Counter(said["subject"] for said in team.got) == {
        "[warning] tides: verify is Failed": 1,
        "[warning] tides: audit is Failed": 1,
        "[warning] tides: audit is Crashed": 1,
        "[warning] tides: runs are late": 1,
        "[critical] tides: podium.champion.degraded": 3,
    }
    (waits,) = [said["body"] for said in team.got if said["subject"] == "[warning] tides: runs are late"]
    assert waits.split()[0] in {run.name for run in client.read_flow_runs() if run.state_name == "Late"}


def fired(client: SyncPrefectClient, automation: str) -> int:
    """How often an automation has fired, by Prefect's event feed."""
    wanted = {"event": {"name": ["prefect.automation.triggered"]}, "resource": {"id": [automation]}}
    return int(client.request("POST", "/events/filter", json={"filter": wanted}).json()["total"])
