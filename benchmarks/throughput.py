"""Models per second: many staged models, against the plain loop, against the floor, and again.

``python -m benchmarks.throughput [COUNT...]``, 8 and 100 if no count is given; 1000 takes some minutes.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.many import stage
from benchmarks.migration import Staged, loop
from benchmarks.processes import run
from benchmarks.table import Comparison, show

FLOORED = {"xgboost": "xgboost_20250820_114557", "lightgbm": "lightgbm", "logistic regression": "logistic"}
"""What is compared with the floor, by the beginning of the ids."""
SOME = 100
ENOUGH = 100
"""Models from which on what a run costs whatever it finds is little of the whole."""


def warm(staged: Staged, config: str, count: int, home: Path) -> tuple[float, float]:
    """Return the seconds of one of many models once everything is started, and those of finding it done."""
    _, said = run(home, sys.executable, "-m", "benchmarks.warm", staged.config("one"), config, str(count))
    ours, again = json.loads(said)
    return float(ours), float(again)


def floor(migrated: Path, home: Path) -> float:
    """Return the seconds of the bare client calls that write one model as Podium wrote it to the home ``migrated``."""
    return float(
        json.loads(run(home, sys.executable, "-m", "benchmarks.floor", str(migrated), str(home), str(SOME))[1])
    )


def against_the_loop(staged: Staged, folder: Path, counts: list[int]) -> Iterator[Comparison]:
    """Compare one model of many with one of the loop's eight."""
    theirs = loop(staged, folder / "loop")[1]
    for count in counts:
        config = stage(staged.eight, staged.holdout, folder / f"many-{count}", count)
        ours, again = warm(staged, config, count, folder / f"home-{count}")
        yield Comparison(f"plain loop / podium: a model of {count}", [theirs], [ours], goal=60)
        if count >= ENOUGH:
            yield Comparison(f"again / podium: a model of {count}", [again], [ours], goal=0.03, at_most=True)


def against_the_floor(staged: Staged, folder: Path) -> Iterator[Comparison]:
    """Compare one model of each kind with the bare client calls for it."""
    for name, kind in FLOORED.items():
        config, home = stage(staged.eight, staged.holdout, folder / f"kind-{name}", SOME, kind), folder / f"home-{name}"
        ours, _ = warm(staged, config, SOME, home)
        bare = [floor(home, folder / f"floor-{name}-{n}") for n in range(2)]
        yield Comparison(f"podium / bare client calls: {name}", [ours], bare, goal=1.5, at_most=True)


def compare(folder: Path, counts: list[int]) -> Iterator[Comparison]:
    """Give every figure as soon as it is there."""
    staged = Staged(folder)
    staged.make()
    yield from against_the_loop(staged, folder, counts)
    yield from against_the_floor(staged, folder)


def main() -> None:
    """Compare in a scratch folder and print the figures."""
    counts = [int(argument) for argument in sys.argv[1:]] or [8, 100]
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), counts))


if __name__ == "__main__":
    main()
