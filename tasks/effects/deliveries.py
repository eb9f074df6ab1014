"""Remembers which deliveries were accepted, so that none is accepted twice, over restarts and several processes."""

import sqlite3
import threading
from pathlib import Path

BUSY = 10.0
"""Seconds to wait for another process that writes."""


class Deliveries:
    """The ids of deliveries, in a small database, until they are too old to be accepted anyway."""

    def __init__(self, path: Path, keep: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._keep = keep
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        self._database.execute("CREATE TABLE IF NOT EXISTS accepted (id TEXT PRIMARY KEY, until REAL NOT NULL)")

    def claim(self, delivery_id: str, now: float) -> bool:
        """Return whether a delivery is new, and keep everybody else from it. ``now`` is in seconds of the epoch."""
        with self._lock:
            self._database.execute("DELETE FROM accepted WHERE until < ?", (now,))
            until = now + self._keep
            made = self._database.execute("INSERT OR IGNORE INTO accepted VALUES (?, ?)", (delivery_id, until))
            return made.rowcount == 1

    def release(self, delivery_id: str) -> None:
        """Let a delivery that could not be passed on come again."""
        with self._lock:
            self._database.execute("DELETE FROM accepted WHERE id = ?", (delivery_id,))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()
