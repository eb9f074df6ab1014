"""The services of one start of a stack: started, watched, started again, and given up where that is of no use."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import psutil

from deployments.stack import logs
from deployments.stack.home import StackHome
from deployments.stack.processes import Ending, Mark, living, start
from deployments.stack.services import Service
from deployments.stack.watched import USUAL, Limits, Watched
from podium.errors import PodiumError
from podium.progress import announce
from podium.service_alerts import News

if TYPE_CHECKING:
    import subprocess

PATIENCE = 180.0
"""Seconds a first start may take on a busy machine."""
POLL, LOOK = 0.1, 0.5
TELLING = 180.0
"""Seconds to tell somebody that all has ended."""
SERVERS = {"mlflow": "MLFLOW_TRACKING_URI", "prefect": "PREFECT_API_URL"}
"""The variables without which a process uses the databases of a stack by itself."""


class GivenUpError(PodiumError):
    """A service was started again and again, and it was of no use."""

    def __init__(self, service: Service, why: str) -> None:
        super().__init__(f"{service.name} {why}")
        self.service, self.why = service, why


@dataclass(frozen=True, slots=True)
class Crew:
    """The services of one start.

    ``pause`` waits for so many seconds, and raises when the stack is to end; ``hurry`` says that nobody waits for
    goodbyes. ``noted`` is told the process of each service. ``teller`` is a command that is given what happened, to
    which service, and why.
    """

    places: StackHome
    token: str
    pause: Callable[[float], None]
    hurry: Callable[[], bool]
    noted: Callable[[str, int], None]
    teller: tuple[str, ...] = ()
    limits: Limits = USUAL
    watched: dict[str, Watched] = field(default_factory=dict)

    def start(self, service: Service) -> None:
        """Start a service."""
        began, process = datetime.now(UTC), self._spawn(service)
        self.watched[service.name] = Watched(service, process, began, time.monotonic(), self.limits)

    def _spawn(self, service: Service) -> "subprocess.Popen[bytes]":
        process = self.run(service.name, service.command, service.environment)
        self.noted(service.name, process.pid)
        return process

    def run(self, name: str, command: Sequence[str], variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """Start a process that is ended like all others, with a log of its own."""
        return start(command, Mark(str(self.places.home), self.token, name), variables, self.log(name))

    def log(self, name: str) -> Path:
        """Return where a process writes its log."""
        return self.places.logs / f"{name}.log"

    def last_words(self, name: str) -> str:
        """Return with what a log ends."""
        log = self.log(name)
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
        said = next((line for line in reversed(lines) if line), "nothing")
        return f"its log {log} ends with {said[:300]!r}"

    def await_well(self, name: str) -> None:
        """Return once a service is well.

        Raises:
            PodiumError: it ended, or is not well in time.
        """
        watched, deadline = self.watched[name], time.monotonic() + PATIENCE
        while not watched.service.is_well(watched.began):
            if watched.process.poll() is not None:
                raise PodiumError(f"{name} did not start: {self.last_words(name)}")
            if time.monotonic() > deadline:
                raise PodiumError(f"{name} does not answer after {PATIENCE:g} s: {self.last_words(name)}")
            self.pause(POLL)

    def watch(self) -> NoReturn:
        """Start again what ends or gives no answer any more, until ``pause`` raises.

        Raises:
            GivenUpError: that is of no use.
        """
        while True:
            for watched in self.watched.values():
                logs.bound(self.log(watched.service.name))
                self._look_at(watched, time.monotonic())
            self.pause(LOOK)

    def _look_at(self, watched: Watched, now: float) -> None:
        if (needed := watched.service.needs) and not self.watched[needed].in_order:
            watched.excuse(now)
            return
        complaint = watched.complaint(now)
        if watched.is_overdue(now):
            self._tell("unwell", watched.service, watched.was or "", {watched.service.name})
        if complaint:
            self._start_again(watched, complaint)
        elif was := watched.has_recovered():
            self._tell("restarted", watched.service, was)

    def _start_again(self, watched: Watched, complaint: str) -> None:
        service = watched.service
        if not watched.may_start_again(time.monotonic()):
            raise GivenUpError(service, f"{complaint}, again and again: {self.last_words(service.name)}")
        announce(f"{service.name} {complaint}: starting it again")
        self.ending(service.name).end()
        try:
            began, process = datetime.now(UTC), self._spawn(service)
        except OSError as error:
            raise GivenUpError(service, f"{complaint}, and cannot be started again: {error}") from None
        watched.start_again(process, began, complaint, time.monotonic())

    def _tell(
        self, news: News, service: Service, why: str, away: Collection[str] = ()
    ) -> "subprocess.Popen[bytes] | None":
        """Let somebody be told, by a process that does without the servers that are away."""
        without = {SERVERS.get(name) for name in away}
        variables = {name: value for name, value in service.environment.items() if name not in without}
        try:
            return self.run("alerts", (*self.teller, news, service.name, why), variables) if self.teller else None
        except OSError as error:
            announce(f"nobody can be told of {service.name}: {error}")
            return None

    def tell_of_the_end(self, error: GivenUpError) -> None:
        """Let somebody be told that all has ended, and return once that is done or takes too long."""
        telling, deadline = self._tell("given-up", error.service, error.why, SERVERS), time.monotonic() + TELLING
        while telling and telling.poll() is None and time.monotonic() < deadline:
            self.pause(POLL)

    def ending(self, name: str | None = None) -> Ending:
        """Return the ending of one service, or of all of this start."""

        def find() -> dict[psutil.Process, Mark]:
            found = living(self.places.home, self.token)
            return {process: mark for process, mark in found.items() if name in (None, mark.service)}

        return Ending(find, self.hurry)
