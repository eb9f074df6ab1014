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
    for left in within.glob(f"{_beginning()}*"):
        pid = left.name.removeprefix(_beginning()).partition("-")[0]
        if pid.isdigit() and not is_alive(int(pid)) and left.lstat().st_uid == os.geteuid():
            shutil.rmtree(left, ignore_errors=True)


def _beginning() -> str:
    return f"podium-{this_writer().host}."
