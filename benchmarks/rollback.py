"""Times a rollback from a process that is started: ``python -m benchmarks.rollback [TIMES]``.

Two of the demo's models are promoted one after the other. Then a process starts what ``podium rollback`` starts, and
goes back and forth between them. Each time the target is loaded in the sandbox before anything changes, the decision is
recorded, the alias switched, and what is in production then is loaded and verified in a fresh process.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from benchmarks.table import Comparison, show

LIMIT = 2.0
"""Seconds in which a rollback is to be done."""
TIMES = 5
FIRST, SECOND = "random_forest_20250820_104726", "logistic_regression_20250820_104738"
CACHE = Path(".podium", "cache").absolute()


def started_rollback(config: str) -> object:
    """Return the flow once all that the command starts ahead of it answers."""
    from configs.loading import load_config
    from flows.cli import embedded
    from flows.cli.commands import start_observer, start_sandbox
    from flows.cli.environment import prepare

    prepare(verbose=False)
    embedded.start()
    start_sandbox()
    start_observer()
    from flows.rollback import rollback
    from tasks.effects.fresh import await_started
    from tasks.effects.sandbox import sandbox
    from tasks.effects.store import connect

    connect(load_config(config).mlflow)
    embedded.await_ready()
    sandbox().await_start()
    await_started()
    return rollback


def previous_version(config: str) -> str:
    """Return the version before the champion, by name: each rollback leaves the other one."""
    from configs.loading import load_config
    from tasks.effects.store import connect

    return connect(load_config(config).mlflow).aliases()["previous"]


def time_one(config: str) -> None:
    """Roll back once and print the seconds until production is back, and until it is verified as well."""
    from flows.cli import embedded

    rollback = started_rollback(config)
    from flows import carrying_out
    from tasks.promotion import switch_champion

    switched = list[float]()

    def noted(*given: Any) -> None:
        switch_champion(*given)
        switched.append(time.perf_counter())

    target = previous_version(config)
    began = time.perf_counter()
    with embedded.unwatched(), patch.object(carrying_out, "switch_champion", noted):
        rollback(config, to=target)  # type: ignore[operator]
    print(json.dumps([switched[0] - began, time.perf_counter() - began]))


def promoted_twice(folder: Path) -> Path:
    """Return the config of a project whose champion replaced another."""
    from flows.cli import embedded
    from flows.cli.environment import prepare
    from tasks.demo_data import fetch_churn_csv
    from tasks.demo_models import make_staging_area

    prepare(verbose=False)
    embedded.start()
    embedded.await_ready()
    from flows.migration import migrate
    from flows.selection import select

    make_staging_area.fn(fetch_churn_csv.fn(CACHE), folder / "made", folder / "holdout.parquet")
    config = folder / "churn.yaml"
    holdout = {"path": "holdout.parquet", "target": "churn", "id_columns": ["customerID"]}
    policy = {"evidence": {"confidence": None}}
    config.write_text(yaml.safe_dump({"staging": {"root": "staging"}, "holdout": holdout, "policy": policy}))
    with embedded.unwatched():
        for name in (FIRST, SECOND):
            shutil.copytree(folder / "made" / name, folder / "staging" / name)
            migrate(str(config))
            select(str(config))
    return config


def main() -> None:
    """Make the project, time some rollbacks, each in a process of its own, and print the table."""
    if sys.argv[1:2] == ["--one"]:
        time_one(sys.argv[2])
        return
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PODIUM_HOME"] = str(Path(folder, "home"))
        for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "PODIUM_CONFIG"):
            os.environ.pop(name, None)
        config = promoted_twice(Path(folder))
        command = [sys.executable, "-m", "benchmarks.rollback", "--one", str(config)]
        seconds = [
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
            for _ in range(times)
        ]
    names = ("production is back, once started / two seconds", "it is verified as well / two seconds")
    sides = zip(names, zip(*seconds, strict=True), strict=True)
    show([Comparison(name, list(side), [LIMIT], 1, at_most=True) for name, side in sides])


if __name__ == "__main__":
    main()
