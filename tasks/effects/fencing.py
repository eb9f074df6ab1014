"""Takes the file system, the network and other processes away from a process, where Linux can: by Landlock.

What a child of the sandbox may still do is read, compute, and write to the folders that it was given; and of what the
kernel tells of processes it reads its own alone: the environment of others may hold secrets. Sockets of which Landlock
knows no rights are closed by ``unconnected``. The kernel's documentation is
https://docs.kernel.org/userspace-api/landlock.html; the rights are numbered in its header
``linux/landlock.h``. A kernel without Landlock, before 5.13, leaves the child with the limits alone.
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tasks.effects.kernel import done, give_up_privileges, system

CREATE, ADD, RESTRICT = 444, 445, 446
"""Numbers of the system calls, the same on all processors."""
VERSION, BENEATH = 1, 1
WRITING = sum(1 << right for right in (1, *range(4, 13)))
"""Writing to files, removing and making anything."""
READING = 1 << 2
RUNNING = 1
"""Running a program, which is allowed nowhere; libraries are loaded by reading them."""
MOVING, TRUNCATING, DEVICES = 1 << 13, 1 << 14, 1 << 15
"""Rights that came with versions 2, 3 and 5."""
NETWORK, OTHERS = 0b11, 0b11
"""Binding and connecting of version 4; abstract sockets of others and signals to them, of version 6."""
TOLD = tuple(Path("/proc", name) for name in ("self", "cpuinfo", "filesystems", "meminfo", "stat", "sys"))
"""What libraries ask the kernel about the machine and about themselves."""


class _Rules(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


_done = partial(done, what="Landlock")


def version() -> int:
    """Return which version of Landlock the kernel has; 0 if none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(system.syscall(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION))))


def fence(folders: Iterable[Path]) -> bool:
    """Let this process and all it starts write beneath some folders only, and return whether the kernel can do that.

    Raises:
        OSError: it can, and does not.
    """
    known = version()
    if not known:
        return False
    later = (MOVING, TRUNCATING, DEVICES)
    rights = WRITING | READING | sum(right for right, since in zip(later, (2, 3, 5), strict=True) if known >= since)
    rules = _Rules(rights | RUNNING, NETWORK if known >= 4 else 0, OTHERS if known >= 6 else 0)
    size = 8 if known < 4 else 16 if known < 6 else 24
    fence_at = _done(system.syscall(CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0)))
    for folder in folders:
        _allow(fence_at, folder, rights)
    _allow(fence_at, Path(os.devnull), rights & (1 << 1 | TRUNCATING | READING))
    for place in (*(path for path in Path("/").iterdir() if path.name != "proc"), *TOLD):
        if place.exists():
            _allow(fence_at, place, READING)
    give_up_privileges()
    _done(system.syscall(RESTRICT, ctypes.c_int(fence_at), ctypes.c_uint32(0)))
    os.close(fence_at)
    return True


def _allow(fence_at: int, place: Path, rights: int) -> None:
    opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    beneath = _Beneath(rights, opened)
    _done(system.syscall(ADD, ctypes.c_int(fence_at), ctypes.c_int(BENEATH), ctypes.byref(beneath), ctypes.c_uint32(0)))
    os.close(opened)
