"""A service that was started: whether it lives, answers, and may be started once more."""

import subprocess
from dataclasses import dataclass, field

from deployments.stack.services import Service

ASKED_EACH, UNWELL = 5.0, 60.0
"""Seconds between questions about health, and for which a service that runs may give no answer."""
RESTARTS, WITHIN = 5, 120.0
"""Restarts of one service within so many seconds after which it is given up."""


@dataclass(slots=True)
class Watched:
    """A service with its process. Times are those of a steady clock, in seconds."""

    service: Service
    process: "subprocess.Popen[bytes]"
    well: float
    asked: float = 0.0
    restarts: list[float] = field(default_factory=list)
    was: str | None = None
    """What was wrong with it before it was started again, until it is well and that was told."""

    def complaint(self, now: float) -> str | None:
        """Return what is wrong with it, None if nothing is; asks it when it is time to."""
        ended = self.process.poll()
        if ended is not None:
            return f"has ended (status {ended})"
        if now - self.asked > ASKED_EACH:
            self.asked = now
            self.well = now if self.service.is_well() else self.well
        return "gives no answer" if now - self.well > UNWELL else None

    def started_again(self, now: float) -> bool:
        """Note that it is started again; False if that was too often of late."""
        self.restarts[:] = [*(at for at in self.restarts if now - at < WITHIN), now]
        return len(self.restarts) <= RESTARTS
