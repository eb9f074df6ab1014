"""Models per second: many staged models, against the plain loop, against the floor, and again.

``python -m benchmarks.throughput [--http] [COUNT...]``, 8 and 100 if no count is given; 1000 takes some minutes. With
``--http`` each side writes to a server of its own, of four workers as MLflow starts them, else to SQLite.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from benchmarks.many import stage
from benchmarks.migration import Staged, loop
from benchmarks.processes import run
from benchmarks.servers import server
from benchmarks.table import Comparison, show

FLOORED = {"xgboost": "xgboost_20250820_114557", "lightgbm": "lightgbm", "logistic regression": "logistic"}
"""What is compared with the floor, by the beginning of the ids."""
SOME = 100
ENOUGH = 1_000
"""Models from which on what a run costs whatever it finds is little of the whole: 0.5 s, four models' time."""
WORKERS = 4
"""Of a server, MLflow's own default."""
Place = Callable[[Path], AbstractContextManager[str]]
"""Gives the address of an MLflow that keeps what it is told below the home of a process."""


def embedded(home: Path) -> AbstractContextManager[str]:
    """Give the address that a process with this home has by itself."""
    home.mkdir(parents=True)
    return nullcontext(f"sqlite:///{home / 'mlflow.db'}")


def served(home: Path) -> AbstractContextManager[str]:
    """Give the address of a server."""
    return server(home / "server", workers=WORKERS)


def variables(address: str) -> dict[str, str]:
    """Return what leads a process to a server; it finds its own database by itself."""
    return {"MLFLOW_TRACKING_URI": address} if address.startswith("http") else {}


def warm(staged: Staged, config: str, count: int, home: Path, address: str = "") -> tuple[float, float]:
    """Return the seconds of one of many models once everything is started, and those of finding it done."""
    command = (sys.executable, "-m", "benchmarks.warm", staged.config("one"), config, str(count))
    ours, again = json.loads(run(home, *command, **variables(address))[1])
    return float(ours), float(again)


def floor(source: str, home: Path, place: Place) -> float:
    """Return the seconds of the bare client calls that write one model as Podium wrote it to ``source``."""
    with place(home) as target:
        command = (sys.executable, "-m", "benchmarks.floor", source, target, str(home / "copied"), str(SOME))
        return float(json.loads(run(home, *command)[1]))


def of_the_loop(staged: Staged, home: Path, place: Place) -> float:
    """Return the seconds that the loop takes for one of its eight models."""
    with place(home) as address:
        return loop(staged, home, **variables(address))[1]


def against_the_loop(
    theirs: float, staged: Staged, folder: Path, counts: list[int], place: Place
) -> Iterator[Comparison]:
    """Compare one model of many with one of the loop's."""
    for count in counts:
        config, home = stage(staged.eight, staged.holdout, folder / f"many-{count}", count), folder / f"home-{count}"
        with place(home) as address:
            ours, again = warm(staged, config, count, home, address)
        yield Comparison(f"plain loop / podium: a model of {count}", [theirs], [ours], goal=60)
        if count >= ENOUGH:
            yield Comparison(f"again / podium: a model of {count}", [again], [ours], goal=0.03, at_most=True)


def against_the_floor(theirs: float, staged: Staged, folder: Path, place: Place) -> Iterator[Comparison]:
    """Compare one model of each kind with the bare client calls for it, and the loop with these: the most to be had."""
    for name, kind in FLOORED.items():
        config, home = stage(staged.eight, staged.holdout, folder / f"kind-{name}", SOME, kind), folder / f"home-{name}"
        with place(home) as source:
            ours, _ = warm(staged, config, SOME, home, source)
            bare = [floor(source, folder / f"floor-{name}-{n}", place) for n in range(2)]
        yield Comparison(f"podium / bare client calls: {name}", [ours], bare, goal=1.5, at_most=True)
        yield Comparison(f"plain loop / bare client calls: {name}", [theirs], bare)


def compare(folder: Path, counts: list[int], place: Place) -> Iterator[Comparison]:
    """Give every figure as soon as it is there."""
    staged = Staged(folder)
    staged.make()
    theirs = of_the_loop(staged, folder / "loop", place)
    yield from against_the_loop(theirs, staged, folder, counts, place)
    yield from against_the_floor(theirs, staged, folder, place)


def main() -> None:
    """Compare in a scratch folder and print the figures."""
    words = sys.argv[1:]
    counts = [int(word) for word in words if word != "--http"] or [8, 100]
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), counts, served if "--http" in words else embedded))


if __name__ == "__main__":
    main()
