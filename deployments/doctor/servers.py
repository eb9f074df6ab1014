"""Looks at MLflow and Prefect: reachable, of our version, with our time, with a worker."""

import re
from importlib.metadata import version
from typing import Any
from urllib.parse import quote, urlsplit

from configs.schema import MlflowSection
from deployments.doctor.asking import Answer, get, mlflow_headers, prefect_headers, read, shown
from podium.errors import ConfigError
from podium.health import Health, clock, versions
from tasks.effects.chains import require_own_model

DENIED, UNAVAILABLE = frozenset({401, 403}), 503
MLFLOW, PREFECT = "http://HOST:PORT", "http://HOST:PORT/api"
"""Addresses of servers, as they are expected."""
FIRST = "get?experiment_id=0"
"""The question for the experiment that every server has, unless somebody removed it."""
VERSION = re.compile(r"\d[\w.+!-]*")
"""What a server says of itself; a login page before it says something else."""


def is_address(url: str) -> bool:
    """Whether a server can be asked there at all."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def no_address(name: str, given: str, expected: str, mend: str) -> Health:
    """Return the check of what is no address."""
    return Health(name, "fail", f"{shown(given)} is no address: {expected} is expected", mend)


def mlflow_server(uri: str) -> list[Health]:
    """Look at an MLflow server."""
    if not is_address(uri):
        return [no_address("mlflow", uri, MLFLOW, "mend MLFLOW_TRACKING_URI or mlflow.tracking_uri")]
    found = get(f"{uri.rstrip('/')}/version", mlflow_headers())
    if found.status != 200:
        return [_absent("mlflow", uri, found, "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")]
    told = found.body.strip()
    if not (VERSION.fullmatch(told) or _speaks_mlflow(uri)):
        return [_other("mlflow", uri, "MLflow", "MLFLOW_TRACKING_TOKEN")]
    return [
        Health("mlflow", "pass", f"{shown(uri)} answers"),
        versions("mlflow version", version("mlflow"), told[:50].partition("\n")[0]),
        *_clock("mlflow clock", found),
    ]


def experiment_in(found: Answer) -> dict[str, Any]:
    """Return the experiment that an MLflow server told of, empty if it knows none."""
    known = read(found.body).get("experiment")
    return known if isinstance(known, dict) else {}


def named(name: str) -> str:
    """Return the question for the experiment of a name."""
    return f"get-by-name?experiment_name={quote(name)}"


def artifact_location(uri: str, section: MlflowSection) -> str | None:
    """Return where a server keeps the artifacts of the experiment; before it is there, those of its first one."""
    where = f"{uri.rstrip('/')}/api/2.0/mlflow/experiments"
    asked = (get(f"{where}/{question}", mlflow_headers()) for question in (named(section.experiment), FIRST))
    return next((known.get("artifact_location") for one in asked if (known := experiment_in(one))), None)


def require_own_decisions(section: MlflowSection) -> None:
    """Return unless an MLflow server says that the configured experiment holds the decisions on another model.

    Raises:
        ConfigError: it says so: each command that decides would refuse.
    """
    uri = section.tracking_uri or ""
    if is_address(uri):
        where = f"{uri.rstrip('/')}/api/2.0/mlflow/experiments/{named(f'{section.experiment}.decisions')}"
        tags = experiment_in(get(where, mlflow_headers())).get("tags") or ()
        require_own_model(section, {tag["key"]: tag["value"] for tag in tags})


def decisions(section: MlflowSection) -> list[Health]:
    """Look whether the configured experiment is this model's, or nobody's yet."""
    try:
        require_own_decisions(section)
    except ConfigError as error:
        said, _, mend = str(error).partition(": ")
        return [Health("experiment", "fail", said, mend)]
    return []


def prefect_server(api: str) -> list[Health]:
    """Look at a Prefect server."""
    if not is_address(api):
        return [no_address("prefect", api, PREFECT, "mend PREFECT_API_URL")]
    found = get(f"{api.rstrip('/')}/admin/version", prefect_headers())
    told = _version_in(found)
    if not told and (right := _right(api)):
        return [Health("prefect", "fail", f"{shown(api)} lacks /api", f"set PREFECT_API_URL to {shown(right)}")]
    if found.status != 200:
        return [_absent("prefect", api, found, "PREFECT_API_AUTH_STRING or PREFECT_API_KEY")]
    if not told:
        return [_other("prefect", api, "Prefect", "PREFECT_API_KEY")]
    return [
        Health("prefect", "pass", f"{shown(api)} answers"),
        versions("prefect version", version("prefect"), told),
        *_clock("prefect clock", found),
        *_database(api),
    ]


def _version_in(found: Answer) -> str:
    """Return the version that a Prefect server told, empty if what it told is none."""
    told = found.body.strip().strip('"')
    return told if found.status == 200 and VERSION.fullmatch(told) else ""


def _right(api: str) -> str | None:
    """Return the address with the /api that is easily forgotten, if that is where the server is."""
    right = f"{api.rstrip('/')}/api"
    if api.rstrip("/").endswith("/api"):
        return None
    return right if _version_in(get(f"{right}/admin/version", prefect_headers())) else None


def _database(api: str) -> list[Health]:
    """Look whether a server reaches its database, whose schema it brings up to date itself and tells nobody."""
    found = get(f"{api.rstrip('/')}/ready", prefect_headers())
    if found.status != UNAVAILABLE:
        return []
    return [Health("prefect database", "fail", "the server does not reach it", "see the log of the server")]


def _absent(name: str, url: str, found: Answer, credentials: str) -> Health:
    where = shown(url)
    if found.status in DENIED:
        return Health(name, "fail", f"{where} refuses us: {found.problem}", f"set {credentials}")
    host = urlsplit(url).netloc.rpartition("@")[2]
    mend = f"start it, or mend its address; is {host} the right host and port?"
    return Health(name, "fail", f"{where} does not answer: {found.problem or found.status}", mend)


def _speaks_mlflow(uri: str) -> bool:
    """Whether the interface answers at an address that tells no version: some who offer MLflow have that alone."""
    found = get(f"{uri.rstrip('/')}/api/2.0/mlflow/experiments/{FIRST}", mlflow_headers())
    return not {"experiment", "error_code"}.isdisjoint(read(found.body))


def _other(name: str, url: str, product: str, credentials: str) -> Health:
    """Return the check of an address where something answers that is not what is expected there."""
    said = f"{shown(url)} answers, and not as {product} does: it may be a page to log in at, or another server"
    return Health(name, "fail", said, f"mend its address, or let what stands before it pass us: see {credentials}")


def _clock(name: str, found: Answer) -> list[Health]:
    return [] if found.ahead is None else [clock(name, found.ahead)]


def _pool(api: str, project: str) -> str:
    """Return the work pool that a project is registered in, or would be."""
    name = quote(f"{project}-select")
    found = get(f"{api.rstrip('/')}/deployments/name/select/{name}", prefect_headers())
    return str(read(found.body).get("work_pool_name") or "podium")


def workers(api: str, project: str) -> Health:
    """Look for a worker that reports of the pool in which a project is registered."""
    pool = _pool(api, project)
    found = get(f"{api.rstrip('/')}/work_pools/{quote(pool)}", prefect_headers())
    if found.status == 404:
        return Health("worker", "warn", f"there is no work pool {pool!r}", "register: podium deploy")
    if read(found.body).get("status") == "READY":
        return Health("worker", "pass", f"a worker of the pool {pool!r} reports")
    mend = f"prefect worker start --pool {pool}, or podium up"
    return Health("worker", "warn", f"no worker of the pool {pool!r} reports", mend)
