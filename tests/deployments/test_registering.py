"""A project is registered once, whole, and apart from others, on a real Prefect server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Completed, Running

from deployments.projects import Project, deployments_of
from deployments.registering import Registered, declarations, register, unregister
from podium.errors import UsageError
from tests.deployments.blocks import forget_blocks
from tests.deployments.leaving import leaving_nothing

PROJECT = Project("tides", "configs/tides.yaml", "/srv", "tidal")
OTHER = Project("tides-2", "configs/tides-2.yaml", "/srv", "tidal")


@pytest.fixture(scope="module")
def client(prefect_server: str) -> Iterator[SyncPrefectClient]:
    """A client of a real server on which a project is registered."""
    with leaving_nothing(prefect_server) as client:
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
    done = register(moved, replace=True)
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
    fewer = tuple(d for d in bare if d.name != "tides-score")
    monkeypatch.setattr("deployments.registering.deployments_of", lambda file, project: fewer)
    client.create_deployment(client.create_flow_from_name("score"), "tides-score-mine", tags=["podium", "tides"])
    assert [s.name for s in register(moved).deployments if s.action == "removed"] == ["tides-score"]
    kept = {d.name for d in client.read_deployments() if "tides" in d.tags}
    assert {"tides-score", "tides-score-mine"} & kept == {"tides-score-mine"}
    monkeypatch.undo()
    assert actions(PROJECT, replace=True) == {"created", "updated", "unchanged"}


def test_another_config_file_does_not_take_over_unasked(client: SyncPrefectClient) -> None:
    """One of the same registered model is refused with both files, also to remove; the same by another way is not."""
    second = Project("tides", "second/tides.yaml", "/srv", "tidal")
    for act in (register, unregister):
        with pytest.raises(UsageError, match=r"/srv/configs/tides\.yaml.*/srv/second/tides\.yaml.*--replace"):
            act(second)
    assert client.read_deployment_by_name("select/tides-select").parameters["config_path"] == "configs/tides.yaml"
    assert actions(Project("tides", "../srv/configs/tides.yaml", "/srv", "tidal")) == {"updated", "unchanged"}
    assert actions(PROJECT) == {"updated", "unchanged"}


def test_a_file_is_the_same_by_a_link_and_a_move_of_its_folder_is_told(
    client: SyncPrefectClient, tmp_path: Path
) -> None:
    """It is not refused as another; from the same folder nothing changes, and from another that is said."""
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj" / "neap.yaml").touch()
    (tmp_path / "link.yaml").symlink_to("proj/neap.yaml")
    first = Project("neap", "neap.yaml", str(tmp_path / "proj"), "tidal")
    second = Project("neap", "link.yaml", str(tmp_path), "tidal")
    assert register(first).moved_from is None
    assert (actions(first), register(first).moved_from) == ({"unchanged"}, None)
    assert register(second, dry_run=True).moved_from == first.folder
    done = register(second)
    assert (done.folder, done.moved_from, register(second).moved_from) == (second.folder, first.folder, None)
    unregister(second)


def test_a_renamed_model_leaves_no_project_behind(client: SyncPrefectClient) -> None:
    """What the file registered before is named, and nothing done; to replace removes it, and nobody else's."""
    before = Project("ebb and flow", "configs/ebb.yaml", "/srv", "tidal")
    after, elsewhere = replace(before, model="flood"), replace(before, model="spring", pool="stream")
    register(before)
    register(elsewhere)
    for act in (register, unregister):
        with pytest.raises(UsageError, match=rf"/srv/configs/ebb\.yaml is registered as {before.name}, .*--replace"):
            act(after)
    assert not [d for d in client.read_deployments() if d.name.startswith("flood-")]
    would = register(after, replace=True, dry_run=True)
    done = register(after, replace=True)
    assert [(s.name, s.action) for s in done.deployments] == [(s.name, s.action) for s in would.deployments]
    assert {s.name for s in done.automations if s.action == "removed"} >= {f"{before.name}: a run failed"}
    names = [d.name for d in client.read_deployments()]
    assert not [name for name in names if name.startswith(before.name)]
    assert {"flood-select", "spring-select", "tides-select"} <= set(names)
    assert queues(client) & {before.queue, after.queue} == {after.queue}
    assert actions(after) == {"unchanged"}
    register(before, replace=True)
    register(replace(after, config="configs/flood.yaml"))
    unregister(before)
    for left in (replace(after, config="configs/flood.yaml"), elsewhere):
        unregister(left)


