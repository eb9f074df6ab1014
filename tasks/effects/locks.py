"""One writer at a time on one machine: a lock file in ``PODIUM_HOME`` that the operating system frees with its holder.

It protects the embedded mode, where all writers share a home. Writers on several machines are serialised by the
concurrency limits of their deployments.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from configs.loading import podium_home
from podium.errors import PodiumError
from podium.progress import announce

PATIENCE = 600.0
"""Seconds to wait for another writer."""


@contextmanager
def one_writer(registered_model: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the writer's lock of a registered model.

    Raises:
        PodiumError: another writer held it for longer than ``patience`` seconds.
    """
    folder = podium_home() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', registered_model)}.lock"
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


def _at_once(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
