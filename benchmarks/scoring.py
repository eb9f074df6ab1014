"""``podium score`` beside the straightforward loop over blocks of rows, which checks nothing and has no sandbox.

``python -m benchmarks.scoring [ROWS]``, 2,000,000 rows if none are given, drawn from the demo's holdout. Whole
processes, from start to end; memory is that of the process itself, which in Podium asks no model.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.batch import decided, in_seconds_and_memory, watched, write
from benchmarks.migration import Staged
from benchmarks.processes import PODIUM
from benchmarks.table import Comparison, show

ROUNDS = 2


def compare(folder: Path, rows: int) -> Iterator[Comparison]:
    """Score the same rows by both, in turn."""
    staged, home = Staged(folder), folder / "home"
    config = decided(staged, home, "eight")
    source, database = write(staged.holdout, rows, folder / "rows.parquet"), f"sqlite:///{home / 'mlflow.db'}"
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(
            watched(
                home, PODIUM, "score", "--input", source, "--output", str(folder / "ours.parquet"), "--config", config
            )
        )
        loop = (sys.executable, "-m", "benchmarks.plain_scoring", source, str(folder / "theirs.parquet"))
        theirs.append(watched(home, *loop, MLFLOW_TRACKING_URI=database))
    assert all(pq.ParquetFile(folder / name).metadata.num_rows == rows for name in ("ours.parquet", "theirs.parquet"))
    yield from in_seconds_and_memory("podium score / loop", f"{rows:,} rows", ours, theirs, (1.5, 1.0))


def main() -> None:
    """Compare in a scratch folder and print the figures."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), rows))


if __name__ == "__main__":
    main()
