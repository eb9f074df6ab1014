"""Tells whether MLflow can be reached, so that nobody waits for each of many models until it cannot."""

import logging
import time
import urllib.error
import urllib.request
from enum import Enum, auto

from podium.errors import PodiumError
from podium.progress import announce
from podium.redaction import without_password
from tasks.effects.databases import is_database, is_late, refusal

PATIENCE = 10.0
"""Seconds in which a server must answer whether it is there."""
POLL = 0.5
"""Seconds between two questions whether a server is back."""
GATEWAY_ERRORS = frozenset({502, 503, 504})
"""What a proxy says in the place of a server that is gone."""
WAITING = "waiting for MLflow to answer again"
TRIES = logging.getLogger("urllib3.connectionpool")
"""Where the library under MLflow's client writes that it tries a call once more."""
AGAIN = ("Retrying (", "Retry: ")
"""How it does: after a broken connection, and after an answer that says that the server fails."""
_failed: set[str] = set()
_answered: set[str] = set()


class Reply(Enum):
    """What a server made of a question: it answered, took it and let it wait, or is not there."""

    GIVEN = auto()
    LATE = auto()
    NONE = auto()


def tell_of_tries() -> None:
    """Announce from now on when MLflow's client waits to send a call again, which it does for a minute in silence."""
    TRIES.setLevel(logging.DEBUG)
    TRIES.addFilter(_told)


def _told(record: logging.LogRecord) -> bool:
    if str(record.msg).startswith(AGAIN):
        announce(WAITING)
        return False
    return record.levelno >= logging.WARNING


def note_failure(uri: str) -> None:
    """Remember that something failed at MLflow, after the tries that its client makes by itself."""
    _failed.add(uri)


def is_gone(uri: str) -> bool:
    """Whether MLflow failed before and cannot be reached now either; one that is back is forgiven."""
    if uri in _failed and not answers(uri):
        return True
    _failed.discard(uri)
    return False


def require_answer(uri: str, patience: float = 0.0) -> None:
    """Return if MLflow can be reached. One that answered this process before, or takes its question, is waited for.

    It may be restarting, or too busy to answer.

    Raises:
        PodiumError: it cannot, for all of ``patience`` seconds if it answered before or took the question.
    """
    found, said = _ask(uri)
    waits = found is Reply.LATE or uri in _answered
    if not (found is Reply.GIVEN or (waits and _comes_back(uri, patience))):
        raise PodiumError(f"MLflow at {_shown(uri, said)} does not answer: start it, or see mlflow.tracking_uri")
    _answered.add(uri)


def _shown(uri: str, said: str | None) -> str:
    """Return an address that can be shown; of a database with what it said, which may be that it knows nobody."""
    return f"{without_password(uri)} ({said})" if said else without_password(uri)


def _comes_back(uri: str, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        announce(WAITING, detail=without_password(uri))
        time.sleep(POLL)
        if answers(uri):
            return True
    return False


def answers(uri: str) -> bool:
    """Whether a server, or a database in its place, answers at all, in whatever words."""
    return _ask(uri)[0] is Reply.GIVEN


def _ask(uri: str) -> tuple[Reply, str | None]:
    """Return what became of a question, and what a database said against it."""
    if is_database(uri):
        said = refusal(uri)
        return (Reply.GIVEN if said is None else Reply.LATE if is_late(said) else Reply.NONE), said
    return (_ask_server(uri) if uri.startswith(("http://", "https://")) else Reply.GIVEN), None


def _ask_server(uri: str) -> Reply:
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=PATIENCE):  # noqa: S310 - HTTP, see above
            return Reply.GIVEN
    except urllib.error.HTTPError as error:
        return Reply.NONE if error.code in GATEWAY_ERRORS else Reply.GIVEN
    except TimeoutError:
        # Only of an answer: what cannot be connected to in time is a URLError.
        return Reply.LATE
    except OSError:
        return Reply.NONE
