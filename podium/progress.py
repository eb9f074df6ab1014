"""Tells whoever listens how far a long piece of work has come.

Work announces; a terminal, a log or nobody listens. Announcements also go to the ``podium`` logger at INFO, which a
Prefect worker forwards when its extra loggers name it.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LOG = logging.getLogger("podium")


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a piece of work. ``total`` is 0 while it is not known."""

    work: str
    done: int
    total: int
    detail: str = ""


Listener = Callable[[Progress], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Call ``listener`` with every step from now on; return the function that ends this."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def announce(work: str, done: int = 0, total: int = 0, detail: str = "") -> None:
    """Tell that a piece of work has come so far."""
    step = Progress(work, done, total, detail)
    LOG.info("%s %s %s", work, f"{done}/{total}" if total else "", detail)
    for listener in tuple(_listeners):
        listener(step)


class Counter:
    """Counts the steps of work that several threads share, and announces each."""

    def __init__(self, work: str, total: int) -> None:
        self._work, self._total, self._done = work, total, 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Count from the start in another process, where nobody listens."""
        return Counter, (self._work, self._total)

    def step(self, detail: str = "") -> None:
        """Count one step and announce it."""
        with self._lock:
            self._done += 1
            announce(self._work, self._done, self._total, detail)
