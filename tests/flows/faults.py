"""Scenes for the tests of faults: copies of one MLflow server's state, and a command that runs beside its server."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers import MlflowServer
from configs.schema import MlflowSection
from flows.history import chain_json, history
from flows.migration import migrate
from flows.selection import select
from tasks.effects.store import connect
from tests.flows.projects import FOREST, LOGISTIC, add_staged, copy_database, project

FORESTS, LOGISTICS = "1", "2"
"""The version that is in production, and the one that is better."""


def undecided(folder: Path, made: Path, database: Path, **sections: Any) -> Path:
    """A project on SQLite with FOREST in production as version 1 and LOGISTIC, which is better, as version 2."""
    folder.mkdir()
    shutil.copy(database, folder / "mlflow.db")
    config = project(folder, made, FOREST, **{"mlflow": {"tracking_uri": "sqlite:///mlflow.db"}, **sections})
    fill(config, made)
    return config


def copied(config: Path, to: Path) -> Path:
    """The same project with a database of its own; the artifacts are shared."""
    to.mkdir()
    copy_database(config.parent / "mlflow.db", to / "mlflow.db")
    shutil.copy(config, to)
    return to / "churn.yaml"


def fill(config: Path, made: Path) -> None:
    """Put FOREST into production, and migrate LOGISTIC."""
    migrate(str(config))
    select(str(config))
    add_staged(config, made, LOGISTIC)
    migrate(str(config))


@dataclass
class Scene:
    """A copy of a project with an MLflow server of its own, and a home."""

    config: Path
    server: MlflowServer


@contextmanager
def scene(base: Path, folder: Path) -> Iterator[Scene]:
    """Copy the folder of a server, and serve the copy."""
    shutil.copytree(base, folder)
    server = MlflowServer(folder)
    server.start()
    try:
        yield Scene(folder / "churn.yaml", server)
    finally:
        server.kill()


def command(name: str, config: Path, **environment: str) -> "subprocess.Popen[str]":
    """A command of Podium in a process and a home of its own."""
    program = str(Path(sys.executable).with_name("podium"))
    own = {**os.environ, "PODIUM_HOME": str(config.parent / "home"), "PYTHONUNBUFFERED": "1", **environment}
    words = [program, name, "--json", "--config", str(config)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=own)


def await_line(process: "subprocess.Popen[str]", wanted: str) -> None:
    """Return once the process announces a piece of work."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if wanted in line:
            return
    raise AssertionError(f"{wanted!r} was not announced: {''.join(seen)}")


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """The exit status of a command, what it answered and what it complained of."""
    said, complained = process.communicate(timeout=400)
    return process.returncode, said, complained


def answered(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The document of a command that must succeed."""
    status, said, complained = ended(process)
    assert status == 0, complained[-3000:]
    document: dict[str, Any] = json.loads(said)
    return document


def assert_promoted_once(section: MlflowSection) -> None:
    """Assert that LOGISTIC is in production by one decision of an unbroken chain, and that nothing is left undone."""
    store = connect(section)
    assert store.aliases() == {"champion": LOGISTICS, "previous": FORESTS}
    runs = store.client.search_runs([store.decisions_id], "tags.`podium.sequence` != ''")
    assert [run.data.tags["podium.state"] for run in runs] == ["settled"] * len(runs)
    assert store.client.search_runs([store.decisions_id], "tags.`podium.claim` != ''") == []
    assert sorted(str(v.version) for v in store.versions()) == [FORESTS, LOGISTICS]


def chain_of(config: Path) -> list[str]:
    """The verdicts of an unbroken chain."""
    chain = chain_json(history(str(config)))
    assert chain["unbroken"], chain["broken_at"]
    return [d["verdict"] for d in chain["decisions"]]


def killed_after(what: str, cases: list[tuple[Path, int]], prefect_server: str) -> list[str]:
    """Run an order for each config until it is killed after so many writes; of one that is not, return the writes."""
    pairs = [str(word) for case in cases for word in case]
    command = [sys.executable, "-m", "tests.flows.deciding_killed", what, *pairs]
    environment = {**os.environ, "PREFECT_API_URL": prefect_server}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False, env=environment)
    lines = ended.stdout.splitlines()
    assert len(lines) == sum(1 if number else 2 for _, number in cases), ended.stdout + ended.stderr[-3000:]
    return lines
