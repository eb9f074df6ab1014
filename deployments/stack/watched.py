"""A service that was started: whether it lives, answers, has recovered, and may be started once more."""

import subprocess
from dataclasses import dataclass, field
from datetime import datetime

from deployments.stack.services import Service


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a service may be silent, and how often it is started again. All times are in seconds.

    ``between`` questions about health. ``silent`` is for how long one that runs may give no answer, ``starting`` for
    how long after it was started again. ``restarts`` within ``within``, or as many without having been well in
    between, and it is given up at the next.
    """

    between: float = 5.0
    silent: float = 60.0
    starting: float = 120.0
    restarts: int = 5
    within: float = 120.0


USUAL = Limits()


@dataclass(slots=True)
class Watched:
    """A service with its process. Times are those of a steady clock, in seconds, but for ``began``.

    ``well`` is when it last was, or was given time to become it. ``was`` is what was wrong with it before it was
    started again at ``since``, until it is well; ``vain`` counts the starts in this while, ``told`` is whether somebody
    was told of it.
    """

    service: Service
    process: "subprocess.Popen[bytes]"
    began: datetime
    well: float
    limits: Limits = USUAL
    answers: bool = False
    asked: float = 0.0
    restarts: list[float] = field(default_factory=list)
    was: str | None = None
    since: float = 0.0
    vain: int = 0
    told: bool = False

    @property
    def in_order(self) -> bool:
        """Whether it lives, and its last answer was good."""
        return self.answers and self.process.poll() is None

    def complaint(self, now: float) -> str | None:
        """Return what is wrong with it, None if nothing is; asks it when it is time to."""
        ended = self.process.poll()
        if ended is not None:
            return f"has ended (status {ended})"
        if self.was or now - self.asked > self.limits.between:
            self._ask(now)
        if now - self.well <= (self.limits.starting if self.was else self.limits.silent):
            return None
        return f"was not well within {self.limits.starting:g} s" if self.was else "gives no answer"

    def _ask(self, now: float) -> None:
        self.asked, self.answers = now, self.service.is_well(self.began)
        if self.answers:
            self.well, self.vain = now, 0

    def excuse(self, now: float) -> None:
        """Give it all its time from now on: what it needs is not in order."""
        self.well = self.since = now

    def may_start_again(self, now: float) -> bool:
        """Note that it is to be started again; False if that was too often, of late or without ever being well."""
        self.restarts[:] = [*(at for at in self.restarts if now - at < self.limits.within), now]
        self.vain += 1
        return max(len(self.restarts), self.vain) <= self.limits.restarts

    def start_again(self, process: "subprocess.Popen[bytes]", began: datetime, complaint: str, now: float) -> None:
        """Note the process that it runs as from now on, and what was wrong with the one before."""
        self.process, self.began, self.well, self.answers = process, began, now, False
        if self.was is None:
            self.was, self.since, self.told = complaint, now, False

    def has_recovered(self) -> str | None:
        """Return what was wrong with it if it is well again, and forget it."""
        if not self.in_order:
            return None
        was, self.was = self.was, None
        return was

    def is_overdue(self, now: float) -> bool:
        """Whether it should be well again by now, and nobody was told that it is not; True once."""
        overdue = self.was is not None and not self.answers and now - self.since > self.limits.starting
        first, self.told = overdue and not self.told, self.told or overdue
        return first
