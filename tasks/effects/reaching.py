"""Tells whether MLflow can be reached, so that nobody waits for each of many models until it cannot."""

import logging
import time
import urllib.error
import urllib.request
from enum import Enum, auto
from pathlib import Path

from configs.places import SQLITE
from podium.errors import PodiumError
from podium.progress import announce
from podium.redaction import without_password
from tasks.effects.databases import OF_MLFLOW, is_database, is_late, refusal, require_file

PATIENCE = 10.0
"""Seconds in which a server must answer whether it is there."""
POLL = 0.5
"""Seconds between two questions whether a server is back."""
GATEWAY_ERRORS = frozenset({502, 503, 504})
"""What a proxy says in the place of a server that is gone."""
FAILURES = range(500, 600)
"""What a server says that fails; one that fails now and then is asked again."""
WAITING = "waiting for MLflow to answer again"
TRIES = logging.getLogger("urllib3.connectionpool")
"""Where the library under MLflow's client writes that it tries a call once more."""
AGAIN = ("Retrying (", "Retry: ")
"""How it does: after a broken connection, and after an answer that says that the server fails."""
PAGE_HEAD = 200
"""Bytes of an answer that show a web page."""
NO_JSON = "not in a valid JSON format"
"""What MLflow's client says to a page in the place of an answer."""
_failed: set[str] = set()
_answered: set[str] = set()


class Reply(Enum):
    """What a server made of a question: it answered, with a web page, failed, let it wait, or is not there."""

    GIVEN = auto()
    PAGE = auto()
    FAILED = auto()
    LATE = auto()
    NONE = auto()


WELL = frozenset({Reply.GIVEN, Reply.PAGE})
THERE = WELL | {Reply.FAILED}


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
        PodiumError: it cannot, for all of ``patience`` seconds if it answered before or took the question; or what
            answers is no MLflow.
    """
    if uri.startswith(SQLITE):
        require_file(Path(uri.removeprefix(SQLITE)), OF_MLFLOW)
    found, said = _ask(uri)
    waits = found in {Reply.LATE, Reply.FAILED} or uri in _answered
    if not (found in WELL or (waits and _comes_back(uri, patience))):
        raise PodiumError(f"MLflow at {_shown(uri, said)} {_lack(found)}")
    if found is Reply.PAGE:
        _require_interface(uri)
    _answered.add(uri)


def _require_interface(uri: str) -> None:
    """Return if MLflow's interface is there beside a page: some who offer it have a page wherever it has nothing.

    Raises:
        PodiumError: there are pages alone, as where somebody has to log in first.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        MlflowClient(uri, uri).search_experiments(max_results=1)
    except MlflowException as error:
        if NO_JSON in str(error):
            raise PodiumError(
                f"{without_password(uri)} answers with a web page, and not as MLflow does: it may be a page to log in "
                "at, or another server: mend mlflow.tracking_uri, or let what stands before it pass us: see "
                "MLFLOW_TRACKING_TOKEN"
            ) from None


def _lack(found: Reply) -> str:
    """Return what is wrong with a server, and what to do about it."""
    if found is Reply.FAILED:
        return "fails whatever it is asked: see its log, or that of the proxy before it"
    return "does not answer: start it, or see mlflow.tracking_uri"


def _shown(uri: str, said: str | None) -> str:
    """Return an address that can be shown; of a database with what it said, which may be that it knows nobody."""
    return f"{without_password(uri)} ({said})" if said else without_password(uri)


def _comes_back(uri: str, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        announce(WAITING, detail=without_password(uri))
        time.sleep(POLL)
        if _ask(uri)[0] in WELL:
            return True
    return False


def answers(uri: str) -> bool:
    """Whether a server, or a database in its place, answers at all, in whatever words."""
    return _ask(uri)[0] in THERE


def _ask(uri: str) -> tuple[Reply, str | None]:
    """Return what became of a question, and what a database said against it."""
    if is_database(uri):
        said = refusal(uri)
        return (Reply.GIVEN if said is None else Reply.LATE if is_late(said) else Reply.NONE), said
    return (_ask_server(uri) if uri.startswith(("http://", "https://")) else Reply.GIVEN), None


def _ask_server(uri: str) -> Reply:
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=PATIENCE) as said:  # noqa: S310
            return Reply.PAGE if said.read(PAGE_HEAD).lstrip().startswith(b"<") else Reply.GIVEN
    except urllib.error.HTTPError as error:
        if error.code in GATEWAY_ERRORS:
            return Reply.NONE
        return Reply.FAILED if error.code in FAILURES else Reply.GIVEN
    except TimeoutError:
        # Only of an answer: what cannot be connected to in time is a URLError.
        return Reply.LATE
    except OSError:
        return Reply.NONE
