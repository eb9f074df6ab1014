"""What a look at a batch of many rows costs, beside a look at one that is looked at as a whole.

``python -m benchmarks.batch [ROWS]``, 10,000,000 rows if none are given, drawn from the demo's holdout. Seconds are
those of ``podium monitor --dry-run`` from start to end; memory is that of the process, which holds a part at a time.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.memory import peak
from benchmarks.migration import Staged
from benchmarks.processes import PODIUM, run, started
from benchmarks.table import Comparison, show

FEW = 200_000
"""What ``monitoring.most_rows`` is by default."""
AT_ONCE = 500_000
POLL = 0.1
ROUNDS = 2
Watched = tuple[float, float]
"""The seconds of a process, and its peak memory in MB."""


def write(holdout: Path, rows: int, path: Path) -> str:
    """Draw so many rows from a holdout into a file, some at a time."""
    known = pd.read_parquet(holdout)
    writer = None
    for number in range(-(-rows // AT_ONCE)):
        some = known.sample(min(AT_ONCE, rows - number * AT_ONCE), replace=True, random_state=number)
        table = pa.Table.from_pandas(some, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return str(path)


def look(home: Path, config: str, batch: str) -> Watched:
    """Return the seconds and the peak memory, in MB, of one look."""
    return watched(home, PODIUM, "monitor", "--batch", batch, "--dry-run", "--config", config)


def watched(home: Path, *command: str, **variables: str) -> Watched:
    """Return the seconds of a whole process and its own peak memory, in MB."""
    begun, most = time.perf_counter(), 0.0
    with started(home, *command, output=subprocess.DEVNULL, **variables) as process:
        while process.poll() is None:
            most = max(most, peak(str(process.pid)))
            time.sleep(POLL)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with status {process.returncode}")
    return time.perf_counter() - begun, most


def compare(folder: Path, rows: int) -> Iterator[Comparison]:
    """Look at both batches in turn."""
    staged, home = Staged(folder), folder / "home"
    config = decided(staged, home, "one")
    few, many = (write(staged.holdout, count, folder / f"{count}.parquet") for count in (FEW, rows))
    seen = [(look(home, config, many), look(home, config, few)) for _ in range(ROUNDS)]
    many_looks, few_looks = zip(*seen, strict=True)
    yield from in_seconds_and_memory("podium monitor", f"{rows:,} rows / {FEW:,}", many_looks, few_looks, (1.5, 2.0))


def decided(staged: Staged, home: Path, name: str) -> str:
    """Make staged models, put the best of a config's into production, and return the path of that config."""
    staged.make()
    config = staged.config(name)
    for command in ("migrate", "select"):
        run(home, PODIUM, command, "--config", config)
    return config


def in_seconds_and_memory(
    what: str, of: str, a: Sequence[Watched], b: Sequence[Watched], goals: tuple[float, float]
) -> Iterator[Comparison]:
    """Compare two sides by what was seen of their processes, each figure with the most that its ratio may be."""
    names, units = (what, "its memory"), ("s", "M")
    for place, goal in enumerate(goals):
        sides = [one[place] for one in a], [one[place] for one in b]
        yield Comparison(f"{names[place]}: {of}", *sides, goal, at_most=True, unit=units[place])


def main() -> None:
    """Compare in a scratch folder and print the figures."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), rows))


if __name__ == "__main__":
    main()
