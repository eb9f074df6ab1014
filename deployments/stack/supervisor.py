"""Starts a stack, watches it, starts again what ends, and ends all of it."""

import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from filelock import Timeout

from deployments.projects import Project
from deployments.stack import guard, services
from deployments.stack.home import Running, StackHome, with_process
from deployments.stack.ports import choose
from deployments.stack.processes import Ending, Mark, living, start
from deployments.stack.services import Addresses, Service
from deployments.stack.watched import Watched
from podium.errors import PodiumError, UsageError
from podium.progress import announce

PATIENCE = 180.0
"""Seconds a first start may take on a busy machine."""
POLL = 0.1
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _heeded() -> list[signal.Signals]:
    """Return the signals that end a stack: not that of a closed terminal if `nohup` has it ignored."""
    return [s for s in STOPS if s != signal.SIGHUP or signal.getsignal(s) != signal.SIG_IGN]


Ready = Callable[[Running, Mapping[str, Any]], None]
"""Is told what runs and what was registered, once all is well."""


class Stopped(Exception):  # noqa: N818 - it is no error
    """Somebody asked the stack to end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to run: a project, its database, and ports, if others than the usual are wished."""

    project: Project
    config: Path | None
    tracking_uri: str
    mlflow_port: int | None = None
    prefect_port: int | None = None
    teller: tuple[str, ...] = ()
    """A command that is given the name of a service that was started again, and why."""


