"""A pull request is told what would be promoted, a merge promotes, and exit statuses gate both."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deployments.ci.comment import MARK, comment
from flows.history import chain_json, history
from tests.deployments.test_reference import ROOT, assert_taken, run
from tests.flows.projects import FOREST, LOGISTIC, project

SCRIPT = ROOT / "deployments" / "ci" / "promote.sh"
WORKFLOW = ROOT / ".github" / "workflows" / "podium.yml"
NOWHERE = "http://127.0.0.1:9"


def promote(*words: str, home: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the shell example as a CI job does: podium on the path, in a folder that is not this project's."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    own = {**os.environ, "PATH": path, "PODIUM_HOME": str(home), **environment}
    return subprocess.run([SCRIPT, *words], cwd=home, env=own, capture_output=True, text=True, check=False, timeout=300)


def test_a_preview_that_refuses_comments_and_fails_with_status_3(home: Path, made: Path, prefect_server: str) -> None:
    """The floor is too high: the verdict is commented, and the servers of production are not even asked."""
    policy = {"guardrails": {"minimum": {"f1_score": 0.99}}}
    config = project(home.parent, made, FOREST, LOGISTIC, policy=policy)
    report = home.parent / "verdict.md"
    servers = {"MLFLOW_TRACKING_URI": NOWHERE, "PREFECT_API_URL": f"{NOWHERE}/api"}
    ended = promote("preview", str(config), str(report), home=home, **servers)
    assert ended.returncode == 3, ended.stderr
    text = report.read_text()
    assert text.startswith(MARK)
    assert "Podium refuses" in text
    assert not (home / "locks").exists()


def test_a_release_promotes_and_a_second_changes_nothing(home: Path, made: Path, prefect_server: str) -> None:
    """It migrates, selects and verifies in one go."""
    config = project(home.parent, made, FOREST, LOGISTIC)
    ended = promote("release", str(config), home=home, PREFECT_API_URL=prefect_server)
    assert ended.returncode == 0, ended.stderr
    chain = chain_json(history(str(config)))
    assert [d["promoted"]["model_id"] for d in chain["decisions"]] == [LOGISTIC]


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
        f"{MARK}\n### Podium cannot tell what would be promoted\n\nIt ended with status 2;"
    )


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
    }
    text = comment({"quarantined": [{"model_id": hostile, "reason": hostile}]}, selected)
    assert "<script>" not in text
    assert "@all" not in text
    assert "![" not in text.replace("\\!", "")
    (line,) = [line for line in text.splitlines() if line.startswith("| 1 |")]
    assert line.replace("\\|", "").count("|") == 4
    assert "\n# big" not in text


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
    assert comment({"quarantined": []}, selected).splitlines()[1] == said


def test_the_workflow_is_one_that_github_takes() -> None:
    """It keeps the schema of workflows, each job ends by itself, and none may write more than a comment."""
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        assert_taken(run("check-jsonschema", "--builtin-schema", schema, str(WORKFLOW)))
    content = yaml.safe_load(WORKFLOW.read_text())
    granted = [job.get("permissions", {}) for job in (content, *content["jobs"].values())]
    assert {(k, v) for rights in granted for k, v in rights.items() if v == "write"} == {("pull-requests", "write")}


def test_the_workflow_puts_no_expression_into_a_script() -> None:
    """What a pull request names reaches the shell as a variable, which it does not run."""
    content = yaml.safe_load(WORKFLOW.read_text())
    steps = [step for job in content["jobs"].values() for step in job["steps"]]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) >= 4
    assert all("${{" not in script for script in scripts)
    assert sum("promote.sh" in json.dumps(script) for script in scripts) == 2
