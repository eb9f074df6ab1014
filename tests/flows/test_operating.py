"""Config files are checked whole, and registering needs a server."""

from functools import partial
from pathlib import Path

import yaml
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from tests.deployments.blocks import forget_blocks
from tests.flows.test_cli import assert_one_line, document, podium

ROOT = Path(__file__).parents[2]


def test_every_mistake_of_every_file_is_a_line(home: Path) -> None:
    """A pre-commit hook gets files, and shows each mistake with its file and key; the environment does not count."""
    (home / "good.yaml").write_text("staging: {root: models}\n")
    (home / "bad.yaml").write_text("polcy: {}\nholdout: {path: x, slice_rows: 1}\n")
    (home / "twice.yaml").write_text("mlflow: {}\nmlflow: {}\n")
    ended = podium("config", "check", "good.yaml", "bad.yaml", "twice.yaml", "none.yaml", home=home)
    lines = ended.stderr.splitlines()
    assert (ended.returncode, len(lines)) == (2, 4), ended.stderr
    assert all(line.startswith("podium: ") for line in lines)
    for named in (("bad.yaml", "polcy", "'policy'"), ("bad.yaml", "slice_rows", "1"), ("twice.yaml", "'mlflow'")):
        assert any(all(word in line for word in named) for line in lines), named
    fine = podium("config", "check", "good.yaml", "--json", home=home, PODIUM_POLICY__PRIMARY__METRIC="nonsense")
    assert (fine.returncode, document(fine)["files"]) == (0, [{"path": "good.yaml", "problems": []}])


def test_the_hook_checks_the_files_that_are_there() -> None:
    """The hook's entry is a command that exists, and takes Podium's own config files."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    command, *arguments = hook["entry"].split()
    assert command == "podium"
    ended = podium(*arguments, "configs/churn.yaml", home=ROOT / ".podium", cwd=ROOT)
    assert ended.returncode == 0, ended.stderr


def test_registering_needs_a_server(home: Path) -> None:
    """An embedded server would be gone with the command that registered on it."""
    assert_one_line(podium("deploy", home=home), 2, "PREFECT_API_URL", "podium up")


def test_what_registering_would_do_is_shown(home: Path, prefect_server: str) -> None:
    """A dry run lists what would be made and makes nothing."""
    (home / "tides.yaml").write_text("mlflow: {registered_model: dry}\n")
    for _ in range(2):
        ended = podium(
            "deploy", "--dry-run", "--json", "--config", "tides.yaml", home=home, PREFECT_API_URL=prefect_server
        )
        assert ended.returncode == 0, ended.stderr
        told = document(ended)
        assert (told["project"], told["dry_run"]) == ("dry", True)
        assert {step["action"] for step in (*told["deployments"], *told["automations"])} == {"created"}


def test_who_is_told_of_nothing_hears_so(home: Path, prefect_server: str) -> None:
    """Who registers without a block to tell reads what is not told, and how to mend it; a script gets a key."""
    with temporary_settings({PREFECT_API_URL: prefect_server}), get_client(sync_client=True) as client:
        forget_blocks(client)
    (home / "quiet.yaml").write_text("mlflow: {registered_model: quiet}\n")
    deploy = partial(podium, "deploy", "--dry-run", "--config", "quiet.yaml", home=home, PREFECT_API_URL=prefect_server)
    (told,) = [line for line in deploy().stdout.splitlines() if "tells nobody" in line]
    assert all(word in told for word in ("crashed", "late", "podium-alerts", "docs/alerts.md", ".save("))
    assert document(deploy("--json"))["told"] is False


def test_a_second_config_of_one_model_is_refused_and_a_project_removed(home: Path, prefect_server: str) -> None:
    """One line names both files and the option; with it the second takes over, and removes what is there."""
    for name in ("first", "second"):
        (home / f"{name}.yaml").write_text("mlflow: {registered_model: ours}\n")
    deploy = partial(podium, "deploy", "--json", home=home, PREFECT_API_URL=prefect_server)
    second = partial(deploy, "--config", "second.yaml")
    assert deploy("--config", "first.yaml").returncode == 0
    for refused in (second(), second("--remove")):
        assert_one_line(refused, 2, "first.yaml", "second.yaml", "--replace")
    assert second("--replace").returncode == 0
    gone = document(second("--remove"))
    assert {step["action"] for step in (*gone["deployments"], *gone["automations"])} == {"removed"}
    again = document(second("--remove"))
    assert (again["deployments"], again["automations"], again["told"]) == ([], [], None)


def test_a_broken_place_is_status_three(home: Path) -> None:
    """The doctor's answer gates like any other: 3, with the mend on screen."""
    ended = podium("doctor", home=home, PODIUM_STAGING__ROOT="nowhere")
    assert (ended.returncode, "mend staging.root" in ended.stdout) == (3, True), ended.stdout