class Supervisor:
    """A stack in one home."""

    def __init__(self, places: StackHome, wanted: Wanted) -> None:
        self._places, self._wanted = places, wanted
        self._stops = 0
        self._stop = threading.Event()
        self._watched: dict[str, Watched] = {}
        self._running = Running(secrets.token_hex(8), os.getpid())

    def run(self, on_ready: Ready) -> bool:
        """Run the stack until somebody ends it, and return whether it was ready by then.

        Raises:
            UsageError: a stack runs in this home already, or a port is taken.
            PodiumError: a service does not start, or ends again and again.
        """
        self._places.make()
        lock = self._places.lock()
        try:
            lock.acquire(timeout=1)
        except Timeout:
            raise self._runs_already() from None
        former = {number: signal.signal(number, self._asked_to_stop) for number in _heeded()}
        try:
            return self._run(on_ready)
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
            lock.release()

    def _runs_already(self) -> UsageError:
        found = self._places.read()
        where = f" (process {found.parent}): {found.mlflow} and {found.prefect}" if found else ""
        return UsageError(f"podium up runs already in {self._places.home}{where}; end that one, or set PODIUM_HOME")

    def _asked_to_stop(self, *_: object) -> None:
        self._stops += 1
        self._stop.set()

    def _run(self, on_ready: Ready) -> bool:
        self._end_orphans()
        keeper = guard.start(self._places.home, self._running.token)
        try:
            self._start(on_ready)
            self._watch()
        except Stopped:
            return self._running.ready
        finally:
            self._end()
            keeper.communicate()
        return True

    def _end_orphans(self) -> None:
        """End what an earlier start left, if that was killed together with its guard."""
        home = self._places.home
        if living(home):
            announce("ending what an earlier podium up left")
            Ending(lambda: living(home), lambda: self._stops > 1).end()

    def _start(self, on_ready: Ready) -> None:
        wanted = self._wanted
        addresses = Addresses(
            choose(wanted.mlflow_port, 5000, "--mlflow-port"), choose(wanted.prefect_port, 4200, "--prefect-port")
        )
        variables = services.environment(self._places, addresses, wanted.config)
        self._running = replace(self._running, mlflow=addresses.mlflow, prefect=addresses.prefect)
        self._places.write(self._running)
        announce("starting MLflow and Prefect")
        self._spawn(services.prefect(self._places, addresses, variables))
        self._spawn(services.mlflow(wanted.tracking_uri, addresses, variables))
        self._await("prefect")
        announce("registering deployments and automations, starting the worker")
        since = datetime.now(UTC)
        services.make_pool(addresses.api)
        self._spawn(services.worker(addresses, variables, since))
        registered = self._prepare(variables, since)
        self._await("mlflow")
        self._await("worker")
        self._running = replace(self._running, ready=True)
        self._places.write(self._running)
        on_ready(self._running, registered)

    def _spawn(self, service: Service) -> None:
        command, log = service.command, self._log(service.name)
        process = start(command, self._mark(service.name), service.environment, log)
        before = self._watched.get(service.name)
        restarts = before.restarts if before else []
        self._watched[service.name] = Watched(service, process, time.monotonic(), restarts=restarts)
        self._running = with_process(self._running, service.name, process.pid)
        self._places.write(self._running)

    def _mark(self, name: str) -> Mark:
        return Mark(str(self._places.home), self._running.token, name)

    def _preparation(self, since: datetime) -> tuple[str, ...]:
        project = json.dumps(asdict(self._wanted.project))
        return (sys.executable, "-P", "-m", "deployments.stack.prepare", project, since.isoformat())

    def _log(self, name: str) -> Path:
        return self._places.logs / f"{name}.log"

    def _await(self, name: str) -> None:
        """Return once a service is well."""
        watched, deadline = self._watched[name], time.monotonic() + PATIENCE
        while not watched.service.is_well():
            if watched.process.poll() is not None:
                raise PodiumError(f"{name} did not start: {self._last_words(name)}")
            if time.monotonic() > deadline:
                raise PodiumError(f"{name} does not answer after {PATIENCE:g} s: {self._last_words(name)}")
            self._pause(POLL)

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped

    def _last_words(self, name: str) -> str:
        log = self._log(name)
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
        said = next((line for line in reversed(lines) if line), "nothing")
        return f"its log {log} ends with {said[:300]!r}"

    def _prepare(self, variables: Mapping[str, str], since: datetime) -> dict[str, Any]:
        """Return what was registered, by a process that is ended like all others."""
        log = self._log("deploy")
        process = start(self._preparation(since), self._mark("deploy"), variables, log)
        while process.poll() is None:
            self._pause(POLL)
        if process.returncode != 0:
            raise PodiumError(f"nothing could be registered: {self._last_words('deploy')}")
        last = log.read_text(encoding="utf-8").splitlines()[-1]
        document: dict[str, Any] = json.loads(last)
        return document

    def _watch(self) -> None:
        """Start again what ends or gives no answer any more."""
        while True:
            for watched in list(self._watched.values()):
                if complaint := watched.complaint(time.monotonic()):
                    self._restart(watched, complaint)
                elif watched.was and watched.service.is_well():
                    self._tell(watched.service, watched.was)
                    watched.was = None
            self._pause(0.5)

    def _tell(self, service: Service, was: str) -> None:
        """Let somebody tell that a service was started again, by a process that is ended like all others."""
        if teller := self._wanted.teller:
            start((*teller, service.name, was), self._mark("alerts"), service.environment, self._log("alerts"))

    def _restart(self, watched: Watched, complaint: str) -> None:
        name = watched.service.name
        if not watched.started_again(time.monotonic()):
            raise PodiumError(f"{name} {complaint}, again and again: {self._last_words(name)}")
        announce(f"{name} {complaint}: starting it again")
        self._ending(name).end()
        self._spawn(watched.service)
        self._watched[name].was = complaint

    def _ending(self, name: str | None = None) -> Ending:
        """Return the ending of one service, or of all of this start."""
        home, token = self._places.home, self._running.token

        def find() -> dict[psutil.Process, Mark]:
            return {p: mark for p, mark in living(home, token).items() if name in (None, mark.service)}

        return Ending(find, lambda: self._stops > 1)

    def _end(self) -> None:
        if self._watched:
            announce("ending the worker and the servers")
        self._ending().end()
        self._places.forget(self._running.token)
