"""What a person and a CI job see: output, exit statuses, and one line for every mistake."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.flows.projects import LOGISTIC, TRAP, project

PODIUM = str(Path(sys.executable).with_name("podium"))


def podium(
    *arguments: str, home: Path, cwd: Path | None = None, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command in a folder, with a home of its own."""
    environment = {**os.environ, "PODIUM_HOME": str(home), "COLUMNS": "120", **variables}
    return subprocess.run(
        [PODIUM, *arguments], cwd=cwd or home, env=environment, capture_output=True, text=True, timeout=300
    )


def document(ended: "subprocess.CompletedProcess[str]") -> Any:
    """The one JSON document on standard output."""
    return json.loads(ended.stdout)


def assert_one_line(ended: "subprocess.CompletedProcess[str]", status: int, *named: str) -> None:
    """The command ended with one line that names the object, and no traceback."""
    lines = [line for line in ended.stderr.splitlines() if line.startswith("podium: ")]
    assert (ended.returncode, len(lines)) == (status, 1), ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert all(name in lines[0] for name in named), lines


@pytest.fixture
def staged(home: Path, made: Path, prefect_server: str) -> dict[str, Any]:
    """A project with two staged models, and what a command needs to run in it."""
    config = project(home.parent, made, LOGISTIC, TRAP)
    return {"home": home, "PODIUM_CONFIG": str(config), "PREFECT_API_URL": prefect_server}


def test_the_story_by_hand(staged: dict[str, Any]) -> None:
    """Analyze, migrate, select, verify, history: each gives its JSON, and says yes."""
    analysis = podium("analyze", "--json", **staged)
    assert [m["model_id"] for m in document(analysis)["models"]] == [TRAP, LOGISTIC]
    migration = document(podium("--json", "migrate", **staged))
    assert [m["model_id"] for m in migration["migrated"]] == [LOGISTIC, TRAP]
    assert document(podium("select", "--json", **staged))["champion"]["model_id"] == LOGISTIC
    verification = podium("verify", "--json", **staged)
    assert (verification.returncode, document(verification)["passed"]) == (0, True)
    chain = document(podium("history", "--json", **staged))
    assert [d["promoted"]["model_id"] for d in chain["decisions"]] == [LOGISTIC]


def test_pin_and_rollback_by_hand(staged: dict[str, Any]) -> None:
    """Status 0, 2 and 3 for what is done, cannot be meant, and is refused; the record says who asked."""
    podium("migrate", **staged)
    champion = document(podium("select", "--json", **staged))["champion"]["version"]
    other = {"1": "2", "2": "1"}[champion]
    assert_one_line(podium("rollback", **staged), 3, "no version before the champion", "--to")
    assert_one_line(podium("rollback", "--to", "99", **staged), 2, "99", "there are 1, 2")
    planned = podium("rollback", "--to", other, "--dry-run", "--json", **staged)
    assert (document(planned)["dry_run"], document(planned)["champion"]["version"]) == (True, champion)
    done = podium("rollback", "--to", other, "--json", LOGNAME="alice", **staged)
    assert (done.returncode, document(done)["champion"]["model_id"], document(done)["previous"]) == (0, TRAP, champion)
    assert document(podium("pin", "--json", LOGNAME="alice", **staged))["pinned"] == other
    assert_one_line(podium("rollback", **staged), 3, "pinned by alice", "podium unpin")
    assert podium("unpin", **staged).returncode == 0
    chain = document(podium("history", "--json", **staged))
    assert [(d["verdict"], d["asked_by"]) for d in chain["decisions"]][1:3] == [("rollback", "alice"), ("pin", "alice")]


