"""Decides again and again on one tracking store, in turns with others.

``python -m tests.tasks.claiming URI FOLDER TIMES SECONDS``: the clock of this process is wrong by so many seconds. A
decision is a file that may not be there yet when it begins.
"""

import os
import sys
import time
from pathlib import Path


def skew(seconds: float) -> None:
    """Let this process live at another time."""
    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + seconds
    time.time_ns = lambda: real_ns() + int(seconds * 1e9)


def main(uri: str, folder: Path, times: int, seconds: float) -> None:
    """Take turns, and fail if somebody else is at it."""
    skew(seconds)
    from configs.schema import MlflowSection
    from tasks.effects.claims import claimed
    from tasks.effects.store import connect

    store = connect(MlflowSection(tracking_uri=uri))
    for _ in range(times):
        with claimed(store, 300) as turn:
            inside = os.open(folder / "inside", os.O_CREAT | os.O_EXCL)
            turn.require()
            (folder / f"{os.getpid()}.log").open("a").write("decided\n")
            os.close(inside)
            (folder / "inside").unlink()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
