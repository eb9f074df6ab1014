"""A verdict on 50 new candidates that plain MLflow logged, against the bare calls that it cannot do without.

``python -m benchmarks.verdict [COUNT [ROWS]]``; if ROWS are not given, on the demo's holdout and on 100,000 and 500,000
rows drawn from it: what Podium does for each candidate, whatever the holdout, weighs much on few rows. The loop loads
each model and asks it for probabilities, one after the other. Podium does that in its sandbox, measures, writes
numbers and predictions to MLflow, registers, compares everyone with the champion, records, and reports.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.migration import Staged
from benchmarks.processes import PODIUM, run
from benchmarks.table import Comparison, show
from tasks.demo_models import IDENTIFIER

ROUNDS = 2
MANY = (100_000, 500_000)
"""Rows on which asking a model costs more than writing down what it said, the more of them the more."""


def compare(folder: Path, count: int, sizes: list[int | None]) -> Iterator[Comparison]:
    """Time both in processes that are already warm, each in a home of its own."""
    staged = Staged(folder)
    staged.make()
    for rows in sizes:
        if rows:
            _grow(staged.holdout, rows)
        rounds = [_round(staged, folder / f"home-{rows}-{number}", count) for number in range(ROUNDS)]
        ours, theirs = ([one[side] for one in rounds] for side in ("podium", "loop"))
        name = f"verdict on {count} / load and predict_proba, {_length(staged.holdout):,} rows"
        yield Comparison(name, ours, theirs, goal=1.3, at_most=True)


def _length(holdout: Path) -> int:
    return len(pd.read_parquet(holdout))


def _grow(holdout: Path, rows: int) -> None:
    """Draw so many rows from a holdout, each of a customer of its own."""
    drawn = pd.read_parquet(holdout).sample(rows, replace=True, random_state=0)
    drawn.assign(**{IDENTIFIER: [f"{number:07}" for number in range(rows)]}).to_parquet(holdout, index=False)


def _round(staged: Staged, home: Path, count: int) -> dict[str, float]:
    config = staged.config("one")
    run(home, PODIUM, "migrate", "--config", config)
    found: dict[str, float] = json.loads(run(home, sys.executable, "-m", "benchmarks.judged", config, str(count))[1])
    return found


def main() -> None:
    """Compare in a scratch folder and print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    sizes: list[int | None] = [int(sys.argv[2])] if len(sys.argv) > 2 else [None, *MANY]
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), count, sizes))


if __name__ == "__main__":
    main()
