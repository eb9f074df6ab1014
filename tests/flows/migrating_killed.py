"""Migrates in a process that kills itself after its so manieth write: ``python -m tests.flows.migrating_killed``.

Reads a config, and the number or the name of a write, from standard input once everything is imported. What counts is
what reaches MLflow, whoever sends it: on a server each request that changes something, files included, once it is done;
on SQLite each transaction that does and each file, right before. With 0 it is left alone, and prints its writes.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from sqlalchemy import event
from sqlalchemy.engine import Engine

from flows.migration import migrate
from tasks.effects.sandbox import sandbox
from tasks.effects.store import LOGGED_MODEL

Note = Callable[[str], None]
CHANGES = ("INSERT", "UPDATE", "DELETE")


def die_at(moment: str) -> list[str]:
    """Let this process kill itself at a write, by its number or by its name; return the writes, as they come."""
    done: list[str] = []

    def note(what: str) -> None:
        done.append(what)
        if moment in {str(len(done)), what}:
            os.kill(os.getpid(), signal.SIGKILL)

    count_requests(note)
    count_transactions(note)
    count_copies(note)
    return done


def count_requests(note: Note) -> None:
    """Note what a server has done: not what it refused, nor what only asks."""
    send = HTTPAdapter.send

    def counted(adapter: HTTPAdapter, request: Any, **named: Any) -> Any:
        answer = send(adapter, request, **named)
        path = request.path_url.partition("?")[0]
        if answer.ok and request.method != "GET" and not path.endswith("/search"):
            note(f"file:{os.path.basename(path)}" if "/mlflow-artifacts/" in path else subject(path))
        return answer

    HTTPAdapter.send = counted  # type: ignore[assignment, method-assign]


def subject(path: str) -> str:
    """What a request is about, without the id in its address."""
    return LOGGED_MODEL.sub("", path.partition("/mlflow/")[2]).rstrip("/")


def count_transactions(note: Note) -> None:
    """Note what is about to be in a database."""

    @event.listens_for(Engine, "before_cursor_execute")
    def look(connection: Any, _: Any, statement: str, *__: Any) -> None:
        if statement.startswith(CHANGES):
            connection.info.setdefault("changes", statement.partition(" (")[0].partition(" SET")[0])

    @event.listens_for(Engine, "commit")
    def commit(connection: Any) -> None:
        if found := connection.info.pop("changes", None):
            note(found.replace(" ", "-"))


def count_copies(note: Note) -> None:
    """Note what is about to be copied to MLflow's artifacts."""

    def heard(name: str, given: tuple[Any, ...]) -> None:
        if name == "shutil.copyfile" and "/artifacts/" in str(given[1]):
            note(f"file:{os.path.basename(given[1])}")

    sys.addaudithook(heard)


def main() -> None:
    """Do it in the home that the environment names."""
    sandbox().await_start()
    config, moment = sys.stdin.readline().split()
    writes = die_at(moment)
    migrate(config)
    sys.stdout.write(f"{' '.join(writes)}\n")


if __name__ == "__main__":
    main()
