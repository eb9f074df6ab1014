"""What a stack is made of: how each service is started, and how it shows that it works."""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from configs.places import SQLITE
from deployments.stack.home import StackHome
from deployments.stack.ports import HOST
from podium.errors import PodiumError, UsageError
from podium.redaction import without_password
from tasks.effects import blank
from tasks.effects.databases import OF_MLFLOW, OF_PREFECT, require_file

UNHEARD = (OSError, http.client.HTTPException)
"""Errors of a server that is not there, is too slow, or ends in the middle of its answer."""
POOL, WORKER = "podium", "podium-up"
ELSEWHERE = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "PODIUM_MLFLOW__TRACKING_URI",
    "PREFECT_API_URL",
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_API_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_PROFILE",
    "PREFECT_PROFILES_PATH",
)
"""Variables that lead to other servers than those of the stack, or to their databases."""
QUIET = ("--uvicorn-opts", "--log-level warning")
"""Not a line for each question about health."""
CONFLICT, BUSY = 409, 503
SOON = 0.2
"""Seconds after which a server that was busy with its own database is asked again."""
WRITING = 60.0
"""Seconds for the first write of a server that has just started."""
ANSWER = 3.0
"""Seconds for one question about health."""
FRESH = timedelta(seconds=90)
"""Age of a worker's last report with which it is well: three times that between two reports."""
REPORTS = "30"
"""Seconds between two reports of the worker."""
FEWEST, MOST = 2, 8
"""Runs at once: one that takes hours must not keep all others waiting; each takes a core and half a GB to begin."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process with all it starts.

    ``is_well`` asks it, and is told when it was started: what it said before says nothing. ``needs`` names the service
    without which it cannot be well.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    is_well: Callable[[datetime], bool]
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers of a stack listen."""

    mlflow_port: int
    prefect_port: int

    @property
    def mlflow(self) -> str:
        """MLflow's address."""
        return f"http://{HOST}:{self.mlflow_port}"

    @property
    def prefect(self) -> str:
        """The address of Prefect's user interface."""
        return f"http://{HOST}:{self.prefect_port}"

    @property
    def api(self) -> str:
        """The address of Prefect's API."""
        return f"{self.prefect}/api"


