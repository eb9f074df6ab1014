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
WITHOUT_SLASHES = re.compile(r"\b([a-z][a-z0-9+]{1,20}:)[^/\s:@'\"<>?#]+:[^/\s@'\"<>?#]+@")
"""Credentials in an address whose slashes were forgotten: what reads it quotes all of it."""
IN_A_QUERY = re.compile(
    r"(?<=[?&;])([\w.-]{0,60}(?:password|passwd|pwd|secret|token|signature|key)=|sig=)[^&\s'\"<>;]+", re.IGNORECASE
)
NAMES_A_SECRET = re.compile(
    r"PASSWORD$|PASSWD$|(^|_)SECRET|(^|_)TOKEN$|API_KEY$|ACCESS_KEY$|AUTH_STRING$|CONNECTION_STRING$"
)
ORDINARY = re.compile(r"[a-z]*|[0-9]{1,7}")
"""Parts of a path that are words or small numbers, and no token."""
_known: set[str] = set()
_pattern: list[re.Pattern[str]] = []


def without_password(uri: str) -> str:
    """Return an address that can be shown: without the name and password it may carry, there or in its query."""
    return IN_A_QUERY.sub(rf"\1{HIDDEN}", WITHOUT_SLASHES.sub(r"\1", CREDENTIALS.sub("", uri)))


def conceal(value: str) -> None:
    """Hide a value from now on, in every text of this process that passes here, in whatever form it is quoted."""
    # Every command imports this module; only those that hide something need more than re.
    from json import dumps
    from urllib.parse import quote, unquote

    quoted = quote(value, safe="", errors="surrogateescape")
    forms = (value, unquote(value), quoted, dumps(value)[1:-1], repr(value)[1:-1])
    new = {form for form in forms if len(form) >= SHORTEST} - _known
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
    """Hide the values of the variables whose names say that they are secret, and what is sent of them."""
    for name, value in environment.items():
        if NAMES_A_SECRET.search(name):
            conceal(value)
        if name.endswith("AUTH_STRING"):
            _conceal_pair(*value.partition(":")[::2])
        if name.endswith("CUSTOM_HEADERS"):
            _conceal_headers(value)
    _conceal_pair(environment.get("MLFLOW_TRACKING_USERNAME", ""), environment.get("MLFLOW_TRACKING_PASSWORD", ""))


def _conceal_pair(user: str, password: str) -> None:
    """Hide a password, and the header that HTTP makes of it and its user's name."""
    from base64 import b64encode

    if password:
        conceal(password)
        conceal(b64encode(f"{user}:{password}".encode(errors="surrogateescape")).decode())


def _conceal_headers(text: str) -> None:
    """Hide the values of a JSON object of headers, and what stands behind a word such as ``Bearer``."""
    from json import loads

    try:
        headers = loads(text)
    except ValueError:
        headers = {"": text}
    for value in map(str, headers.values() if isinstance(headers, dict) else ()):
        for part in (value, value.rpartition(" ")[2]):
            if not ORDINARY.fullmatch(part):
                conceal(part)


def redacted(text: str) -> str:
    """Return a text without the secrets that are known, and without what addresses carry before their host."""
    shown = text
    for pattern in _pattern:
        shown = pattern.sub(HIDDEN, shown)
    return without_password(shown)