def test_two_projects_do_not_decide_in_one_experiment(client: SyncPrefectClient) -> None:
    """The second is refused, and nothing written, unless it has workers of its own or takes the first's place."""
    first = Project("ebb", "configs/ebb.yaml", "/srv", "tidal", decides_in="floods at http://mlflow")
    second = replace(first, model="flood", config="configs/flood.yaml")
    register(first)
    for dry_run in (True, False):
        with pytest.raises(
            UsageError, match=r"^ebb, registered with /srv/configs/ebb\.yaml, .*floods at http.*mlflow\.exp"
        ):
            register(second, dry_run=dry_run)
    assert not [d for d in client.read_deployments() if d.name.startswith("flood-")]
    assert actions(first) == {"unchanged"}
    apart = (replace(second, pool="stream"), replace(second, model="neap", decides_in="neaps"))
    for project in apart:
        assert actions(project) == {"created"}
    register(replace(first, model="spring"), replace=True)
    for left in (*apart, replace(first, model="spring")):
        unregister(left)


def test_what_a_person_switched_stays_so_when_the_declaration_changes(client: SyncPrefectClient) -> None:
    """Deployments paused, schedules and automations switched off, and a schedule that a person added."""
    forget_blocks(client)
    actions(PROJECT)
    verify = client.read_deployment_by_name("verify/tides-verify")
    client.pause_deployment(verify.id)
    client.update_deployment_schedule(verify.id, verify.schedules[0].id, active=False)
    client.create_deployment_schedules(verify.id, [DeploymentScheduleCreate(schedule=CronSchedule(cron="5 4 * * 1"))])
    automation = client.read_automations_by_name("tides: a run crashed")[0]
    client.pause_automation(automation.id)
    monitored = Project("tides", "configs/tides.yaml", "/srv/", "tidal", monitors=True)
    block = CustomWebhookNotificationBlock(name="s", url="http://127.0.0.1:9/{{body}}")
    block.save("podium-alerts", overwrite=True)
    elsewhere = Project("tides", "../srv/configs/tides.yaml", "/srv", "tidal", monitors=True)
    for project in (elsewhere, monitored):
        assert "updated" in actions(project)
    found = client.read_deployment_by_name("verify/tides-verify")
    assert found.paused
    schedules = {s.schedule.cron: s.active for s in found.schedules if isinstance(s.schedule, CronSchedule)}
    assert schedules == {"15 * * * *": False, "5 4 * * 1": True}
    assert [s.active for s in client.read_deployment_by_name("monitor/tides-monitor").schedules] == [True]
    after = client.read_automations_by_name("tides: a run crashed")[0]
    assert (after.enabled, after.actions[0].type) == (False, "send-notification")
    client.resume_deployment(found.id)
    actions(PROJECT)


def test_a_block_that_is_made_later_is_told(client: SyncPrefectClient) -> None:
    """Registering again after the block was saved gives alerts to it; before, it says that nobody is told."""
    forget_blocks(client)
    assert register(PROJECT).told is False
    CustomWebhookNotificationBlock(name="w", url="http://127.0.0.1:9/{{body}}").save("podium-alerts", overwrite=True)
    done = register(PROJECT)
    assert done.told is True
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


def rest(client: SyncPrefectClient, *projects: Project) -> None:
    """Switch the schedules of projects off: none of their runs is due, whatever time it is."""
    names = DeploymentFilterTags(any_=[project.name for project in projects])
    for found in client.read_deployments(deployment_filter=DeploymentFilter(tags=names)):
        for schedule in found.schedules:
            client.update_deployment_schedule(found.id, schedule.id, active=False)


def test_writers_of_a_project_run_one_at_a_time(client: SyncPrefectClient) -> None:
    """Of two writers of different deployments a worker gets one; the other project's is not held up."""
    actions(OTHER)
    rest(client, PROJECT, OTHER)
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


def queues(client: SyncPrefectClient) -> set[str]:
    """The queues of the pool."""
    return {queue.name for queue in client.read_work_queues(work_pool_name="tidal")}


def test_a_project_is_removed_whole_and_alone(client: SyncPrefectClient) -> None:
    """A dry run removes nothing; then its deployments and automations go, its queue once it is empty, no other's."""
    gone = Project("ebb", "configs/ebb.yaml", "/srv", "tidal")
    register(gone)
    actions(OTHER)
    run = client.create_flow_run_from_deployment(client.read_deployment_by_name("select/ebb-select").id)
    client.set_flow_run_state(run.id, Running(), force=True)
    would = unregister(gone, dry_run=True)
    assert {step.action for step in (*would.deployments, *would.automations)} == {"removed"}
    assert unregister(gone) == replace(would, dry_run=False)
    assert not [d.name for d in client.read_deployments() if d.name.startswith("ebb-")]
    assert client.read_automations_by_name("ebb: a run failed") == []
    assert "ebb-writers" in queues(client)
    client.set_flow_run_state(run.id, Completed(), force=True)
    assert unregister(gone) == Registered("ebb", "ebb-writers", (), (), dry_run=False)
    assert queues(client) & {"ebb-writers", "tides-2-writers"} == {"tides-2-writers"}
    assert actions(OTHER) == {"unchanged"}
