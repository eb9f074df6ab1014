"""Calls the kernel where Python has no name for what is asked of it, and says what it refused."""

import ctypes
import os

NO_NEW_PRIVILEGES = 38
"""Of prctl: what a process must give up before it may take rights from itself."""

system = ctypes.CDLL(None, use_errno=True)
system.syscall.restype = ctypes.c_long


def give_up_privileges() -> None:
    """Let this process gain no rights by a program that it starts."""
    done(system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl")


def done(answer: int, what: str) -> int:
    """Return what a call answered.

    Raises:
        OSError: it failed; the text names ``what`` was asked for.
    """
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return answer
