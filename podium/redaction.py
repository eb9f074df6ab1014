"""Keeps secrets out of what is logged, shown and recorded.

Two nets: what an address carries before its host is cut out wherever an address stands, and values that are known to
be secret (of the environment, of alert addresses) are hidden wherever they stand. Exceptions of libraries quote both.
"""

import re
from collections.abc import Mapping

HIDDEN = "***"
SHORTEST = 6
"""Characters from which on a value is hidden by itself: a shorter one would blank out ordinary words."""
CREDENTIALS = re.compile(r"(?<=//)[^/\s'\"<>?#]*@")
NAMES_A_SECRET = re.compile(r"PASSWORD$|PASSWD$|(^|_)SECRET|(^|_)TOKEN$|API_KEY$|ACCESS_KEY$|AUTH_STRING$")
ORDINARY = re.compile(r"[a-z]*|[0-9]{1,7}")
"""Parts of a path that are words or small numbers, and no token."""
_known: set[str] = set()
_pattern: list[re.Pattern[str]] = []


def without_password(uri: str) -> str:
    """Return an address that can be shown: without the name and password it may carry."""
    return CREDENTIALS.sub("", uri)


def conceal(value: str) -> None:
    """Hide a value from now on, in every text of this process that passes here."""
    # Every command imports this module; only those that hide something need more than re.
    from urllib.parse import unquote

    new = {v for v in (value, unquote(value)) if len(v) >= SHORTEST} - _known
    if new:
        _known.update(new)
        longest_first = sorted(_known, key=len, reverse=True)
        _pattern[:] = [re.compile("|".join(map(re.escape, longest_first)))]


def conceal_url(url: str) -> None:
    """Hide an address of which every part may be the secret: the whole, its password, its path, its tokens."""
    from urllib.parse import parse_qsl, urlsplit

    conceal(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    query = f"?{parts.query}" if parts.query else ""
    pieces = [parts.password or "", f"{parts.path}{query}", *parts.path.split("/")]
    for piece in (*pieces, *(value for _, value in parse_qsl(parts.query))):
        if not ORDINARY.fullmatch(piece.strip("/")):
            conceal(piece.rstrip("/"))


def conceal_environment(environment: Mapping[str, str]) -> None:
    """Hide the values of the variables whose names say that they are secret."""
    for name, value in environment.items():
        if NAMES_A_SECRET.search(name):
            conceal(value)


def redacted(text: str) -> str:
    """Return a text without the secrets that are known, and without what addresses carry before their host."""
    shown = without_password(text)
    for pattern in _pattern:
        shown = pattern.sub(HIDDEN, shown)
    return shown
