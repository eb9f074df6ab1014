"""What is known of processes: who this one is, and whether another still lives."""

import os
import socket
import time
import uuid
from functools import cache
from pathlib import Path

import psutil

from podium.writer import Writer


def this_writer() -> Writer:
    """Return this process as a writer, as of now."""
    return Writer(socket.gethostname().replace(" ", "-"), os.getpid(), time.time())


def is_alive(pid: int) -> bool:
    """Whether a process of this machine exists and has not ended: one whose parent never asks how stays as a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


@cache
def place() -> str:
    """Return where a process id of mine means something: host, start of its kernel, and namespace of process ids.

    Two containers may have the same name; where the kernel does not tell them apart, nobody else is in my place.
    """
    host = socket.gethostname().replace(" ", "-")
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{host}/{boot[:8]}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return f"{host}/{uuid.uuid4().hex[:8]}"