def test_approve_and_retire_by_hand(staged: dict[str, Any]) -> None:
    """A winner that waits is named with its decision, which a person settles; what would be retired is listed."""
    staged["PODIUM_POLICY__APPROVAL"] = "required"
    podium("migrate", **staged)
    waiting = document(podium("select", "--json", **staged))
    assert (waiting["awaits_approval"], waiting["champion"]) == (True, None)
    assert_one_line(podium("approve", "nothing", **staged), 2, "nothing", waiting["decision_id"])
    done = podium("approve", waiting["decision_id"], "--json", **staged)
    assert (done.returncode, document(done)["champion"]["model_id"]) == (0, LOGISTIC)
    assert_one_line(podium("reject", waiting["decision_id"], **staged), 2, "none does")
    assert document(podium("retire", "--dry-run", "--json", **staged)) == {"retired": [], "dry_run": True}


def test_the_answer_no_is_status_three(staged: dict[str, Any]) -> None:
    """Nothing to promote and nothing to verify are answers that a CI job can gate on."""
    assert podium("select", "--json", **staged).returncode == 3
    assert_one_line(podium("verify", **staged), 3, "podium select")


@pytest.mark.parametrize(
    ("arguments", "variables", "named"),
    [
        (["analyze"], {}, ["staging.root", "not set"]),
        (["migrate", "--config", "nowhere.yaml"], {}, ["nowhere.yaml", "--config"]),
        (["select"], {"PODIUM_POLICY__PRIMARY__METRIC": "f2"}, ["policy.primary.metric", "f2", "f1_score"]),
        (["select"], {"PODIUM_POLCY__PRIMARY__METRIC": "f1_score"}, ["PODIUM_POLCY__PRIMARY__METRIC", "'policy'"]),
        (["analyze"], {"PODIUM_STAGING__ROOT": "nowhere"}, ["staging.root", "nowhere"]),
    ],
)
def test_a_mistake_is_one_line_and_status_two(
    home: Path, prefect_server: str, arguments: list[str], variables: dict[str, Any], named: list[str]
) -> None:
    """The line names the key, the value and what is allowed."""
    ended = podium(*arguments, home=home, PREFECT_API_URL=prefect_server, **variables)
    assert_one_line(ended, 2, *named)


def test_a_misspelt_command_or_option_is_status_two(home: Path) -> None:
    """Click answers a typo with usage and a hint."""
    for arguments in (["analyse"], ["migrate", "--dryrun"]):
        ended = podium(*arguments, home=home)
        assert ended.returncode == 2
        assert "Usage" in ended.stderr


def test_help_has_an_example_for_every_command(home: Path) -> None:
    """Each command's help says what it does and shows how to call it."""
    listed = podium("--help", home=home).stdout
    for name in ("analyze", "migrate", "select", "apply", "verify", "history", "demo", "up", "deploy", "doctor"):
        assert name in listed
        assert f"podium {name}" in podium(name, "--help", home=home).stdout


def test_a_home_that_cannot_be_made_is_one_line(home: Path) -> None:
    """A PODIUM_HOME below a file is named, with the remedy."""
    (home / "file").write_text("")
    assert_one_line(podium("history", home=home / "file" / "home", cwd=home), 2, "PODIUM_HOME")


def test_an_unreachable_server_is_one_line(home: Path, prefect_server: str) -> None:
    """MLflow that does not answer is an unexpected failure in one line, with what to do."""
    ended = podium(
        "history",
        home=home,
        PREFECT_API_URL=prefect_server,
        MLFLOW_TRACKING_URI="http://127.0.0.1:9",
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    )
    assert_one_line(ended, 1, "does not answer")


def test_the_demo_refuses_a_home_with_models_of_ones_own(home: Path) -> None:
    """The demo never mixes its models with somebody's."""
    assert_one_line(podium("demo", home=home), 2, str(home), "--home")


def test_offline_without_a_cache_the_demo_says_what_to_put_where(tmp_path: Path, prefect_server: str) -> None:
    """Without a registry the message names the file, its digest and the place for it."""
    from podium.errors import PodiumError
    from tasks.demo_data import fetch_churn_csv

    patch = pytest.MonkeyPatch()
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}.items():
        patch.setenv(name, value)
    with pytest.raises(PodiumError, match=r"Customer_Churn\.csv.*sha256 88be4b93.*at .*cache"):
        fetch_churn_csv.fn(tmp_path / "cache")
    patch.undo()


