"""One that migrates at a time, and one that decides; neither waits for the other.

On one machine lock files are enough, which the operating system frees with their holder: in ``PODIUM_HOME`` one for all
that migrates and one for all that decides, and the same beside a SQLite database, from whatever home. Of machines that
share an MLflow server, one decides at a time by a claim in that server.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from configs.loading import podium_home
from configs.places import SQLITE
from configs.schema import MlflowSection
from podium.errors import PodiumError
from podium.progress import announce
from tasks.effects.claims import claimed
from tasks.effects.records import require_own_decisions
from tasks.effects.store import Store, connect

PATIENCE = 600.0
"""Seconds to wait for another writer."""


class Turn(Protocol):
    """The right to decide."""

    def require(self) -> None:
        """Return if it is still mine; raise a ``PodiumError`` if it was lost."""


class Held:
    """The right to decide as long as this process lives."""

    def require(self) -> None:
        """Return: the operating system takes a lock from nobody who lives."""


@contextmanager
def one_training(section: MlflowSection, patience: float = PATIENCE) -> Iterator[None]:
    """Let nobody else of this home train for an experiment meanwhile: the second would train the same once more.

    Raises:
        PodiumError: another training was at it for longer than ``patience`` seconds.
    """
    with _in_home(section.experiment, "training.lock", patience):
        yield


@contextmanager
def one_measuring(section: MlflowSection, patience: float = PATIENCE) -> Iterator[None]:
    """Let nobody else of this home measure the candidates of an experiment meanwhile, which a rollback need not await.

    Raises:
        PodiumError: another selection was at it for longer than ``patience`` seconds.
    """
    with _in_home(section.experiment, "measuring.lock", patience):
        yield


@contextmanager
def _in_home(subject: str, kind: str, patience: float) -> Iterator[None]:
    folder = podium_home() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with _held(folder / f"{_file_name(subject)}.{kind}", subject, patience):
        yield


def _file_name(subject: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", subject)


@contextmanager
def _held(path: Path, registered_model: str, patience: float) -> Iterator[None]:
    lock = FileLock(path)
    try:
        if not _at_once(lock):
            announce("waiting for another Podium to finish writing")
            lock.acquire(timeout=patience)
    except Timeout:
        raise PodiumError(
            f"{registered_model}: another Podium has been writing for {patience:g} s; try again later"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def one_migration(section: MlflowSection, patience: float = PATIENCE) -> Iterator[None]:
    """Let nobody else of this home migrate meanwhile, nor from whatever home onto the same SQLite database.

    A rollback need not await it: what is still being brought in is nobody's candidate. On a server nobody waits: there
    each model is looked for once more right after it is registered.

    Raises:
        PodiumError: others held it for longer than ``patience`` seconds.
    """
    with _in_home(section.registered_model, "migrating.lock", patience):
        store = connect(section)
        with _of_database(store, "migrating", patience) if store.is_sqlite else nullcontext():
            yield


@contextmanager
def one_decision(section: MlflowSection, patience: float = PATIENCE) -> Iterator[Turn]:
    """Hold the right to decide on a registered model, over processes and machines.

    Raises:
        PodiumError: others held it for longer than ``patience`` seconds.
        ConfigError: the experiment holds the decisions on another model, which are not its to finish.
    """
    with _in_home(section.registered_model, "lock", patience):
        store = connect(section)
        with _of_database(store, "deciding", patience) if store.is_sqlite else claimed(store, patience) as turn:
            require_own_decisions(store, section)
            yield turn


@contextmanager
def _of_database(store: Store, kind: str, patience: float) -> Iterator[Turn]:
    name = _file_name(store.registered_model)
    with _held(Path(f"{store.uri.removeprefix(SQLITE)}.{name}.{kind}"), store.registered_model, patience):
        yield Held()


def _at_once(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
