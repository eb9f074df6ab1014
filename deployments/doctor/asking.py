"""Asks a server: whether it is there, its version, and what time it is there."""

import base64
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit, urlunsplit

from podium.redaction import without_password

PATIENCE = 5.0
"""Seconds for one answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, or the ``problem`` why it did not. ``ahead`` is by how many seconds its clock is ahead."""

    status: int = 0
    body: str = ""
    ahead: float | None = None
    problem: str = ""


def get(url: str, headers: dict[str, str]) -> Answer:
    """Return a server's answer to a question."""
    began = time.time()
    try:
        request = urllib.request.Request(*_apart(url, headers))  # noqa: S310 - HTTP, as its callers see to
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310
            body = reply.read().decode(errors="replace")
            return Answer(reply.status, body, _ahead(reply.headers.get("Date"), (began + time.time()) / 2))
    except urllib.error.HTTPError as error:
        return Answer(error.code, problem=f"{error.code} {error.reason}")
    except (OSError, ValueError) as error:
        return Answer(problem=str(getattr(error, "reason", error)))


def _apart(url: str, headers: dict[str, str]) -> tuple[str, None, dict[str, str]]:
    """Return an address without the name and password it may carry, and the headers with them."""
    parts = urlsplit(url)
    own = basic(unquote(parts.username or ""), unquote(parts.password or ""))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), None, {**headers, **own}


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
