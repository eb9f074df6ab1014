"""What Prefect's flow and task runs cost of a migration: at most a twentieth of it.

``python -m benchmarks.orchestration [COUNT]``, 1000 models if no count is given, which takes some minutes. The same
chunks are run as task runs that do nothing, in the same process right after the migration.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.many import stage
from benchmarks.migration import Staged
from benchmarks.processes import run
from benchmarks.table import Comparison, show


def compare(folder: Path, count: int) -> Iterator[Comparison]:
    """Time a flow of task runs that do nothing, and the migration of as many chunks."""
    staged = Staged(folder)
    staged.make()
    config = stage(staged.eight, staged.holdout, folder / "many", count)
    _, said = run(folder / "home", sys.executable, "-m", "benchmarks.idle", staged.config("one"), config)
    seconds, idle, runs = json.loads(said)
    yield Comparison(f"{runs} idle task runs / {count} models", idle, [seconds], goal=0.05, at_most=True)


def main() -> None:
    """Compare in a scratch folder and print the figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), count))


if __name__ == "__main__":
    main()
