"""``podium --help`` against a bare interpreter, whole processes, in turn."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.table import Comparison, show

RUNS = 20
PODIUM = str(Path(sys.executable).with_name("podium"))


def seconds(*command: str) -> float:
    """Return how long a whole process takes."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Measure both in turn and print the ratio of the medians."""
    bare, ours = [], []
    for _ in range(RUNS):
        bare.append(seconds(sys.executable, "-c", "pass"))
        ours.append(seconds(PODIUM, "--help"))
    show(Comparison("podium --help against a bare interpreter", bare, ours, goal=10, at_most=True))


if __name__ == "__main__":
    main()