def environment(places: StackHome, addresses: Addresses, config: Path | None) -> dict[str, str]:
    """Return the environment of all services: this stack and no other servers."""
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    defaults = {
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Jobs are for evaluating language models; their consumers would be seven processes more.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "INFO",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        # Prefect's own default is to keep runs, with their logs, for ever, and only events for a time.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    }
    fixed = {
        "PODIUM_HOME": str(places.home),
        "PREFECT_HOME": str(places.prefect),
        "PREFECT_API_URL": addresses.api,
        "MLFLOW_TRACKING_URI": addresses.mlflow,
        "PREFECT_WORKER_HEARTBEAT_SECONDS": REPORTS,
        "PREFECT_CLI_PROMPT": "false",
        "NO_COLOR": "1",
    }
    return {**defaults, **kept, **fixed, **({"PODIUM_CONFIG": str(config.absolute())} if config else {})}


def mlflow(tracking_uri: str, addresses: Addresses, variables: Mapping[str, str]) -> Service:
    """Return the MLflow server of a database.

    Artifacts are written to the folder beside it by whoever logs them, as in the embedded mode: what the stack made can
    be read without it.

    Raises:
        UsageError: the configuration names a server.
    """
    if not tracking_uri.startswith(SQLITE):
        named = without_password(tracking_uri)
        raise UsageError(
            f"mlflow.tracking_uri is {named}, and podium up would start an MLflow of its own: remove the key, or use "
            f"`podium deploy` and `prefect worker start` with your servers"
        )
    database = Path(tracking_uri.removeprefix(SQLITE))
    database.parent.mkdir(parents=True, exist_ok=True)
    blank.place("mlflow", database)
    require_file(database, OF_MLFLOW)
    options = ("--host", HOST, "--port", str(addresses.mlflow_port), "--workers", "1", "--no-serve-artifacts", *QUIET)
    stores = ("--backend-store-uri", tracking_uri, "--default-artifact-root", str(database.parent / "artifacts"))
    command = (sys.executable, "-P", "-m", "mlflow", "server", *options, *stores)
    return Service("mlflow", command, variables, lambda _: answers(f"{addresses.mlflow}/health"))


def prefect(places: StackHome, addresses: Addresses, variables: Mapping[str, str]) -> Service:
    """Return the Prefect server."""
    database = places.prefect / "prefect.db"
    blank.place("prefect", database)
    require_file(database, OF_PREFECT)
    current = {"PREFECT_API_DATABASE_MIGRATE_ON_START": "false"} if blank.is_current("prefect", database) else {}
    command = (sys.executable, "-P", "-m", "deployments.stack.prefect_server", str(addresses.prefect_port))
    own = {"PREFECT_MESSAGING_BROKER": "deployments.stack.messaging", **variables, **current}
    return Service("prefect", command, own, lambda _: answers(f"{addresses.api}/health"))


def worker(addresses: Addresses, variables: Mapping[str, str]) -> Service:
    """Return the worker; it is well while it reports to the server."""
    command = (sys.executable, "-P", "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process")
    own = ("--name", WORKER, "--limit", str(runs_at_once(os.cpu_count())))
    return Service("worker", (*command, *own), variables, lambda since: has_reported(addresses.api, since), "prefect")


def runs_at_once(cores: int | None) -> int:
    """Return how many runs a worker starts at once: what came due in an outage is a crowd at its end."""
    return min(max(FEWEST, (cores or 0) // 2), MOST)


def answers(url: str) -> bool:
    """Whether a server says that it is healthy."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)
    except UNHEARD:
        return False


def has_reported(api: str, since: datetime, pool: str = POOL) -> bool:
    """Whether the worker that was started at a time reports to the server."""
    try:
        found: list[dict[str, Any]] = ask(f"{api}/work_pools/{pool}/workers/filter", {})
        times = [w["last_heartbeat_time"] for w in found if w["name"] == WORKER and w["last_heartbeat_time"]]
        now = datetime.now(UTC)
        return any(is_of_now(datetime.fromisoformat(time), since, now) for time in times)
    except (*UNHEARD, ValueError, TypeError, KeyError):
        return False


def is_of_now(reported: datetime, since: datetime, now: datetime) -> bool:
    """Whether a report is of the process that was started ``since``, and no longer ago than it may be."""
    return reported >= max(since, now - FRESH)


def make_pool(api: str, pool: str = POOL, patience: float = WRITING) -> None:
    """Make the work pool, which worker and registration would both make at once.

    Raises:
        PodiumError: the server does not take it, or is not heard of for too long.
    """
    deadline = time.monotonic() + patience
    while problem := _refusal(api, pool, patience):
        if time.monotonic() > deadline:
            raise PodiumError(f"Prefect does not take a work pool: {problem}")
        time.sleep(SOON)


def _refusal(api: str, pool: str, patience: float) -> str | None:
    """Return why a server has no work pool yet and may be asked again, None if it has it."""
    try:
        ask(f"{api}/work_pools/", {"name": pool, "type": "process"}, patience)
    except urllib.error.HTTPError as error:
        if error.code not in (CONFLICT, BUSY):
            raise PodiumError(f"Prefect does not take a work pool: {error.code} {error.reason}") from None
        return None if error.code == CONFLICT else f"{error.code} {error.reason}"
    except (*UNHEARD, ValueError) as error:
        # What it was asked may be done all the same: then the next answer is that it is there.
        return str(error) or type(error).__name__
    return None


def ask(url: str, question: object, patience: float = ANSWER) -> Any:
    """Return the JSON answer of a server to a JSON question."""
    body = json.dumps(question).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=patience) as reply:  # noqa: S310
        return json.load(reply)
