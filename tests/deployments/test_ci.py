"""A pull request is told what would be promoted, a merge promotes, and exit statuses gate both."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.ci.comment import AWAITED, LEFT_OUT, SCRATCH, comment
from flows.approval import approve
from flows.history import chain_json, history
from flows.verification import verify
from podium.errors import NegativeAnswerError
from tests.deployments.github import NUMBER, REPOSITORY, WORKFLOW, PullRequest, run_step
from tests.deployments.test_reference import assert_taken, run
from tests.deployments.written import ROOT
from tests.flows.projects import FOREST, LOGISTIC, project
from tests.flows.receivers import Receiver

SCRIPT = ROOT / "deployments" / "ci" / "promote.sh"
NIGHTLY = WORKFLOW.with_name("nightly.yml")
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def pull_request() -> Iterator[PullRequest]:
    """A pull request, on which others have spoken: a person with our mark, and two hundred times another bot."""
    made = PullRequest()
    made.say("<!-- podium churn.yaml -->\nI copied this.", "User")
    for _ in range(200):
        made.say("Coverage is the same.", "Bot")
    yield made
    made.close()


def promote(*words: str, home: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the shell example as a CI job does: podium on the path, in a folder that is not this project's."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    own = {**os.environ, "PATH": path, "PODIUM_HOME": str(home), **environment}
    return subprocess.run([SCRIPT, *words], cwd=home, env=own, capture_output=True, text=True, check=False, timeout=300)


def test_a_preview_that_refuses_comments_and_fails_with_status_3(
    home: Path, made: Path, prefect_server: str, team: Receiver
) -> None:
    """The floor is too high: the verdict is commented, and the servers of production are not even asked."""
    policy = {"guardrails": {"minimum": {"f1_score": 0.99}}}
    channels = {"channels": {"team": {"url_env": "TEAM", "minimum": "info"}}}
    config = project(home.parent, made, FOREST, LOGISTIC, policy=policy, alerts=channels)
    (config.parent / "staging" / "broken").mkdir()
    (config.parent / "staging" / "broken" / "model.pkl").write_bytes(b"no model")
    report = home.parent / "verdict.md"
    servers = {"MLFLOW_TRACKING_URI": NOWHERE, "PREFECT_API_URL": f"{NOWHERE}/api"}
    ended = promote("preview", str(config), str(report), home=home, TEAM=f"json://{team.where}/", **servers)
    assert ended.returncode == 3, ended.stderr
    assert team.bodies == [], "nobody is told of what is only tried"
    text = report.read_text()
    assert text.startswith(f"<!-- podium {config} -->\n### Podium refuses")
    assert not (home / "locks").exists()


def test_a_pull_request_is_told_once_what_would_be_promoted(
    home: Path, made: Path, prefect_server: str, pull_request: PullRequest
) -> None:
    """The steps of the workflow: status 0, and one comment, written over by the next run, with what it did not ask."""
    folder = project(home.parent, made, FOREST, LOGISTIC).parent
    runner = {"RUNNER_TEMP": str(home), "GITHUB_STEP_SUMMARY": str(home / "summary.md")}
    github = {"GITHUB_API_URL": pull_request.address, "GITHUB_REPOSITORY": REPOSITORY}
    values = {"inputs.config": "churn.yaml", "github.token": "t0ken", "github.event.pull_request.number": str(NUMBER)}
    ended = run_step("preview", "Ask for the verdict", folder, values, **runner)
    assert ended.returncode == 0, ended.stderr
    others = list(pull_request.bodies)
    for _ in range(2):
        assert_taken(run_step("preview", "Comment it", folder, values, **runner, **github))
    *before, told = pull_request.bodies
    assert before == others
    name = LOGISTIC.replace("_", "\\_")
    assert told.startswith(f"<!-- podium churn.yaml -->\n### Podium would promote {name}\n\n{SCRATCH}\n")
    assert f"| 1 | {name} |" in told
    assert (home / "summary.md").read_text() == 2 * told


def test_a_comment_that_may_not_be_written_is_a_warning(home: Path, pull_request: PullRequest) -> None:
    """The token of a fork may not comment: the verdict is in the summary, and no reason to fail."""
    pull_request.status = 403
    (home / "verdict.md").write_text("<!-- podium churn.yaml -->\n### Podium would keep the champion\n")
    runner = {"RUNNER_TEMP": str(home), "GITHUB_STEP_SUMMARY": str(home / "summary.md")}
    github = {"GITHUB_API_URL": pull_request.address, "GITHUB_REPOSITORY": REPOSITORY}
    values = {"github.token": "t0ken", "github.event.pull_request.number": str(NUMBER)}
    ended = run_step("preview", "Comment it", home, values, **runner, **github)
    assert (ended.returncode, ended.stdout.startswith("::warning::GitHub takes no comment on 7: 403")) == (0, True)
    pull_request.status = 500
    ended = run_step("preview", "Comment it", home, values, **runner, **github)
    assert (ended.returncode, ended.stdout.startswith("::error::")) == (1, True)


def test_no_module_of_a_pull_request_is_imported_where_the_token_is(home: Path, pull_request: PullRequest) -> None:
    """Modules in the working directory that are named like those of Podium or of Python are left alone."""
    ran = home / "ran"
    package = home / "deployments" / "ci"
    package.mkdir(parents=True)
    named = (home / "json.py", home / "sitecustomize.py", package.parent / "__init__.py", package / "comment.py")
    for file in named:
        file.write_text(f"open({str(ran)!r}, 'a').write(__file__)")
    (home / "verdict.md").write_text("<!-- podium churn.yaml -->\n### Podium would keep the champion\n")
    runner = {"RUNNER_TEMP": str(home), "GITHUB_STEP_SUMMARY": str(home / "summary.md")}
    github = {"GITHUB_API_URL": pull_request.address, "GITHUB_REPOSITORY": REPOSITORY}
    values = {"github.token": "t0ken", "github.event.pull_request.number": str(NUMBER)}
    assert_taken(run_step("preview", "Comment it", home, values, **runner, **github))
    assert pull_request.bodies[-1].endswith("### Podium would keep the champion\n")
    assert not ran.exists()


@pytest.mark.parametrize("script", [SCRIPT, WORKFLOW])
def test_python_in_ci_looks_for_no_module_where_it_starts(script: Path) -> None:
    """The folder that it starts in is that of a pull request."""
    calls = [line for line in script.read_text().splitlines() if re.search(r"\s-m\s", line)]
    assert calls
    assert all(" -P -m " in call for call in calls)


def test_a_merge_promotes_and_tells_the_team(home: Path, made: Path, prefect_server: str, team: Receiver) -> None:
    """The step of the workflow migrates, selects and verifies on the servers of its inputs, and knows the channels."""
    channels = {"team": {"url_env": "PODIUM_TEAM", "minimum": "info"}}
    config = project(home.parent, made, FOREST, LOGISTIC, alerts={"channels": channels})
    address = f"json://{team.where}/?-key=a=b"
    values = {
        "inputs.config": "churn.yaml",
        "inputs.tracking-uri": f"sqlite:///{home / 'mlflow.db'}",
        "inputs.prefect-api-url": prefect_server,
        "secrets.PODIUM_ALERTS": f"PODIUM_TEAM={address}\n\n",
    }
    ended = run_step("release", "Migrate, select, verify", config.parent, values)
    assert ended.returncode == 0, ended.stderr
    chain = chain_json(history(str(config)))
    assert [d["promoted"]["model_id"] for d in chain["decisions"]] == [LOGISTIC]
    assert f"::add-mask::{address}" in ended.stdout
    assert [title for title in team.titles if "is in production" in title]
    assert "is not set" not in ended.stderr


def test_a_promotion_that_waits_for_approval_is_said_and_no_failure(
    home: Path, made: Path, prefect_server: str
) -> None:
    """The comment says that it will wait; a merge, and the next one, end with 0 though nothing is in production yet."""
    config = str(project(home.parent, made, LOGISTIC, policy={"approval": "required"}))
    report = home.parent / "verdict.md"
    assert promote("preview", config, str(report), home=home).returncode == 0
    name = LOGISTIC.replace("_", "\\_")
    assert f"### Podium would promote {name}, once it is approved\n\n{SCRATCH}\n\n{AWAITED}\n\n- " in report.read_text()
    for _ in range(2):
        ended = promote("release", config, home=home, MLFLOW_TRACKING_URI=f"sqlite:///{home / 'mlflow.db'}")
        assert ended.returncode == 0, ended.stderr
        (decision,) = chain_json(history(config))["decisions"]
        assert f"podium approve {decision['decision_id']}\n" in ended.stderr
    with pytest.raises(NegativeAnswerError, match=f"run `podium approve {decision['decision_id']}`"):
        verify(config)
    approve(config, decision["decision_id"])
    ended = promote("release", config, home=home, MLFLOW_TRACKING_URI=f"sqlite:///{home / 'mlflow.db'}")
    assert (ended.returncode, '"passed": true' in ended.stdout) == (0, True)


def test_a_merge_without_a_server_says_so(home: Path) -> None:
    """An input that was forgotten is an error of the job with status 2, before anything is installed or asked."""
    ended = run_step("release", "Migrate, select, verify", home, {"inputs.config": "churn.yaml"})
    assert (ended.returncode, "::error::tracking-uri is not set" in ended.stdout) == (2, True)


def test_bad_usage_and_a_bad_config_end_with_status_2(home: Path) -> None:
    """Whoever reads the job's log sees the usage, or the key and the file."""
    assert promote("preview", home=home).returncode == 2
    assert "promote.sh preview CONFIG" in promote("promote", "x", home=home).stderr
    bad = home / "bad.yaml"
    bad.write_text("polcy: {}\n")
    ended = promote("release", str(bad), home=home)
    assert ended.returncode == 2
    assert "did you mean 'policy'?" in ended.stderr
    report = home / "verdict.md"
    assert promote("preview", str(bad), str(report), home=home).returncode == 2
    assert report.read_text().startswith(
        f"<!-- podium {bad} -->\n### Podium cannot tell what would be promoted\n\nIt ended with status 2;"
    )


