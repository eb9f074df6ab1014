"""The start of ``podium --help`` against the start of a bare interpreter, whole processes, in turn."""

import sys
import tempfile
from pathlib import Path

from benchmarks.processes import PODIUM, run
from benchmarks.table import Comparison, show

ROUNDS = 20
BARE = (sys.executable, "-c", "pass")
HELP = (PODIUM, "--help")


def compare(home: Path) -> Comparison:
    """Start both in turn, after one start of each that is not counted."""
    run(home, *BARE), run(home, *HELP)
    pairs = [(run(home, *BARE)[0], run(home, *HELP)[0]) for _ in range(ROUNDS)]
    bare, ours = zip(*pairs, strict=True)
    return Comparison("podium --help / bare interpreter, whole processes", ours, bare, goal=10, at_most=True)


def main() -> None:
    """Compare in a scratch folder and print the figure."""
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show([compare(Path(folder))])


if __name__ == "__main__":
    main()
