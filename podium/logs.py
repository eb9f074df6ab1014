"""Keeps secrets out of every log record of this process, whichever library writes it."""

import logging
import traceback
from typing import Any

from podium.redaction import redacted


def guard_logs() -> None:
    """Let no log record of this process show a secret from now on, whichever library writes it."""
    make = logging.getLogRecordFactory()
    if getattr(make, "is_guarded", False):
        return

    def guarded(*arguments: Any, **named: Any) -> logging.LogRecord:
        return _cleaned(make(*arguments, **named))

    guarded.is_guarded = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(guarded)


def _cleaned(record: logging.LogRecord) -> logging.LogRecord:
    said = _said(record)
    trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
    if redacted(trace) != trace:
        record.msg, record.args, record.exc_info = f"{redacted(said)}\n{redacted(trace)}", (), None
    elif redacted(said) != said:
        record.msg, record.args = redacted(said), ()
    return record


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # A call with arguments that do not fit: logging reports it later, and would print them.
        return f"{record.msg} {record.args}"