def test_a_preview_that_is_printed_keeps_the_log_of_its_job(home: Path) -> None:
    """It is written behind what is there, as what any command prints."""
    log, path = home / "job.log", f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with log.open("w") as out:
        out.write("before\n")
        out.flush()
        words = [str(SCRIPT), "preview", str(home / "none.yaml")]
        ended = subprocess.run(words, cwd=home, env={**os.environ, "PATH": path}, stdout=out, check=False, timeout=120)
    assert ended.returncode == 2
    assert log.read_text().startswith("before\n<!-- podium")


def test_nothing_that_a_model_says_of_itself_is_markdown_or_html() -> None:
    """A name that would ring somebody's bell, close a table or load a script is shown as it is."""
    hostile = "@all <script> ![x](y) a|b `c` </td>\n# big"
    row = {"place": 1, "model_id": hostile, "value": 0.5}
    selected = {
        "verdict": "promote",
        "reasons": [hostile],
        "primary": "f1_score",
        "ranking": [row],
        "promoted": hostile,
        "awaits_approval": False,
    }
    text = comment({"quarantined": [{"model_id": hostile, "reason": hostile}]}, selected)
    assert "<script>" not in text
    assert "@all" not in text
    assert "![" not in text.replace("\\!", "")
    (line,) = [line for line in text.splitlines() if line.startswith("| 1 |")]
    assert line.replace("\\|", "").count("|") == 4
    assert "\n# big" not in text


