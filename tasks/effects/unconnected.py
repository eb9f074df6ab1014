"""Takes sockets and what else processes talk by away from one, where Linux can: by a filter of its calls (seccomp).

Landlock knows no rights for datagrams (UDP) and for sockets that have a path. The filter is a program for the kernel's
packet filter that looks at the number of a call: https://docs.kernel.org/userspace-api/seccomp_filter.html. Those of
another architecture, whose numbers mean other calls, are all refused.
"""

import ctypes
import errno
import platform
import sys
from collections.abc import Sequence

from tasks.effects.kernel import done, give_up_privileges, system

SET_FILTER, BY_FILTER = 22, 2
"""Of prctl."""
ANYWHERE = (425, 438)
"""``io_uring_setup``, by which sockets are made without a call of theirs, and ``pidfd_getfd``, which takes others'."""
NATIVE = {
    "x86_64": (0xC000003E, (41, 53, 101, 29, 30, 64, 68, 69, *ANYWHERE)),
    "aarch64": (0xC00000B7, (198, 199, 117, 194, 196, 190, 186, 189, *ANYWHERE)),
}
"""By machine: its architecture as the kernel's audit numbers it, and what is refused. ``socket``; ``socketpair``, as
one of datagrams sends to any path; ``ptrace``, as others may have sockets; by which System V's processes talk:
``shmget``, ``shmat``, ``semget``, ``msgget``, ``msgsnd``; and what has one number everywhere."""
OTHER_NUMBERS = 0x40000000
"""From here on the numbers are those of x32, a second set of the same calls."""
NUMBER, ARCHITECTURE = 0, 4
"""Where the filter finds them in what it is shown of a call."""
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
"""What the kernel's filter can do, of the words of a call."""
ALLOWED, REFUSED = 0x7FFF0000, 0x00050000 | errno.EACCES
"""What a filter returns; the latter is "permission denied" to whoever called."""


class _Step(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step)))


def is_possible() -> bool:
    """Whether calls of this machine's processor are known by their numbers."""
    return sys.platform == "linux" and platform.machine() in NATIVE


def disconnect() -> bool:
    """Let this process and all it starts make no socket and no queue any more, and return whether it can.

    It holds for the calling thread and those that it starts.

    Raises:
        OSError: the kernel takes no filter.
    """
    if not is_possible():
        return False
    steps = _steps(*NATIVE[platform.machine()])
    program = _Program(len(steps), (_Step * len(steps))(*steps))
    give_up_privileges()
    done(system.prctl(SET_FILTER, BY_FILTER, ctypes.byref(program), 0, 0), "seccomp")
    return True


def _steps(architecture: int, refused: Sequence[int]) -> list[_Step]:
    """Return the filter: what is asked leaps to the last step, a no, where the answer is one, and else goes on."""
    asked = [(IF_AT_LEAST, OTHER_NUMBERS), *((IF_EQUAL, number) for number in refused)]
    last = len(asked)
    return [
        _Step(LOAD, 0, 0, ARCHITECTURE),
        _Step(IF_EQUAL, 0, last + 2, architecture),
        _Step(LOAD, 0, 0, NUMBER),
        *(_Step(code, last - place, 0, value) for place, (code, value) in enumerate(asked)),
        _Step(RETURN, 0, 0, ALLOWED),
        _Step(RETURN, 0, 0, REFUSED),
    ]
