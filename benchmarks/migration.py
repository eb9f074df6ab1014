"""Migrating the eight demo models: Podium, with its gate, parity and measuring, against the straightforward loop."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.table import Comparison, show
from tasks.demo_data import fetch_churn_csv
from tasks.demo_models import RECIPES, make_staging_area

PODIUM = str(Path(sys.executable).with_name("podium"))
CACHE = Path(os.environ.get("PODIUM_HOME") or ".podium") / "cache"
NAMES_A_SERVER = ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "PREFECT_HOME", "PODIUM_CONFIG")


def config(folder: Path, name: str, root: Path) -> str:
    """Write a config for a root and return its path."""
    holdout = {"path": str(folder / "holdout.parquet"), "id_columns": ["customerID"]}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"staging": {"root": str(root)}, "holdout": holdout}), encoding="utf-8")
    return str(path)


def run(home: Path, *command: str) -> tuple[float, str]:
    """Return the seconds of a whole process in a new home, and what it printed."""
    environment = {k: v for k, v in os.environ.items() if k not in NAMES_A_SERVER}
    environment |= {"PODIUM_HOME": str(home), "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    started = time.perf_counter()
    ended = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    return time.perf_counter() - started, ended.stdout


def compare(folder: Path) -> tuple[Comparison, Comparison]:
    """Run both sides, each from a cold start, and return both figures."""
    root, one = folder / "models" / "staging", folder / "one"
    make_staging_area.fn(fetch_churn_csv.fn(CACHE), root, folder / "holdout.parquet")
    shutil.copytree(root / RECIPES[0].model_id, one / "warm_up")
    (one / "warm_up" / "note.txt").write_text("not one of the eight", encoding="utf-8")
    eight = config(folder, "eight", root)
    whole, _ = run(folder / "cold", PODIUM, "migrate", "--config", eight)
    _, warm = run(folder / "warm", sys.executable, "-m", "benchmarks.warm", config(folder, "one", one), eight)
    loop, each = run(folder / "loop", sys.executable, "-m", "benchmarks.plain_loop", str(root), str(folder / "loop"))
    return (
        Comparison("one model, once started", json.loads(each), json.loads(warm), goal=40),
        Comparison("eight models, whole processes from a cold start", [loop], [whole], goal=4),
    )


def main() -> None:
    """Compare in a scratch folder and print both figures."""
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(*compare(Path(folder)))


if __name__ == "__main__":
    main()