def test_a_verdict_that_is_long_is_one_that_github_takes() -> None:
    """Reasons, names and their number are bounded, with a word on what was left out, and what matters comes first."""
    row = {"place": 1, "model_id": "*" * 70_000, "value": 0.5}
    selected: dict[str, Any] = {"verdict": "keep", "primary": "f1_score", "promoted": None, "awaits_approval": False}
    refused = [{"model_id": "_" * 70_000, "reason": "<" * 70_000}] * 30
    text = comment({"quarantined": refused}, {**selected, "reasons": ["r" * 70_000] * 30, "ranking": [row] * 30})
    assert len(text) < 65_000
    assert text.startswith("### Podium would keep the champion\n")
    assert "r… \\(69000 more\\)\n- and 20 more\n" in text
    assert text.endswith(f"\n\n{LEFT_OUT}\n")
    few = comment({"quarantined": []}, {**selected, "reasons": ["short"], "ranking": []})
    assert "left out" not in few


def test_a_github_that_is_not_there_is_one_line(home: Path) -> None:
    """It says why, with a status, and no traceback."""
    (home / "verdict.md").write_text("<!-- podium churn.yaml -->\n### Podium would keep the champion\n")
    runner = {"RUNNER_TEMP": str(home), "GITHUB_STEP_SUMMARY": str(home / "summary.md")}
    github = {"GITHUB_API_URL": NOWHERE, "GITHUB_REPOSITORY": REPOSITORY}
    values = {"github.token": "t0ken", "github.event.pull_request.number": str(NUMBER)}
    ended = run_step("preview", "Comment it", home, values, **runner, **github)
    assert (ended.returncode, ended.stderr, ended.stdout.count("\n")) == (1, "", 1)
    assert ended.stdout.startswith("::error::GitHub cannot be told: [Errno 111]")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("promote", "### Podium would promote second"),
        ("keep", "### Podium would keep the champion"),
        ("refuse", "### Podium refuses: nothing can be promoted"),
        ("not enough data", "### Podium has too few rows to tell, and would keep the champion"),
    ],
)
def test_every_verdict_has_a_headline(verdict: str, said: str) -> None:
    """It names what would be promoted, which need not be the first by its number."""
    rows = [{"place": i, "model_id": name, "value": 0.5} for i, name in enumerate(("first", "second"), start=1)]
    promoted = "second" if verdict == "promote" else None
    selected = {"verdict": verdict, "reasons": [], "primary": "f1_score", "ranking": rows, "promoted": promoted}
    text = comment({"quarantined": []}, {**selected, "awaits_approval": False})
    headline, _, scratch, *_ = text.splitlines()
    assert (headline, scratch) == (said, SCRATCH)
    assert AWAITED not in text


