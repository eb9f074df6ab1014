"""Takes the name and password out of MLflow's address and gives them to its client as the environment's.

What stays in the address would come back in every message of MLflow's client, in states that Prefect keeps, and in
sources of registered versions.
"""

import os
import threading
from urllib.parse import unquote

from podium.redaction import CREDENTIALS, conceal, without_password

NAMES = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
_lock = threading.Lock()
_lent: list[str] = []
_before: dict[str, str | None] = {}


def bare(uri: str) -> str:
    """Return an address without credentials. That of a database keeps them: its driver has no other way to get them."""
    return without_password(uri) if uri.startswith(("http://", "https://")) else uri


def lend_credentials(uri: str) -> None:
    """Give MLflow's client the credentials of an address; those of another one are taken back."""
    with _lock:
        if _lent != [uri]:
            _take_back()
            _lend(uri)
            _lent[:] = [uri]


def _take_back() -> None:
    for name, value in _before.items():
        _set(name, value)
    _before.clear()


def _lend(uri: str) -> None:
    found = CREDENTIALS.search(uri)
    said = found.group().removesuffix("@").partition(":") if found else ("", "", "")
    conceal(said[2])
    if bare(uri) == uri:
        return
    for name, value in zip(NAMES, (said[0], said[2]), strict=True):
        _before[name] = os.environ.get(name)
        _set(name, unquote(value))


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
