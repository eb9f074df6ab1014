"""Migrating the demo's eight models: Podium, with its gate, its proof and its measuring, against the plain loop."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import yaml

from benchmarks.processes import PODIUM, PROJECT, run
from benchmarks.table import Comparison, show
from tasks.demo_data import fetch_churn_csv
from tasks.demo_models import IDENTIFIER, RECIPES, make_staging_area

ROUNDS = 3
"""How often Podium is timed, in turn before and after the one pass of the loop."""


@dataclass(frozen=True, slots=True)
class Staged:
    """The staging area in a scratch folder: eight models, and one more to warm up with."""

    folder: Path

    @property
    def eight(self) -> Path:
        """The root of the eight models."""
        return self.folder / "models" / "staging"

    @property
    def holdout(self) -> Path:
        """The labelled rows that no model was trained on."""
        return self.folder / "holdout.parquet"

    def make(self) -> None:
        """Train the models and write them, and the two configs."""
        make_staging_area.fn(fetch_churn_csv.fn(PROJECT / ".podium" / "cache"), self.eight, self.holdout)
        warm_up = self.folder / "one" / "warm_up"
        shutil.copytree(self.eight / RECIPES[0].model_id, warm_up)
        (warm_up / "note.txt").write_text("not one of the eight", encoding="utf-8")
        self.config("eight", self.eight)
        self.config("one", self.folder / "one")

    def config(self, name: str, root: Path | None = None) -> str:
        """Return the path of a config, written first if a staging root is given for it."""
        path = self.folder / f"{name}.yaml"
        if root:
            holdout = {"path": str(self.holdout), "id_columns": [IDENTIFIER]}
            path.write_text(yaml.safe_dump({"staging": {"root": str(root)}, "holdout": holdout}), encoding="utf-8")
        return str(path)


def podium(staged: Staged, home: Path) -> tuple[float, float]:
    """Return the seconds of a whole ``podium migrate`` in a new home, and those of one model once started."""
    whole, said = run(home / "cold", PODIUM, "migrate", "--json", "--config", staged.config("eight"))
    assert len(json.loads(said)["migrated"]) == len(RECIPES), said
    arguments = (staged.config("one"), staged.config("eight"), str(len(RECIPES)))
    _, warm = run(home / "warm", sys.executable, "-m", "benchmarks.warm", *arguments)
    return whole, json.loads(warm)[0]


def loop(staged: Staged, home: Path, **variables: str) -> tuple[float, float]:
    """Return the seconds of the whole plain loop in a new home, and the median of those of one model.

    ``variables`` are added to its environment.
    """
    arguments = (str(staged.eight), str(staged.holdout), str(home))
    whole, said = run(home, sys.executable, "-m", "benchmarks.plain_loop", *arguments, **variables)
    each = json.loads(said.splitlines()[-1])  # before it, MLflow says where each run of a server is to be seen
    assert len(each) == len(RECIPES), said
    return whole, median(each)


def compare(folder: Path) -> Iterator[Comparison]:
    """Time Podium, the loop, and Podium again, each in homes of its own."""
    staged = Staged(folder)
    staged.make()
    first = podium(staged, folder / "round-0")
    theirs = loop(staged, folder / "loop")
    rounds = [first, *(podium(staged, folder / f"round-{n}") for n in range(1, ROUNDS))]
    whole, each = zip(*rounds, strict=True)
    yield Comparison("plain loop / podium: a model, once started", [theirs[1]], each, goal=40)
    yield Comparison("plain loop / podium migrate: 8 models, cold start", [theirs[0]], whole, goal=4)


def main() -> None:
    """Compare in a scratch folder and print both figures."""
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder)))


if __name__ == "__main__":
    main()
