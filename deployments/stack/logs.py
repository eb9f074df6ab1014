"""Logs of services that cannot be asked to open theirs anew: a few generations of each, none of which grows on."""

import contextlib
import shutil
from pathlib import Path

GENERATIONS = 3
"""Logs that are kept beside the one that is written: a service that ends at each start says why in the first."""
LARGEST = 10_000_000
"""Bytes of one log."""


def make_way(log: Path) -> None:
    """Keep the log that is there as ``.1``, that one as ``.2``, and so on; the oldest is given up."""
    if log.exists():
        _shift(log)
        log.replace(generation(log, 1))


def bound(log: Path, largest: int = LARGEST) -> None:
    """Begin a log anew that has become too large, with its content kept as ``.1``.

    It is copied and emptied: the service goes on writing to the file that it has, which was opened to append. A line
    that is written in between is lost. Where there is no room for the copy the log stays as it is.
    """
    with contextlib.suppress(OSError):
        if log.stat().st_size > largest:
            _copy(log)


def _copy(log: Path) -> None:
    fresh = log.with_suffix(".log.new")
    try:
        shutil.copyfile(log, fresh)
        _shift(log)
        fresh.replace(generation(log, 1))
        with log.open("r+b") as content:
            content.truncate()
    finally:
        fresh.unlink(missing_ok=True)


def _shift(log: Path) -> None:
    for number in range(GENERATIONS - 1, 0, -1):
        if (older := generation(log, number)).exists():
            older.replace(generation(log, number + 1))


def generation(log: Path, number: int) -> Path:
    """Return where the log is that was the current one so many logs ago."""
    return log.with_suffix(f".log.{number}")
