"""How a migration grows: seconds and bytes of one model of few and of many, and of finding them done.

``python -m benchmarks.curve [COUNT...]``, 100 and 500 models if no count is given; 5000 takes a quarter of an hour.
The models are those of the demo, each with metadata of its own. Prints one line for each count, from which
``docs/scale.md`` computes.
"""

import os
import sys
import tempfile
from pathlib import Path

from benchmarks.many import stage
from benchmarks.migration import Staged
from benchmarks.throughput import warm


def size(folder: Path) -> int:
    """Return the bytes of all files of a folder; what is linked into it counts once."""
    found = {file.stat().st_ino: file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    return sum(found.values())


def main() -> None:
    """Print the curve."""
    counts = [int(word) for word in sys.argv[1:]] or [100, 500]
    print(f"{os.cpu_count()} cores")
    print(f"{'models':>8} {'s a model':>10} {'again, ms':>10} {'database, KB':>13} {'artifacts, KB':>14}")
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as scratch:
        folder = Path(scratch)
        staged = Staged(folder)
        staged.make()
        for count in counts:
            home = folder / f"home-{count}"
            config = stage(staged.eight, staged.holdout, folder / f"many-{count}", count)
            ours, again = warm(staged, config, count, home)
            kept = (home / "mlflow.db").stat().st_size / count / 1e3, size(home / "artifacts") / count / 1e3
            print(f"{count:>8,} {ours:>10.3f} {again * 1e3:>10.2f} {kept[0]:>13.1f} {kept[1]:>14.1f}", flush=True)


if __name__ == "__main__":
    main()
