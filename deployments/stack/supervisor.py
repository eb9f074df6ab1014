"""Starts a stack, has it watched, and ends all of it."""

import contextlib
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import Timeout

from configs.places import unusable
from deployments.projects import Project
from deployments.stack import guard, services
from deployments.stack.crew import POLL, Crew, GivenUpError
from deployments.stack.home import Running, StackHome, with_process
from deployments.stack.ports import choose_both
from deployments.stack.processes import Ending, living
from deployments.stack.services import Addresses
from podium.errors import PodiumError, UsageError
from podium.progress import announce

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
    """A command that is given what happened to a service, its name, and why."""
    replace: bool = False
    """Whether it may take over what another config file registered for the same registered model."""


class Supervisor:
    """A stack in one home."""

    def __init__(self, places: StackHome, wanted: Wanted) -> None:
        self._places, self._wanted = places, wanted
        self._stops = 0
        self._stop = threading.Event()
        self._running = Running(secrets.token_hex(8), os.getpid())
        self._crew = Crew(
            places, self._running.token, self._pause, lambda: self._stops > 1, self._note, teller=wanted.teller
        )

    def run(self, on_ready: Ready) -> bool:
        """Run the stack until somebody ends it, and return whether it was ready by then.

        Raises:
            UsageError: a stack runs in this home already, the home cannot be written, or a port is taken.
            PodiumError: a service does not start, or ends again and again.
        """
        self._places.make()
        lock = self._places.lock()
        try:
            lock.acquire(timeout=1)
        except Timeout:
            raise self._runs_already() from None
        except OSError as error:
            raise unusable(self._places.home, "written", error) from None
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
            self._crew.watch()
        except Stopped:
            return self._running.ready
        except GivenUpError as error:
            self._tell_of_the_end(error)
            raise
        finally:
            self._end()
            keeper.communicate()

    def _tell_of_the_end(self, error: GivenUpError) -> None:
        self._end()
        with contextlib.suppress(Stopped):
            self._crew.tell_of_the_end(error)

    def _end_orphans(self) -> None:
        """End what an earlier start left, if that was killed together with its guard."""
        home = self._places.home
        if living(home):
            announce("ending what an earlier podium up left")
            Ending(lambda: living(home), lambda: self._stops > 1).end()

    def _start(self, on_ready: Ready) -> None:
        wanted, crew = self._wanted, self._crew
        addresses = Addresses(*choose_both(wanted.mlflow_port, wanted.prefect_port))
        variables = services.environment(self._places, addresses, wanted.config)
        self._running = replace(self._running, mlflow=addresses.mlflow, prefect=addresses.prefect)
        announce("starting MLflow and Prefect")
        crew.start(services.prefect(self._places, addresses, variables))
        crew.start(services.mlflow(wanted.tracking_uri, addresses, variables))
        crew.await_well("prefect")
        announce("registering deployments and automations, starting the worker")
        since = datetime.now(UTC)
        services.make_pool(addresses.api)
        crew.start(services.worker(addresses, variables))
        registered = self._prepare(variables, since)
        crew.await_well("mlflow")
        crew.await_well("worker")
        self._running = replace(self._running, ready=True)
        self._places.write(self._running)
        on_ready(self._running, registered)

    def _note(self, name: str, pid: int) -> None:
        self._running = with_process(self._running, name, pid)
        self._places.write(self._running)

    def _preparation(self, since: datetime) -> tuple[str, ...]:
        project, how = json.dumps(asdict(self._wanted.project)), ["--replace"] if self._wanted.replace else []
        return (sys.executable, "-P", "-m", "deployments.stack.prepare", project, since.isoformat(), *how)

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped

    def _prepare(self, variables: Mapping[str, str], since: datetime) -> dict[str, Any]:
        """Return what was registered."""
        process = self._crew.run("deploy", self._preparation(since), variables)
        while process.poll() is None:
            self._pause(POLL)
        if process.returncode != 0:
            # What the configuration would have to say otherwise is as wrong as where it is misspelt.
            refused = UsageError if process.returncode == UsageError.exit_status else PodiumError
            raise refused(f"nothing could be registered: {self._crew.last_words('deploy')}")
        last = self._crew.log("deploy").read_text(encoding="utf-8").splitlines()[-1]
        document: dict[str, Any] = json.loads(last)
        return document

    def _end(self) -> None:
        if living(self._places.home, self._running.token):
            announce("ending the worker and the servers")
        self._crew.ending().end()
        self._places.forget(self._running.token)
