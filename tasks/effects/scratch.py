"""Folders for what is needed for a moment; those that killed processes left are removed by the next one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tasks.effects.processes import is_alive, this_writer


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder of this process, and remove it in the end."""
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{_beginning()}{os.getpid()}-") as folder:
        yield Path(folder)


@cache
def sweep(within: Path) -> None:
    """Remove what killed processes of this machine and user have left in a folder; once is enough for a process."""
    beginning = _beginning()
    for left in within.glob(f"{beginning}*"):
        pid = left.name.removeprefix(beginning).partition("-")[0]
        if pid.isdigit() and not is_alive(int(pid)) and _is_ours(left):
            shutil.rmtree(left, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Whether a folder is this user's; one that another process has removed meanwhile is nobody's."""
    try:
        return folder.lstat().st_uid == os.geteuid()
    except FileNotFoundError:
        return False


def _beginning() -> str:
    return f"podium-{this_writer().host}."
