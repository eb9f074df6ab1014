"""A real ``podium up``, which tests and benchmarks start, ask and end."""

import asyncio
import contextlib
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from prefect.events import Event
from prefect.events.clients import PrefectEventsClient

from benchmarks.processes import PODIUM
from benchmarks.servers import free_port
from deployments.stack.processes import living

PATIENCE = 240.0
BUSY = 503


def until(reached: Callable[[], Any], what: str, every: float = 0.1) -> Any:
    """Wait for something and return it. What costs those dear that are waited for is asked less often."""
    deadline = time.monotonic() + PATIENCE
    while not (found := reached()):
        assert time.monotonic() < deadline, what
        time.sleep(every)
    return found


class Up:
    """A ``podium up`` in a home, with ports of its own."""

    def __init__(self, config: Path, home: Path, **variables: str) -> None:
        self.home, self.config = home, config
        ports = ("--mlflow-port", str(free_port()), "--prefect-port", str(free_port()))
        self.process = subprocess.Popen(
            [PODIUM, "up", "--json", "--config", str(config), *ports],
            cwd=config.parent,
            env={**os.environ, "PODIUM_HOME": str(home), "PREFECT_LOGGING_LEVEL": "INFO", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.family: set[psutil.Process] = set()

    def ready(self) -> dict[str, Any]:
        """Wait until it is ready and return the document it prints."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line == "}\n":
                told: dict[str, Any] = json.loads("".join(lines))
                return told
        raise AssertionError(self.process.communicate())

    def of_service(self, name: str) -> list[psutil.Process]:
        """Return the processes of one of its services."""
        return [process for process, mark in living(self.home).items() if mark.service == name]

    def look(self) -> None:
        """Remember every process there is now, marked or not."""
        self.family |= set(living(self.home)) | set(psutil.Process(self.process.pid).children(recursive=True))

    def is_gone(self) -> bool:
        """Whether no process is left, neither of those remembered nor any other."""
        return not living(self.home) and not any(
            p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in self.family
        )

    def end(self) -> None:
        """End it and all it started at once."""
        self.process.kill()
        self.process.communicate()
        for process in living(self.home):
            with contextlib.suppress(psutil.Error):
                process.kill()


def emit(api: str, model_id: str, registered_model: str) -> None:
    """Tell with a plain Prefect client that a model was trained."""
    resource = {
        "prefect.resource.id": f"podium.model.{model_id}",
        "podium.model.id": model_id,
        "podium.registered_model": registered_model,
    }

    async def send() -> None:
        async with PrefectEventsClient(api) as client:
            await client.emit(Event(event="podium.model.trained", resource=resource))

    asyncio.run(send())


def asked(api: str, path: str, question: object = None) -> Any:
    """Return the answer of the Prefect server to a question, or to a plain request without one.

    On SQLite it refuses what collides with its own writing, and may let others wait for long; its clients ask again.
    """
    body = None if question is None else json.dumps(question).encode()
    request = urllib.request.Request(f"{api}/{path}", body, {"Content-Type": "application/json"})

    def answer() -> list[Any]:
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return [json.load(reply)]
        except urllib.error.HTTPError as error:
            assert error.code == BUSY
        except TimeoutError:
            pass
        return []

    return until(answer, path)[0]


def runs_of(api: str, flow: str) -> list[dict[str, Any]]:
    """Return the runs of a flow that no schedule made, the last made first."""
    wanted = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_DESC"}
    return [run for run in asked(api, "flow_runs/filter", wanted) if not run["auto_scheduled"]]


def start_run(api: str, deployment: str) -> dict[str, Any]:
    """Start a run of a deployment, named ``flow/deployment``, and return it."""
    found = asked(api, f"deployments/name/{deployment}")["id"]
    made: dict[str, Any] = asked(api, f"deployments/{found}/create_flow_run", {})
    return made


def state_of(api: str, run: str) -> str:
    """Return the type of the state that a run is in."""
    return str(asked(api, f"flow_runs/{run}")["state_type"])
