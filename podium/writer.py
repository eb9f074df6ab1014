"""Who is writing a half-done run, and whether it may be taken for abandoned."""

from collections.abc import Callable
from dataclasses import dataclass

LEASE = 3600.0
"""Seconds after which a writer on another machine is taken for dead: no model takes that long to write."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A process that writes: its host, its process id, and since when, in seconds of the epoch."""

    host: str
    pid: int
    since: float

    def __str__(self) -> str:
        return f"{self.host} {self.pid} {self.since:.0f}"


def parse_writer(text: str) -> Writer | None:
    """Return the writer that a tag names, or None if it names none."""
    parts = text.split(" ")
    if len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()):
        return None
    return Writer(parts[0], int(parts[1]), float(parts[2]))


def is_abandoned(text: str, here: Writer, is_alive: Callable[[int], bool]) -> bool:
    """Whether the writer that a tag names is gone, as seen by the writer ``here``.

    Its lease ends everywhere, because the number of its process may since have gone to another; on the same host the
    end of its process does too. This process itself writes nothing while it asks, and a tag that names nobody is
    nobody's.
    """
    other = parse_writer(text)
    if other is None or here.since - other.since > LEASE:
        return True
    return other.host == here.host and (other.pid == here.pid or not is_alive(other.pid))
