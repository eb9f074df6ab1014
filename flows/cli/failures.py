"""Puts an unexpected failure into one line, and its traceback into a file for whoever mends it."""

import errno
import os
import re
import shutil
import traceback
from collections.abc import Collection
from datetime import UTC, datetime

from configs.loading import podium_home
from podium.errors import causes, first_line
from podium.redaction import redacted, without_password
from tasks.effects.reaching import NO_JSON, answers

AGAIN = "run the same command to go on"
UNREACHABLE = (
    *("ConnectionError", "MaxRetryError", "ConnectError", "NewConnectionError", "RemoteDisconnected"),
    *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeout"),
)
FAILING = re.compile(r"too many 5\d\d error responses|error code 5\d\d")
"""What a server's failure looks like after all tries of MLflow's client."""
FAILED = range(500, 600)
SCARCE = 16_000_000
"""Bytes of free space below which SQLite may fail at what it writes aside."""
ELSEWHERE = (404, 405)
"""What a server says to a question at an address that is not its interface's."""
NO_ADDRESS = ("UnsupportedProtocol", "InvalidURL")
"""What Prefect's client raises for an address at which nobody can be asked."""
OF_PREFECT = ("PrefectHTTPStatusError", "HTTPStatusError")
"""What Prefect's client raises for an answer."""
NOT_UNDERSTOOD = ("JSONDecodeError", "InvalidVersion", "ValidationError")
"""What Prefect's client raises for an answer that is none of Prefect's; other libraries raise such errors, too."""
SILENT = ("ReadTimeout", "WriteTimeout", "PoolTimeout")
"""What Prefect's client raises if a server that takes its call does not answer in time."""
ADDRESS = re.compile(r"API request to (https?://[^/\s]+\S*?)/api/2\.0/mlflow")
"""Where a call went, in the words of MLflow's client."""
UNKNOWN = ("UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED")
"""MLflow's words for an answer 401."""


def describe(error: Exception) -> str:
    """Return one line about an unexpected error and write its traceback to a file in ``PODIUM_HOME``."""
    first = first_line(error)
    if refused := _refused(error):
        return refused
    if astray := _astray(error) or _other(error):
        return astray
    if full := _full(error):
        return f"no room is left: {full}; make room; what was finished is kept, {AGAIN}"
    if FAILING.search(str(error)) or (_unreachable(error) and _answers(str(error))):
        return f"MLflow's server fails, see its log (a full disk?): {first}; what was finished is kept, {AGAIN}"
    if _prefect_fails(error):
        return f"Prefect's server fails or is too busy: {first}; what was finished is kept, {AGAIN}"
    if _unreachable(error):
        return f"MLflow or Prefect cannot be reached: {first}; what was finished is kept, {AGAIN}"
    return f"unexpected {type(error).__name__}: {first} (traceback: {_write(error)})"


def _full(error: Exception) -> str | None:
    """Return what a disk that is full, or a quota that is used up, said, if one is the cause."""
    for cause in causes(error):
        if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            return first_line(cause)
        if "database or disk is full" in str(cause):
            return "database or disk is full"
    return _full_home() if _prefect_fails(error) else None


def _full_home() -> str | None:
    """Return how little room Podium's home has: a Prefect that writes there says no more than that it fails."""
    try:
        free = shutil.disk_usage(podium_home()).free
    except OSError:
        return None
    return f"{podium_home()} has {free / 1e6:.1f} MB free" if free < SCARCE else None


def _unreachable(error: Exception) -> bool:
    return any(type(cause).__name__ in UNREACHABLE or "Max retries exceeded" in str(cause) for cause in causes(error))


def _prefect_fails(error: Exception) -> bool:
    """Whether Prefect's server failed, or took a call and gave no answer in time."""
    return _status(error) in FAILED or _is_of_httpx(error, SILENT)


def _is_of_httpx(error: Exception, names: Collection[str]) -> bool:
    """Whether Prefect's client raised an error of these names; MLflow's client has some of the same name."""
    return any(type(one).__name__ in names and type(one).__module__ == "httpx" for one in causes(error))


def _answers(text: str) -> bool:
    """Whether the server of a failed call answers others: it ends an upload in the middle if its disk is full."""
    asked = ADDRESS.search(text)
    return asked is not None and answers(asked[1])


def _refused(error: Exception) -> str | None:
    """Return what to do if a server does not know who asks, or does not allow it."""
    code = getattr(error, "error_code", None)
    if code in UNKNOWN:
        return "MLflow refuses the credentials: see MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    if code == "PERMISSION_DENIED":
        return f"MLflow does not allow this to the user of MLFLOW_TRACKING_USERNAME: {first_line(error)}"
    if _status(error) == 401:
        return "Prefect's server refuses the credentials: see PREFECT_API_AUTH_STRING and PREFECT_API_KEY"
    return None


def _astray(error: Exception) -> str | None:
    """Return what to do if the address of Prefect's server is none, or leads past what its client asks for."""
    if _is_of_httpx(error, NO_ADDRESS):
        return f"{_prefect()} is no address: http://HOST:PORT/api is expected: mend PREFECT_API_URL"
    if _status(error) not in ELSEWHERE or "/api/" in str(getattr(error, "response").url):  # noqa: B009 - as below
        return None
    return f"{_prefect()} leads to no interface of Prefect's: mend PREFECT_API_URL; it ends in /api as a rule"


def _other(error: Exception) -> str | None:
    """Return what to do if what answers is neither MLflow nor Prefect, but perhaps a page to log in at."""
    if NO_JSON in str(error):
        return "MLflow's address answers with a web page, and not as MLflow does: is there a login before it by now?"
    api = os.environ.get("PREFECT_API_URL")
    if not api or not any(type(one).__name__ in NOT_UNDERSTOOD for one in causes(error)):
        return None
    from deployments.doctor.servers import prefect_server

    found = prefect_server(api)[0]
    return f"{found.detail}: {found.mend}" if found.status == "fail" else None


def _prefect() -> str:
    """Return where the environment says that Prefect's server is."""
    given = os.environ.get("PREFECT_API_URL")
    return f"PREFECT_API_URL={without_password(given)}" if given else "what Prefect's profile names"


def _status(error: Exception) -> int | None:
    """Return the status of the answer that Prefect's client could do nothing with, if it was one.

    MLflow's client has errors with a response, too, of another library.
    """
    if type(error).__name__ not in OF_PREFECT:
        return None
    return int(getattr(error, "response").status_code)  # noqa: B009 - without importing Prefect's client


def _write(error: Exception) -> str:
    folder = podium_home() / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"failure-{datetime.now(UTC):%Y%m%d-%H%M%S}.log"
        path.write_text(redacted("".join(traceback.format_exception(error))), encoding="utf-8")
    except OSError as problem:
        return f"none, as {folder} cannot be written: {problem.strerror}; add --verbose to see it"
    return str(path)
