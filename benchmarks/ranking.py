"""What a selection costs among many measured candidates, of which none is new.

``python -m benchmarks.ranking [COUNT]``, 10,000 if no count is given. The store is made of one migrated model, whose
rows are copied in the database (``benchmarks/cloned.py``). Asking and ranking is compared with the straightforward
``mlflow.search_runs`` into a frame that is sorted, which must give the same winner; the peak memory of a whole ``podium
select`` with that among 100 candidates.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cloned import multiply
from benchmarks.memory import FEW, peaks
from benchmarks.migration import Staged
from benchmarks.processes import PODIUM, run
from benchmarks.table import Comparison, show


def stores(staged: Staged, folder: Path, counts: tuple[int, ...]) -> dict[int, Path]:
    """Return a home for each number of candidates, all measured and none selected from."""
    original = folder / "home-1"
    run(original, PODIUM, "migrate", "--config", staged.config("one"))
    homes = {count: folder / f"home-{count}" for count in counts}
    for count, home in homes.items():
        shutil.copytree(original, home)
        multiply(home / "mlflow.db", count)
    return homes


def compare(folder: Path, count: int) -> Iterator[Comparison]:
    """Give the figures of one store after the other."""
    staged = Staged(folder)
    staged.make()
    config = staged.config("one")
    few, many = stores(staged, folder, (FEW, count)).values()
    _, said = run(many, sys.executable, "-m", "benchmarks.ranked", config)
    found = json.loads(said)
    what = f"query and ranking of {count} / frame and sort"
    yield Comparison(what, found["ours"], found["theirs"], goal=1 / 20, at_most=True)
    yield Comparison("a whole selection, once started / frame and sort", [found["whole"]], found["theirs"], 0.2, True)
    run(few, PODIUM, "select", "--config", config)
    a, b = ([peaks("select", config, home)["podium"]] for home in (many, few))
    yield Comparison(f"podium select: {count} candidates / {FEW}", a, b, goal=1.2, at_most=True, unit="M")


def main() -> None:
    """Compare in a scratch folder and print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), count))


if __name__ == "__main__":
    main()
