"""Reads points in time as people and programs write them."""

import contextlib
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

STAMPS = (
    re.compile(r"(?<!\d)\d{8}(?:[_T-]?\d{6})?(?!\d)"),
    re.compile(
        r"(?<!\d)(\d{4})([-_/])(\d\d)\2(\d\d)"
        r"(?:[ T_-]+(?:(\d\d)([-_:])(\d\d)(?:\6(\d\d))?|(\d\d)(\d\d)(\d\d))(?!\d|:|[.,]\d|\s*[A-Za-z+]))?(?!\d)"
    ),
)
"""Points in time within a text, by their digits. A time of day before a word, which may be a zone, is not taken."""
BETWEEN = re.compile(r"\D+")
DASHED = re.compile(r"\d{4}-\d\d-\d\d[ T_-]\d\d-\d\d")
"""What ISO 8601 would take for a time with an offset, and people write in names of files."""
IN_UTC = re.compile(r"(?<=\d)\s*(UTC|GMT|Z)$", re.IGNORECASE)
ZONE_NAME = re.compile(r"(?<=[Z\d])\[[A-Za-z_/+\-\d]+\]$")
"""What Java puts behind the offset: ``2025-01-02T03:04:05Z[UTC]``."""
OF_MONGO = "$date"
DATES = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%Y-%m-%d", "%Y/%m/%d")
HALVES = ("%I:%M:%S %p", "%I:%M %p")
WORDED = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\d\s*[ap]m\b", re.IGNORECASE)
WRITTEN = (*(f"{date} {time}" for date in DATES for time in (*HALVES, "%H:%M:%S", "%H:%M")), *DATES[:4])
"""Forms with words in them; what has only numbers, but for the year first, may be one day or another."""
DIGITS = re.compile(r"\d{10}(\d{3})?(\.\d+)?")
"""Seconds or milliseconds of the epoch as a text."""
WHOLE = re.compile(r"(19[7-9]\d|20\d\d|2100)([01]\d[0-3]\d)([0-2]\d[0-5]\d[0-5]\d)?")
"""A number that is a date as people write it, not one that was counted."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2101, 1, 1, tzinfo=UTC)
"""A time from here on is a default too, such as the end of the year 9999."""
IN_MILLISECONDS = 1e11
"""Seconds of the epoch reach this in the year 5138; a larger number counts milliseconds."""


def parse_time(value: object, timezone: str = "UTC") -> datetime | None:
    """Return the aware time of a value, None if it is none.

    Read are ISO 8601 with or without offset, with ``T`` or a blank, a date alone, ``YYYYmmdd`` and ``YYYYmmdd_HHMMSS``
    within a text, also with ``-``, ``_`` or ``/`` between their parts and as a number, seconds or milliseconds of the
    epoch, forms with the name of a month or with AM and PM, and MongoDB's ``$date``. A time without an offset is taken
    to be in ``timezone``, an IANA zone name. A time before 1970 or after 2100 is a default that somebody's clock or
    database filled in.
    """
    try:
        found = _read(value)
        if found is None:
            return None
        aware = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))
        moment = aware.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if EPOCH <= moment < LATEST else None


def _read(value: object) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _of_number(value)
    if isinstance(value, dict):
        return _read(value.get(OF_MONGO))
    return _of_text(value.strip()) if isinstance(value, str) else None


def _of_number(value: float) -> datetime | None:
    if WHOLE.fullmatch(text := f"{value:.0f}"):
        return _within(text)
    return datetime.fromtimestamp(value / 1000 if value >= IN_MILLISECONDS else value, UTC) if value > 1e8 else None


def _of_text(text: str) -> datetime | None:
    if DIGITS.fullmatch(text):
        return _of_number(float(text))
    text = ZONE_NAME.sub("", text)
    if found := _as_written(text):
        return found
    with contextlib.suppress(ValueError):
        return _within(text) if DASHED.match(text) else datetime.fromisoformat(IN_UTC.sub("+00:00", text))
    found = _within(IN_UTC.sub("", text))
    return found.replace(tzinfo=UTC) if found and IN_UTC.search(text) else found


def _as_written(text: str) -> datetime | None:
    """Return the time of a text with the name of a month, or with the halves of a day; None of any other."""
    if not WORDED.search(text):
        return None
    with contextlib.suppress(ValueError):
        return parsedate_to_datetime(text)
    for form in WRITTEN:
        with contextlib.suppress(ValueError):
            return datetime.strptime(text, form)
    return None


def _within(text: str) -> datetime | None:
    """Return the first point in time that stands in a text, as its digits tell it."""
    found = (match.group() for pattern in STAMPS for match in pattern.finditer(text))
    return next((moment for digits in found if (moment := _of_digits(BETWEEN.sub("", digits)))), None)


def _of_digits(digits: str) -> datetime | None:
    """Return a time of year, month and day, and as much of the time of day as is told; None of what is no date."""
    with contextlib.suppress(ValueError):
        moment = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")
        return moment if EPOCH.year <= moment.year < LATEST.year else None
    return None
