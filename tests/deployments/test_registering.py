"""A project is registered once, whole, and apart from others, on a real Prefect server."""

from collections.abc import Iterator

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Running

from deployments.projects import Project, deployments_of
from deployments.registering import declarations, register

PROJECT = Project("tides", "configs/tides.yaml", "/srv", "tidal")
OTHER = Project("tides-2", "configs/tides-2.yaml", "/srv", "tidal")


@pytest.fixture(scope="module")
def client(prefect_server: str) -> Iterator[SyncPrefectClient]:
    """A client of a real server on which a project is registered."""
    with temporary_settings({PREFECT_API_URL: prefect_server}), get_client(sync_client=True) as client:
        first = register(PROJECT)
        assert {step.action for step in (*first.deployments, *first.automations)} == {"created"}
        yield client


def actions(project: Project, **how: bool) -> set[str]:
    """What registering a project did, or would."""
    done = register(project, **how)
    return {step.action for step in (*done.deployments, *done.automations)}


def test_again_changes_nothing_and_what_was_paused_by_hand_stays(client: SyncPrefectClient) -> None:
    """A second registration touches no deployment and no automation."""
    found = client.read_deployment_by_name("select/tides-select")
    client.pause_deployment(found.id)
    automation = client.read_automations_by_name("tides: a run failed")[0]
    client.pause_automation(automation.id)
    assert actions(PROJECT) == {"unchanged"}
    assert client.read_deployment_by_name("select/tides-select").paused
    assert not client.read_automations_by_name("tides: a run failed")[0].enabled
    client.resume_deployment(found.id)


def test_another_project_is_apart(client: SyncPrefectClient) -> None:
    """A dry run writes nothing; then it has deployments and automations of its own, whatever its name begins with."""
    assert actions(OTHER, dry_run=True) == {"created"}
    assert client.read_automations_by_name("tides-2: a run failed") == []
    assert actions(OTHER) == {"created"}
    assert actions(PROJECT) == {"unchanged"}
    trigger = client.read_automations_by_name("tides-2-select after training")[0].trigger
    assert trigger.model_dump()["match"]["podium.registered_model"] == "tides-2"


def test_what_is_not_declared_any_more_goes_and_what_differs_is_written(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another config file changes the deployments alone; a trigger that is gone takes its automation with it."""
    moved = Project("tides", "configs/moved.yaml", "/srv", "tidal")
    done = register(moved)
    assert {step.action for step in done.deployments} == {"updated"}
    assert {step.action for step in done.automations} == {"unchanged"}
    assert client.read_deployment_by_name("select/tides-select").parameters["config_path"] == "configs/moved.yaml"
    bare = tuple(d.model_copy(update={"triggers": ()}) for d in deployments_of(declarations(), moved))
    monkeypatch.setattr("deployments.registering.deployments_of", lambda file, project: bare)
    assert {s.name for s in register(moved).automations if s.action == "removed"} == {
        "tides-select after training",
        "tides-explain after a promotion",
        "tides-verify after a change of production",
    }
    monkeypatch.undo()
    assert "created" in actions(PROJECT)


def test_a_block_that_is_made_later_is_told(client: SyncPrefectClient) -> None:
    """Registering again after the block was saved gives alerts to it."""
    CustomWebhookNotificationBlock(name="w", url="http://127.0.0.1:9/{{body}}").save("podium-alerts", overwrite=True)
    done = register(PROJECT)
    assert {step.name for step in done.automations if step.action == "updated"} >= {"tides: a run failed"}
    assert client.read_automations_by_name("tides: a run failed")[0].actions[0].type == "send-notification"
    assert actions(PROJECT) == {"unchanged"}


def test_a_run_with_wrong_parameters_is_refused(client: SyncPrefectClient) -> None:
    """By the server, before a worker sees it: of another type, or of no such name."""
    found = client.read_deployment_by_name("rollback/tides-rollback").id
    for wrong in ({"dry_run": "perhaps"}, {"verison": "4"}):
        with pytest.raises(PrefectHTTPStatusError, match=next(iter(wrong))):
            client.create_flow_run_from_deployment(found, parameters=wrong)


def handed_out(client: SyncPrefectClient) -> list[FlowRun]:
    """The runs that a worker of the pool would be given now."""
    return [given.flow_run for given in client.get_scheduled_flow_runs_for_work_pool("tidal")]


def test_writers_of_a_project_run_one_at_a_time(client: SyncPrefectClient) -> None:
    """Of two writers of different deployments a worker gets one; the other project's is not held up."""
    actions(OTHER)
    for name in ("select/tides-select", "retire/tides-retire", "select/tides-2-select", "verify/tides-verify"):
        client.create_flow_run_from_deployment(client.read_deployment_by_name(name).id, tags=["queueing"])

    def waiting() -> list[FlowRun]:
        return [run for run in handed_out(client) if "queueing" in run.tags]

    first = waiting()
    queues = [run.work_queue_name or "default" for run in first]
    assert sorted(queues) == ["default", "tides-2-writers", "tides-writers"]
    mine = next(run for run in first if run.work_queue_name == "tides-writers")
    client.set_flow_run_state(mine.id, Running(), force=True)
    assert "tides-writers" not in [run.work_queue_name for run in waiting()]
    client.set_flow_run_state(mine.id, Completed(), force=True)
    assert "tides-writers" in [run.work_queue_name for run in waiting()]
