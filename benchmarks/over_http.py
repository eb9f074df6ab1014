"""Runs brought into one and the same kind of MLflow server: Podium, against ``mlflow-export-import``.

``python -m benchmarks.over_http [COUNT]``, 40 if no count is given. The peer imports as many runs, with their models,
as Podium migrates; they were exported beforehand, from what Podium migrated, which is not timed. Each side has a new
server of one worker on SQLite. The peer lives in a virtual environment of its own, beside the same versions of MLflow
and of what that needs.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from mlflow import MlflowClient

from benchmarks.many import stage
from benchmarks.migration import Staged
from benchmarks.processes import PODIUM, PROJECT, run
from benchmarks.table import Comparison, show
from tests.flows.servers import MlflowServer

PEER = "databricks-mlflow-export-import==1.2.1"
SAME = ("mlflow", "fastapi", "starlette", "sqlalchemy", "alembic", "pandas", "pyarrow", "scikit-learn")
"""Packages that the peer gets in the versions that Podium has."""
DURATION = re.compile(r'"experiments_import": \{.*?"duration": ([\d.]+)', re.DOTALL)


def peer_environment() -> Path:
    """Return the folder of the peer's programs, which are installed first if they are not there."""
    folder = PROJECT / ".podium" / "cache" / "peer"
    programs = folder / "bin"
    if not (programs / "import-models").exists():
        run(folder, sys.executable, "-m", "venv", str(folder))
        wanted = [PEER, *(f"{name}=={version(name)}" for name in SAME)]
        uv = str(Path(sys.executable).with_name("uv"))
        run(folder, uv, "pip", "install", "--quiet", "--python", str(programs / "python"), *wanted)
    return programs


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Give the address of a new MLflow server, and end it."""
    folder.mkdir(parents=True)
    started = MlflowServer(folder)
    started.start()
    try:
        yield started.url
    finally:
        started.kill()


def runs_at(url: str, experiment: str = "churn_monitoring") -> int:
    """Return how many runs a server holds."""
    client = MlflowClient(url, url)
    found = client.get_experiment_by_name(experiment)
    return len(client.search_runs([found.experiment_id])) if found else 0


def exported(folder: Path, config: str, programs: Path) -> Path:
    """Return the folder of what the peer exported of the migrated models."""
    with server(folder / "source") as url:
        run(folder / "home", PODIUM, "migrate", "--config", config, MLFLOW_TRACKING_URI=url)
        out = folder / "exported"
        arguments = ("--output-dir", str(out), "--models", "churn")
        run(folder / "home", str(programs / "export-models"), *arguments, MLFLOW_TRACKING_URI=url)
    return out


def peer(folder: Path, source: Path, count: int, programs: Path) -> tuple[float, float]:
    """Return the seconds of the peer's whole import, and those of one run by its own account."""
    with server(folder) as url:
        arguments = ("--input-dir", str(source))
        whole, said = run(folder / "home", str(programs / "import-models"), *arguments, MLFLOW_TRACKING_URI=url)
        assert runs_at(url) == count, said[-2000:]
    told = DURATION.search(said)
    assert told, said[-2000:]
    return whole, float(told.group(1)) / count


def podium(folder: Path, staged: Staged, config: str, count: int) -> tuple[float, float]:
    """Return the seconds of a whole ``podium migrate``, and those of one model once started."""
    with server(folder / "cold") as url:
        whole, _ = run(folder / "home", PODIUM, "migrate", "--config", config, MLFLOW_TRACKING_URI=url)
        assert runs_at(url) == count
    with server(folder / "warm") as url:
        warm = (sys.executable, "-m", "benchmarks.warm", staged.config("one"), config, str(count))
        _, said = run(folder / "again", *warm, MLFLOW_TRACKING_URI=url)
    return whole, json.loads(said)[0]


def compare(folder: Path, count: int) -> Iterator[Comparison]:
    """Time Podium, the peer, and Podium again."""
    programs = peer_environment()
    staged = Staged(folder)
    staged.make()
    config = stage(staged.eight, staged.holdout, folder / "many", count)
    source = exported(folder, config, programs)
    first = podium(folder / "first", staged, config, count)
    theirs = peer(folder / "peer", source, count, programs)
    whole, each = zip(first, podium(folder / "second", staged, config, count), strict=True)
    yield Comparison(f"export-import / podium: a run of {count}, once started", [theirs[1]], each, goal=4)
    yield Comparison(f"export-import / podium migrate: {count} runs, whole", [theirs[0]], whole, goal=4)


def main() -> None:
    """Compare in a scratch folder and print both figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), count))


if __name__ == "__main__":
    main()
