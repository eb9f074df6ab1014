"""Reads points in time as people and programs write them."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

STAMP = re.compile(r"(?<!\d)(\d{8})(?:[_T-]?(\d{6}))?(?!\d)")
DIGITS = re.compile(r"\d{10}(\d{3})?(\.\d+)?")
"""Seconds or milliseconds of the epoch as a text."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IN_MILLISECONDS = 1e11
"""Seconds of the epoch reach this in the year 5138; a larger number counts milliseconds."""


def parse_time(value: object, timezone: str = "UTC") -> datetime | None:
    """Return the aware time of a value, None if it is none.

    Read are ISO 8601 with or without offset, with ``T`` or a blank, a date alone, ``YYYYmmdd`` and ``YYYYmmdd_HHMMSS``
    within a text, and seconds or milliseconds of the epoch. A time without an offset is taken to be in ``timezone``, an
    IANA zone name. A time before 1970 is a default that somebody's clock or database filled in.
    """
    try:
        found = _read(value)
        if found is None:
            return None
        aware = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))
        moment = aware.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment >= EPOCH else None


def _read(value: object) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000 if value >= IN_MILLISECONDS else value, UTC) if value > 1e8 else None
    if not isinstance(value, str):
        return None
    if DIGITS.fullmatch(value.strip()):
        return _read(float(value))
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        stamp = STAMP.search(value)
        return stamp and datetime.strptime(stamp.group(1) + (stamp.group(2) or "000000"), "%Y%m%d%H%M%S")
