"""What automations.yaml declares is fired by a real Prefect server, and tells whoever has a block for it."""

import functools
import json
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Crashed, Failed, Running, Scheduled, Suspended

from benchmarks.servers import free_port
from benchmarks.stacks import until
from deployments.automations import FILE, read_automations
from deployments.projects import Project
from deployments.registering import register
from deployments.stack.home import StackHome
from deployments.stack.services import Addresses, environment, prefect
from tests.flows.receivers import Receiver
from tests.services import Service

PROJECT = Project("tides", "configs/tides.yaml", "/srv", trains=True)
Labels = Mapping[str, str]
NONE: Labels = {}
SOON = 10
"""Seconds; the least that Prefect takes for what does not happen."""


@pytest.fixture
def client(tmp_path: Path, team: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncPrefectClient]:
    """A server of its own with the project registered, on which what does not happen is noticed soon."""
    short = tmp_path / "automations.yaml"
    lines = FILE.read_text().splitlines()
    short.write_text("\n".join(f"      within: {SOON}" if "within:" in line else line for line in lines))
    monkeypatch.setattr("deployments.automating.read_automations", functools.partial(read_automations, path=short))
    places, addresses = StackHome(tmp_path), Addresses(free_port(), free_port())
    places.make()
    made = prefect(places, addresses, environment(places, addresses, None))
    service = Service("prefect", made.command, tmp_path / "log", made.is_well, made.environment).start()
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
    client: SyncPrefectClient, event: str, resource: str, labels: Labels = NONE, related: tuple[str, ...] = ()
) -> None:
    """Send one event to the server."""
    body = {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": event,
        "resource": {"prefect.resource.id": resource, **labels},
        "related": [{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in related],
        "payload": {"reason": "as in a test"},
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


def test_each_automation_fires(client: SyncPrefectClient, team: Receiver) -> None:
    """Runs that fail, crash, are late, stuck or vanish; a degraded champion, drift and a broken chain; and retraining.

    A run that waits for a person gives no sign of life either, and is left alone.
    """
    verify, review = "verify/tides-verify", "review/tides-review"
    vanished, waiting = (run_in(client, name, Running()) for name in (verify, review))
    for run in (vanished, waiting):
        alive(client, run)
    client.set_flow_run_state(waiting.id, Suspended(timeout_seconds=3600), force=True)
    run_in(client, verify, Running(), Failed(message="no"))
    run_in(client, verify, Running(), Crashed(message="gone"))
    run_in(client, "analyze/tides-analyze", Scheduled(name="Late"))
    run_in(client, "audit/tides-audit", Running())
    for event in ("champion.degraded", "drift.detected", "audit.broken"):
        emit(client, f"podium.{event}", "podium.registered_model.tides", {"podium.registered_model": "tides"})
    expected = {
        "tides: verify is Failed",
        "tides: verify is Crashed",
        "tides: analyze is Late",
        "tides: audit is Running",
        *(f"tides: podium.{event}" for event in ("champion.degraded", "drift.detected", "audit.broken")),
    }
    until(lambda: subjects(team) >= expected, "somebody is not told")
    state = until(
        lambda: (found := client.read_flow_run(vanished.id).state) and found.type == StateType.CRASHED and found,
        "a run that gives no sign of life goes on",
    )
    assert state.message == "No sign of life for 100 seconds."
    assert client.read_flow_run(waiting.id).state_name == "Suspended"
    trained = client.read_deployment_by_name("train/tides-train").id
    until(lambda: [run for run in client.read_flow_runs() if run.deployment_id == trained], "nothing is retrained")
    assert not {said for said in subjects(team) if "review" in said}
