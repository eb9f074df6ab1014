"""Looks at the store of artifacts, wherever it is: nothing is written, and nothing but an empty place is listed."""

import urllib.parse
from pathlib import Path

from deployments.doctor import places
from deployments.doctor.asking import get, mlflow_headers, shown
from podium.errors import first_line
from podium.health import Health
from tasks.effects.bounded import within

PATIENCE = 20.0
"""Seconds for one look: a client of an object store tries several times."""
NOWHERE = "podium-doctor"
"""A place in the store that nobody writes to, so that listing it takes no time."""


def artifacts(location: str, server: str) -> list[Health]:
    """Look at an artifact store, as an MLflow server names it."""
    parts = urllib.parse.urlsplit(location)
    if parts.scheme in ("", "file"):
        return places.artifacts(Path(urllib.parse.unquote(parts.path)))
    if parts.scheme == "mlflow-artifacts":
        return [_of_server(server, parts)]
    return [_of_client(location)]


def _of_server(server: str, parts: urllib.parse.SplitResult) -> Health:
    """Look at a store that the server reads and writes for its clients."""
    path = urllib.parse.quote(f"{parts.path.strip('/')}/{NOWHERE}")
    base = urllib.parse.urlsplit(server)._replace(netloc=parts.netloc).geturl() if parts.netloc else server
    address = f"{base.rstrip('/')}/api/2.0/mlflow-artifacts/artifacts?path={path}"
    found = get(address, mlflow_headers(), wait=PATIENCE)
    if found.status == 200:
        return Health("artifacts", "pass", "by the server, which can list them")
    said = f"the server cannot list them: {found.problem or found.status}"
    return Health("artifacts", "fail", said, "see its log, its --artifacts-destination, and its access to that")


def _of_client(location: str) -> Health:
    """Look at a store that each client reads and writes itself."""
    where, problem = shown(location), _listing(location)
    if problem is None:
        return Health("artifacts", "pass", f"{where} can be listed")
    mend = "set the access to it in the environment, or let the server write: mlflow server --serve-artifacts"
    if isinstance(problem, ImportError):
        mend = "install what reads it (for s3: the extra podium[production])"
    return Health("artifacts", "fail", f"{where} cannot be listed: {first_line(problem)}", mend)


def _listing(location: str) -> BaseException | None:
    """Return why a store cannot be listed, None if it can."""
    try:
        within(PATIENCE, lambda: _list(location))
    except Exception as error:
        return error
    return None


def _list(location: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    get_artifact_repository(location).list_artifacts(NOWHERE)