def test_the_demo_tells_the_whole_story_twice(tmp_path: Path, churn_csv: Path) -> None:
    """In two runs in one home, with no server: the honest best is chosen, and the second run changes nothing."""
    home = tmp_path / "home"
    (home / "cache").mkdir(parents=True)
    shutil.copy(churn_csv, home / "cache")
    first = podium("demo", home=home, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "Not xgboost_20250826_013058, which claims" in " ".join(first.stdout.split())
    assert "mlflow ui --backend-store-uri" in first.stdout
    assert "Traceback" not in first.stderr
    told = " ".join(first.stdout.split())
    assert "lightgbm_20250701_090000 stays: xgboost_20250826_013058 gains +0.0085" in told, "luck is kept out"
    assert "logistic_regression_20250820_104738 replaces lightgbm_20250701_090000" in told
    assert "lightgbm_20250701_090000 (version 1) is put back into production" in told
    second = document(podium("demo", "--json", home=home, cwd=tmp_path))
    assert (second["migrate"]["migrated"], len(second["migrate"]["skipped"])) == ([], 8)
    assert (second["select"]["verdict"], second["select"]["recorded"]) == ("keep", False)
    assert {name: found["champion"]["version"] for name, found in second["arrivals"].items()} == {
        "first": "1",
        "lucky": "1",
        "better": "1",
    }, "what was rolled back stays out"
    assert (
        second["select"]["champion"]["model_id"]
        == max(second["select"]["ranking"], key=lambda r: r["metrics"]["f1_score"])["model_id"]
    )


def test_interrupted_by_ctrl_c_the_next_run_goes_on(staged: dict[str, Any]) -> None:
    """Ctrl-C during a migration ends in one line and status 130, and the next run brings every model once."""
    variables = {k: v for k, v in staged.items() if k != "home"}
    environment = {**os.environ, "PODIUM_HOME": str(staged["home"]), **variables}
    running = subprocess.Popen(
        [PODIUM, "migrate"],
        cwd=staged["home"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert running.stderr is not None
    for line in running.stderr:
        if "migrating" in line or "reading" in line:
            break
    running.send_signal(signal.SIGINT)
    rest = running.stderr.read()
    assert running.wait(300) in {0, 130}
    assert "Traceback" not in rest
    after = document(podium("migrate", "--json", **staged))
    assert len(after["migrated"]) + len(after["skipped"]) == 2
    assert document(podium("migrate", "--json", **staged))["migrated"] == []


IMPORTING = """
import sys, time
class Waits:
    def find_spec(self, name, *_):
        if name == "flows.cli.main":
            print("importing", flush=True)
            while True:
                time.sleep(0.05)
sys.meta_path.insert(0, Waits())
from flows.cli.entry import main
main()
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ended_while_it_imports_it_says_so_in_one_line(number: int, status: int) -> None:
    """A signal that comes before anything has begun leaves no traceback either."""
    running = subprocess.Popen(
        [sys.executable, "-c", IMPORTING], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "importing\n"
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    assert running.returncode == status
    assert re.fullmatch(r"podium: \w+ before it began\n", said)


def test_how_the_fields_of_one_model_were_found(staged: dict[str, Any]) -> None:
    """Each with its value and the key that it stood under; a model that is not there is named, with what is near."""
    told = document(podium("analyze", "--explain", TRAP, "--json", **staged))
    found = {field["field"]: field["found"] for field in told["fields"]}
    assert (told["model_id"], found["trained_at"], found["features"]) == (
        TRAP,
        "metadata.registered_at",
        "metadata.feature_columns",
    )
    shown = podium("analyze", "--explain", TRAP, **staged)
    assert "metadata.feature_columns" in shown.stdout
    assert_one_line(podium("analyze", "--explain", TRAP[:-1], **staged), 2, TRAP)
