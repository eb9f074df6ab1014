"""Takes rights away from the process that is about to load a staged model."""

import os
import resource
from typing import Any

MB = 1024 * 1024


def confine(request: dict[str, Any]) -> None:
    """Limit this process in memory, processor time, file size and core dumps, and silence what it prints.

    Uses ``memory_mb``, ``seconds`` and ``file_mb`` of the request, and its ``log`` file for standard error.
    """
    _lower(resource.RLIMIT_AS, request["memory_mb"] * MB)
    _lower(resource.RLIMIT_CPU, int(request["seconds"]) + 1)
    _lower(resource.RLIMIT_FSIZE, request["file_mb"] * MB)
    _lower(resource.RLIMIT_CORE, 0)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor, target in ((nothing, 0), (nothing, 1), (log, 2)):
        os.dup2(descriptor, target)


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (limit, limit))
