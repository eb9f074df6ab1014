"""The peer that brings runs from one MLflow into another: ``mlflow-export-import`` 1.2.1, in an environment of its own.

Its versions from 1.2.0 on for MLflow 3 are published as ``databricks-mlflow-export-import``. Its threads work on
several experiments or registered models at once; here there is one of each, so that it has no use for them.
"""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.processes import PROJECT, run

PEER = "databricks-mlflow-export-import==1.2.1"
FOLDER = PROJECT / ".podium" / "cache" / "peer"
SAME = ("mlflow", "fastapi", "starlette", "sqlalchemy", "alembic", "pandas", "pyarrow", "scikit-learn")
"""Packages that the peer gets in the versions that Podium has."""
REPORT = re.compile(r"Import report:.*?(\{.*?\n\})", re.DOTALL)


def program(name: str) -> str:
    """Return the path of one of the peer's programs, which are installed first if they are not there."""
    programs = FOLDER / "bin"
    if not (programs / name).exists():
        run(FOLDER, sys.executable, "-m", "venv", str(FOLDER))
        wanted = [PEER, *(f"{package}=={version(package)}" for package in SAME)]
        uv = str(Path(sys.executable).with_name("uv"))
        run(FOLDER, uv, "pip", "install", "--quiet", "--python", str(programs / "python"), *wanted)
    return str(programs / name)


def export(folder: Path, model: str, uri: str) -> None:
    """Export a registered model with its versions, runs and logged models from a server."""
    run(folder, program("export-models"), "--output-dir", str(folder), "--models", model, MLFLOW_TRACKING_URI=uri)


def import_again(folder: Path, home: Path, uri: str) -> tuple[float, float]:
    """Import what was exported; return the seconds of the whole process, and those of the import by its own account."""
    arguments = ("--input-dir", str(folder))
    whole, said = run(home, program("import-models"), *arguments, MLFLOW_TRACKING_URI=uri)
    told = REPORT.search(said)
    assert told, said[-2000:]
    report = json.loads(told.group(1))
    assert not report["experiments_import"]["exceptions"], report
    return whole, float(report["duration"])
