"""Puts an unexpected failure into one line, and its traceback into a file for whoever mends it."""

import traceback
from datetime import UTC, datetime

from configs.loading import podium_home
from podium.errors import first_line
from podium.redaction import redacted

UNREACHABLE = ("ConnectionError", "MaxRetryError", "ConnectError", "NewConnectionError", "RemoteDisconnected")


def describe(error: Exception) -> str:
    """Return one line about an unexpected error and write its traceback to a file in ``PODIUM_HOME``."""
    first = first_line(error)
    if _unreachable(error):
        return f"MLflow or Prefect cannot be reached: {first}; what was finished is kept, run the same command to go on"
    return f"unexpected {type(error).__name__}: {first} (traceback: {_write(error)})"


def _unreachable(error: BaseException | None) -> bool:
    while error is not None:
        if type(error).__name__ in UNREACHABLE or "Max retries exceeded" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _write(error: Exception) -> str:
    folder = podium_home() / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"failure-{datetime.now(UTC):%Y%m%d-%H%M%S}.log"
        path.write_text(redacted("".join(traceback.format_exception(error))), encoding="utf-8")
    except OSError as problem:
        return f"none, as {folder} cannot be written: {problem.strerror}; add --verbose to see it"
    return str(path)
