"""Many projects on one server: nothing of one is named, queued or started like that of another."""

from pathlib import Path
from typing import Any

import pytest

from configs.schema import PodiumConfig
from deployments.declared import read_file
from deployments.projects import Project, deployments_of, project_of

FILE = read_file(Path(__file__).parents[2] / "prefect.yaml")


def config_of(model: str, **sections: Any) -> PodiumConfig:
    """A configuration with a registered model."""
    return PodiumConfig.model_validate({"mlflow": {"registered_model": model}, **sections})


def test_the_projects_own_file_is_as_it_is_written() -> None:
    """For the project that the file is written for, it says what `prefect deploy` takes from it."""
    assert deployments_of(FILE, Project("churn", "configs/churn.yaml", "/srv")) == FILE.deployments


def test_every_name_is_the_projects() -> None:
    """Names, tags, queue, config and what triggers match are those of the other project."""
    found = deployments_of(FILE, Project("credit risk", "configs/risk.yaml", "/srv", "big"))
    name = found[0].name.removesuffix("-analyze")
    assert name.startswith("credit-risk_")
    for declared in found:
        assert declared.foreign_to(name) is None or declared.triggers
        assert "churn" not in declared.tags
        assert declared.parameters["config_path"] == "configs/risk.yaml"
        assert declared.work_pool.name == "big"
        assert all(trigger.match["podium.registered_model"] == "credit risk" for trigger in declared.triggers)
        assert "churn" not in str([t.name for t in declared.triggers])


def test_where_runs_find_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the folder it is relative to it, elsewhere absolute, and as given where the workers have another folder."""
    monkeypatch.chdir(tmp_path)
    config = config_of("churn")
    assert project_of(config, Path("c/churn.yaml"), None, "p").config == "c/churn.yaml"
    assert project_of(config, tmp_path / "c/churn.yaml", None, "p").config == "c/churn.yaml"
    assert project_of(config, Path("/etc/churn.yaml"), None, "p").config == "/etc/churn.yaml"
    assert project_of(config, Path("c/churn.yaml"), "/app", "p") == Project(
        "churn", "c/churn.yaml", "/app", "p", stages=False, decides_in="churn_monitoring"
    )
    assert project_of(config, None, None, "p").config is None


def test_where_a_project_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its experiment, of the MLflow that its file names; one of the environment is the workers' as well as ours."""
    uri = "http://alice:secretword@mlflow:5000"
    named = PodiumConfig.model_validate({"mlflow": {"experiment": "e", "tracking_uri": uri}})
    assert project_of(named, None, None, "p").decides_in == "e at http://mlflow:5000"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert project_of(named, None, None, "p").decides_in == "e"


def test_a_schedule_rests_where_there_is_nothing_to_look_at() -> None:
    """A project without a staging root has no nightly migration that fails, as one without batches has no monitor."""
    for config, active in ((config_of("churn"), [False]), (config_of("churn", staging={"root": "staging"}), [True])):
        found = deployments_of(FILE, project_of(config, None, "/srv", "p"))
        (migrate,) = (one for one in found if one.entrypoint == "flows.migration.migrate")
        assert [schedule.active for schedule in migrate.schedules] == active


def test_where_the_config_is_tells_projects_apart() -> None:
    """The same file is the same, from whatever folder; without one, runs look for the default one where they start."""
    places = [
        ("/srv", "c/churn.yaml"),
        ("/srv/c", "churn.yaml"),
        ("/app", "/srv/c/churn.yaml"),
        ("/srv/x", "../c/churn.yaml"),
    ]
    assert {Project("churn", config, folder).location for folder, config in places} == {"/srv/c/churn.yaml"}
    assert Project("churn", None, "/srv").location == Project("churn", "configs/churn.yaml", "/srv").location


def test_a_project_trains_if_it_says_on_what() -> None:
    """Then there is a deployment to start where the champion fails."""
    rows = {"training": {"path": "train.parquet"}, "holdout": {"path": "h.parquet", "target": "churn"}}
    assert [project_of(config_of("churn", **more), None, None, "p").trains for more in ({}, rows)] == [False, True]


def test_recent_rows_are_looked_at_by_schedule_where_the_config_says_where_they_are() -> None:
    """A schedule that could only fail rests."""
    for more, active in (({}, False), ({"monitoring": {"batches": "b"}}, True)):
        project = project_of(config_of("churn", **more), None, None, "p")
        (found,) = [d for d in deployments_of(FILE, project) if d.name == "churn-monitor"]
        assert [schedule.active for schedule in found.schedules] == [active]
