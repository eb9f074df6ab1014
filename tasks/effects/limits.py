"""Takes rights away from the process that is about to load a staged model."""

import os
import resource
import time
from pathlib import Path
from typing import Any

MB = 1024 * 1024
PROC = Path("/proc")
POLITENESS = 5
"""How far a child steps back behind whoever writes what it found: many children at once would keep that one waiting."""


def confine(request: dict[str, Any]) -> None:
    """Limit this process in memory, file size, processes and core dumps, and silence what it prints.

    Uses ``memory_mb``, ``file_mb`` and ``processes`` of the request, and its ``log`` file for standard
    error. The operating system counts the processes and threads of the whole user, and root's not at all.
    """
    _lower(resource.RLIMIT_AS, request["memory_mb"] * MB)
    _lower(resource.RLIMIT_FSIZE, request["file_mb"] * MB)
    _lower(resource.RLIMIT_NPROC, request["processes"])
    _lower(resource.RLIMIT_CORE, 0)
    os.nice(POLITENESS)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor, target in ((nothing, 0), (nothing, 1), (log, 2)):
        os.dup2(descriptor, target)


def allow_time(seconds: float, models: int) -> None:
    """Let this process work for some more seconds, and never for more than that for each of so many models."""
    each, used = int(seconds) + 1, int(time.process_time())
    _lower(resource.RLIMIT_CPU, used + each * models, soft=used + each)


def _lower(kind: int, value: int, soft: int | None = None) -> None:
    _, hard = resource.getrlimit(kind)
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (limit if soft is None else min(soft, limit), limit))


def is_full(folder: Path, file_mb: int | None) -> bool:
    """Whether a file below a folder is as large as this process may make one: what wrote on failed of that."""
    return file_mb is not None and any(f.is_file() and f.stat().st_size >= file_mb * MB for f in folder.rglob("*"))


def running() -> int:
    """Return how many processes and threads this user has, as far as the system tells."""
    own = [pid for pid in _pids() if _owner(pid) == os.getuid()]
    return sum(_threads(pid) for pid in own)


def _pids() -> list[str]:
    return [name for name in os.listdir(PROC) if name.isdigit()] if PROC.is_dir() else []


def _owner(pid: str) -> int:
    try:
        return (PROC / pid).stat().st_uid
    except OSError:
        return -1


def _threads(pid: str) -> int:
    try:
        return len(os.listdir(PROC / pid / "task"))
    except OSError:
        return 0
