"""Tells whether MLflow can be reached, so that nobody waits for each of many models until it cannot."""

import urllib.error
import urllib.request

from podium.errors import PodiumError
from podium.redaction import without_password

PATIENCE = 10.0
"""Seconds in which a server must answer whether it is there."""
GATEWAY_ERRORS = frozenset({502, 503, 504})
"""What a proxy says in the place of a server that is gone."""
_failed: set[str] = set()


def note_failure(uri: str) -> None:
    """Remember that something failed at MLflow, after the tries that its client makes by itself."""
    _failed.add(uri)


def is_gone(uri: str) -> bool:
    """Whether MLflow failed before and cannot be reached now either; one that is back is forgiven."""
    if uri in _failed and not answers(uri):
        return True
    _failed.discard(uri)
    return False


def require_answer(uri: str) -> None:
    """Return if MLflow can be reached.

    Raises:
        PodiumError: it cannot.
    """
    if not answers(uri):
        where = without_password(uri)
        raise PodiumError(f"MLflow at {where} does not answer: start it, or see mlflow.tracking_uri")


def answers(uri: str) -> bool:
    """Whether a server answers at all, in whatever words; a database is asked by those who use it."""
    if not uri.startswith(("http://", "https://")):
        return True
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=PATIENCE):  # noqa: S310 - HTTP, see above
            return True
    except urllib.error.HTTPError as error:
        return error.code not in GATEWAY_ERRORS
    except OSError:
        return False
