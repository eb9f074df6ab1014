"""A verdict on 50 new candidates that plain MLflow logged, against the bare calls that it cannot do without.

``python -m benchmarks.verdict [COUNT]``. The loop loads each model and asks it for probabilities of the holdout's rows,
one after the other. Podium does it in its sandbox, measures, writes numbers and predictions to MLflow, registers,
compares everyone with the champion, records, and reports.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.migration import Staged
from benchmarks.processes import PODIUM, run
from benchmarks.table import Comparison, show

ROUNDS = 2


def compare(folder: Path, count: int) -> Iterator[Comparison]:
    """Time both in processes that are already warm, each in a home of its own."""
    staged = Staged(folder)
    staged.make()
    rounds = [_round(staged, folder / f"home-{number}", count) for number in range(ROUNDS)]
    ours, theirs = ([one[side] for one in rounds] for side in ("podium", "loop"))
    yield Comparison(f"verdict on {count} / load and predict_proba", ours, theirs, goal=1.3, at_most=True)


def _round(staged: Staged, home: Path, count: int) -> dict[str, float]:
    config = staged.config("one")
    run(home, PODIUM, "migrate", "--config", config)
    found: dict[str, float] = json.loads(run(home, sys.executable, "-m", "benchmarks.judged", config, str(count))[1])
    return found


def main() -> None:
    """Compare in a scratch folder and print the figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), count))


if __name__ == "__main__":
    main()