def test_the_workflow_is_one_that_github_takes() -> None:
    """It keeps the schema of workflows, each job ends by itself, and none may write more than a comment."""
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        assert_taken(run("check-jsonschema", "--builtin-schema", schema, str(WORKFLOW), str(NIGHTLY)))
    content = yaml.safe_load(WORKFLOW.read_text())
    granted = [job.get("permissions", {}) for job in (content, *content["jobs"].values())]
    assert {(k, v) for rights in granted for k, v in rights.items() if v == "write"} == {("pull-requests", "write")}


def test_every_night_runs_what_a_commit_does_not() -> None:
    """It runs the target of the Makefile, with the actions that the other workflow has, and may write nothing."""
    content = yaml.safe_load(NIGHTLY.read_text())
    (job,) = content["jobs"].values()
    assert content["permissions"] == {"contents": "read"}
    assert job["steps"][-1]["run"] == "make test-heavy"
    assert all(f"uses: {step['uses']}\n" in WORKFLOW.read_text() for step in job["steps"] if "uses" in step)


def test_the_workflow_puts_no_expression_into_a_script() -> None:
    """What a pull request names reaches the shell as a variable, which it does not run."""
    content = yaml.safe_load(WORKFLOW.read_text())
    steps = [step for job in content["jobs"].values() for step in job["steps"]]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) >= 4
    assert all("${{" not in script for script in scripts)
    assert sum("promote.sh" in json.dumps(script) for script in scripts) == 2
