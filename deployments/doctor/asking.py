"""Asks a server: whether it is there, its version, and what time it is there."""

import base64
import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from podium.errors import first_line
from podium.redaction import without_password
from tasks.effects.bounded import within

PATIENCE = 5.0
"""Seconds for one answer."""
LOOK = 10.0
"""Seconds for one look, for which a library may have to be imported."""
MARGIN = 1.0
"""Seconds beyond them in which the connection itself says what it waited for."""
MOST = 10_000_000
"""Bytes of an answer that are read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, or the ``problem`` why it did not. ``ahead`` is by how many seconds its clock is ahead."""

    status: int = 0
    body: str = ""
    ahead: float | None = None
    problem: str = ""


def get(
    url: str,
    headers: dict[str, str],
    content: bytes | None = None,
    *,
    method: str | None = None,
    wait: float = PATIENCE,
) -> Answer:
    """Return a server's answer to a question, after at most about ``wait`` seconds; one with content is posted."""
    try:
        request = urllib.request.Request(*_apart(url, headers, content), method=method)  # noqa: S310
        # The time-out is for each part of an answer: one that comes in drops, or without end, has to be left alone.
        return within(wait + MARGIN, lambda: _answer(request, wait))
    except HTTPException as error:
        return Answer(problem=f"what listens there does not speak HTTP: {first_line(error)}")
    except (OSError, ValueError) as error:
        return Answer(problem=str(getattr(error, "reason", error)))


def _answer(request: urllib.request.Request, wait: float) -> Answer:
    began = time.time()
    try:
        with urllib.request.urlopen(request, timeout=wait) as reply:  # noqa: S310
            body = reply.read(MOST).decode(errors="replace")
            return Answer(reply.status, body, _ahead(reply.headers.get("Date"), (began + time.time()) / 2))
    except urllib.error.HTTPError as error:
        return Answer(error.code, _rest(error), problem=f"{error.code} {error.reason}")


def _rest(error: urllib.error.HTTPError) -> str:
    """Return what a server said beside a status that is an error, as far as it came."""
    try:
        return error.read(MOST).decode(errors="replace")
    except (OSError, HTTPException):
        return ""


def read(body: str) -> dict[str, Any]:
    """Return a JSON object that a server sent, empty if it sent anything else."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _apart(url: str, headers: dict[str, str], content: bytes | None) -> tuple[str, bytes | None, dict[str, str]]:
    """Return an address without the name and password it may carry, the content, and the headers with them."""
    parts = urlsplit(url)
    own = basic(unquote(parts.username or ""), unquote(parts.password or ""))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), content, {**headers, **own}


def _ahead(date: str | None, asked: float) -> float | None:
    if not date:
        return None
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (theirs - datetime.fromtimestamp(asked, UTC)).total_seconds()


def basic(name: str, password: str) -> dict[str, str]:
    """Return the header of a name and password; empty if there is none."""
    if not name:
        return {}
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def mlflow_headers() -> dict[str, str]:
    """Return the header that MLflow's client would send."""
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    return basic(os.environ.get("MLFLOW_TRACKING_USERNAME", ""), os.environ.get("MLFLOW_TRACKING_PASSWORD", ""))


def prefect_headers() -> dict[str, str]:
    """Return the header that Prefect's client would send."""
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    name, _, password = os.environ.get("PREFECT_API_AUTH_STRING", "").partition(":")
    return basic(name, password)


def shown(url: str) -> str:
    """Return an address that can be shown."""
    return without_password(url)
