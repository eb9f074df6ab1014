"""However many decide at once, the chain is unbroken and there is one champion."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.servers import MlflowServer
from flows.history import chain_json, history
from flows.migration import migrate
from tests.flows.projects import FOREST, LOGISTIC, TRAP, TWINS, project, store_of

TIMES = 4


@pytest.fixture(params=["one home on SQLite", "four homes on a server"])
def racers(
    request: pytest.FixtureRequest, home: Path, made: Path, prefect_server: str
) -> Iterator[list[tuple[Path, Path]]]:
    """The config and the home of each of four, who have one model each; one more is there for all."""
    on_server = "server" in request.param
    server = MlflowServer(home)
    if on_server:
        server.start()
    uri = server.url if on_server else f"sqlite:///{home / 'mlflow.db'}"
    config = project(home.parent, made, TRAP, mlflow={"tracking_uri": uri})
    migrate(str(config))
    found = []
    for number, name in enumerate((FOREST, LOGISTIC, *TWINS)):
        folder = home.parent / str(number)
        (folder / "home").mkdir(parents=True)
        shutil.copytree(made / "staging" / name, folder / "staging" / name)
        own = folder / "churn.yaml"
        own.write_text(yaml.safe_dump({**yaml.safe_load(config.read_text()), "staging": {"root": "staging"}}))
        found.append((own, folder / "home" if on_server else home))
    yield found
    server.kill()


def race(config: Path, home: Path, prefect_server: str) -> "subprocess.Popen[str]":
    """Four selections in a process of its own."""
    command = [sys.executable, "-m", "tests.flows.racing", str(config), str(TIMES)]
    environment = {**os.environ, "PODIUM_HOME": str(home), "PREFECT_API_URL": prefect_server}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_sixteen_selections_of_four_processes(racers: list[tuple[Path, Path]], prefect_server: str) -> None:
    """As many decisions as there were changes, each recorded once, in one chain, with one champion."""
    running = [race(config, home, prefect_server) for config, home in racers]
    said = [process.communicate(timeout=1800) for process in running]
    assert [process.returncode for process in running] == [0] * 4, "".join(complaint[-2000:] for _, complaint in said)
    answers = [json.loads(line) for out, _ in said for line in out.splitlines() if line.startswith("[")]
    chain = chain_json(history(str(racers[0][0])))
    assert (len(answers), chain["unbroken"]) == (4 * TIMES, True)
    assert sorted(name for name, new in answers if new) == sorted(d["decision_id"] for d in chain["decisions"])
    assert_as_many_as_changes(chain["decisions"])
    store = store_of(racers[0][0])
    assert store.aliases()["champion"] == last_promoted(chain["decisions"])
    stages = [v.tags["podium.stage"] for v in store.versions()]
    assert (stages.count("production"), len(stages)) == (1, 5)
    left = store.client.search_runs([store.decisions_id], "tags.`podium.state` != 'settled'")
    assert len(left) == 0
    assert len(store.client.search_runs([store.decisions_id])) == len(chain["decisions"])


def assert_as_many_as_changes(decisions: list[dict[str, Any]]) -> None:
    """Every decision was taken on something new, and the last on all there is."""
    evidence = [d["evidence_digest"] for d in decisions]
    assert len(set(evidence)) == len(evidence) <= 5
    assert len(decisions[-1]["evidence"]["ranking"]) == 5


def last_promoted(decisions: list[dict[str, Any]]) -> str:
    """The version that was promoted last."""
    return str([d for d in decisions if d["verdict"] == "promote"][-1]["promoted"]["version"])
