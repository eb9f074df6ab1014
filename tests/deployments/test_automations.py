"""What automations.yaml declares is what Prefect will watch over."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from deployments.automating import Finding
from deployments.automations import FILE, read_automations
from deployments.declared import read_file
from deployments.projects import Project, deployments_of
from deployments.telling import BLOCK
from podium.errors import ConfigError
from tests.deployments.changed import changed

PREFECT_YAML = Path(__file__).parents[2] / "prefect.yaml"
PROJECT = Project("credit risk", None, "/srv", trains=True)


def finding(project: Project) -> Finding:
    """Finds the deployments of a project."""
    return Finding(frozenset(d.name for d in deployments_of(read_file(PREFECT_YAML), project)))


def read(path: Path = FILE, project: Project = PROJECT) -> tuple[AutomationCore, ...]:
    """The automations of a project."""
    return read_automations(project, finding(project), lambda name: None, path)


def written(tmp_path: Path, **changes: object) -> Path:
    """A copy of automations.yaml whose first automation is changed."""
    return changed(FILE, "automations", tmp_path, **changes)


def test_everything_that_goes_wrong_is_watched() -> None:
    """Failed, crashed, late, stuck and vanished runs, those that never begin, degradation, drift, a broken chain."""
    expected = {event for found in read() for event in getattr(found.trigger, "expect", ())}
    after = {event for found in read() for event in getattr(found.trigger, "after", ())}
    assert {"prefect.flow-run.Failed", "prefect.flow-run.Crashed"} <= expected
    assert {f"prefect.flow-run.{name}" for name in ("Late", "Pending", "Running", "heartbeat")} <= after
    assert {"podium.champion.degraded", "podium.drift.detected", "podium.audit.broken"} <= expected


def test_each_watches_over_its_own_project() -> None:
    """What it matches names the project, by tag or by registered model, and so does its name."""
    for found in read():
        dumped = str(found.trigger.model_dump(mode="json"))
        own = (f"prefect.tag.{PROJECT.name}'", "'podium.registered_model': 'credit risk'", f"'{PROJECT.name}: ")
        assert any(name in dumped for name in own)
        assert "$" not in dumped
        assert found.name.startswith(f"{PROJECT.name}: ")
        assert found.description


TRIGGER = {"type": "event", "posture": "Reactive", "expect": ["prefect.flow-run.Failed"]}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"enabeld": False}, "enabeld"),
        ({"trigger": {**TRIGGER, "withn": 5}}, "trigger.withn: unknown key"),
        ({"trigger": {**TRIGGER, "posture": "Passive"}}, "posture"),
        ({"trigger": {**TRIGGER, "posture": "Proactive", "within": 5}}, "within"),
        ({"actions": [{"type": "do-nothin"}]}, "actions"),
        ({"actions": [{"type": "run-deployment", "deployment": "trian"}]}, "trian"),
        ({"actions": [{"type": "run-deployment", "deployment": "select", "paramters": {}}]}, "paramters"),
        ({"actions": [{"type": "send-notification", "block": "b", "body": "x", "subjct": "y"}]}, "subjct"),
        ({"actions": []}, "actions"),
        ({"description": ""}, "description"),
    ],
)
def test_what_prefect_would_drop_is_refused(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    """A misspelt key, a value that Prefect does not know, and a deployment that is not declared are errors."""
    with pytest.raises(ConfigError, match=named):
        read(written(tmp_path, **changes))


def test_an_action_runs_the_deployment_of_its_project(tmp_path: Path) -> None:
    """A deployment is named without its project, and found with it."""
    names: list[str] = []

    def find(name: str) -> UUID:
        names.append(name)
        return uuid4()

    path = written(tmp_path, actions=[{"type": "run-deployment", "deployment": "select"}])
    assert read_automations(PROJECT, find, lambda name: None, path)[0].actions[0].type == "run-deployment"
    assert f"{PROJECT.name}-select" in names


def test_alerts_go_to_the_block_once_it_is_there() -> None:
    """While there is no block of that name, alerts do nothing; once there is, all tell it that do nothing else."""
    others = {"change-flow-run-state", "run-deployment"}
    assert {a.type for found in read() for a in found.actions} == {"do-nothing", *others}
    noted = {found.name for found in telling() if {a.type for a in found.actions} == {"do-nothing"}}
    assert noted == {f"{PROJECT.name}: a run is late"}
    assert {a.type for found in telling() for a in found.actions} == {"do-nothing", "send-notification", *others}


def telling() -> tuple[AutomationCore, ...]:
    """The automations of a project that has somebody to tell."""
    return read_automations(PROJECT, finding(PROJECT), {BLOCK: uuid4()}.get)


def test_nothing_is_told_each_time_and_how_bad_it_is_comes_first() -> None:
    """What tells at an event is quiet for hours after, and what tells of an absence, once of each run."""
    for found in telling():
        trigger = found.trigger
        assert isinstance(trigger, EventTrigger)
        tells = [a for a in found.actions if a.type == "send-notification"]
        assert all(a.subject.startswith(("[warning] ", "[critical] ")) for a in tells)
        if trigger.posture == Posture.Reactive:
            assert trigger.within >= timedelta(hours=6), found.name
        elif tells:
            assert trigger.for_each == {"prefect.resource.id"}


def test_what_waits_for_late_runs_is_named_as_they_are() -> None:
    """The automation that tells of late runs listens to the one that notes them, by its name."""
    (tells,) = [found for found in read() if "prefect.automation.triggered" in getattr(found.trigger, "expect", ())]
    named = tells.trigger.model_dump()["match"]["prefect.resource.name"]
    (notes,) = [found for found in read() if found.name == named]
    assert "prefect.flow-run.Late" in notes.trigger.model_dump()["after"]


def test_what_waits_for_runs_that_were_not_started_is_named_as_what_starts_them() -> None:
    """The automation that tells of them listens to every trigger and automation of its project that runs something."""
    (tells,) = [f for f in read() if "prefect.automation.action.failed" in getattr(f.trigger, "expect", ())]
    triggers = {t.name for d in deployments_of(read_file(PREFECT_YAML), PROJECT) for t in d.triggers}
    starting = {found.name for found in read() if any(a.type == "run-deployment" for a in found.actions)}
    assert set(tells.trigger.model_dump()["match"]["prefect.resource.name"]) == triggers | starting


def test_nothing_is_retrained_that_cannot_be() -> None:
    """A project that names no rows to learn from has no automation that would start a training and fail."""
    plain = {found.name for found in read(project=Project("credit risk", None, "/srv"))}
    assert {found.name for found in read()} - plain == {f"{PROJECT.name}: retrain on degradation"}
