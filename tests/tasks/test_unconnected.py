"""The process of a staged model makes no socket, of whatever kind and by whatever call."""

import pickle
import platform
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tasks.effects.kernel import done, system
from tasks.effects.unconnected import NATIVE, OTHER_NUMBERS, disconnect
from tasks.effects.unconnected import is_possible as is_known
from tests.tasks.attempts import is_possible
from tests.tasks.test_gate import converted

pytestmark = pytest.mark.skipif(not is_known(), reason="the calls of this processor are not known by number")

ALONE = "import sys; from tests.tasks.test_unconnected import connected; sys.exit(connected(sys.argv[1]))"


def test_no_socket_is_made_by_any_call(tmp_path: Path) -> None:
    """One that listens at a path hears nothing, and programs that it starts make none either."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "heard"))
        listener.setblocking(False)
        words = [sys.executable, "-c", ALONE, str(tmp_path / "heard")]
        assert subprocess.run(words, timeout=120, check=False).returncode == 0
        with pytest.raises(BlockingIOError):
            listener.recv(1)


def connected(path: str) -> int:
    """Return how many sockets could be made, by this process or by one that it starts."""
    disconnect()
    families = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK)
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    made = sum(_made(partial(socket.socket, family, kind)) for family in families for kind in kinds)
    made += sum(_made(partial(socket.socketpair, socket.AF_UNIX, kind)) for kind in (*kinds, socket.SOCK_RAW))
    made += _made(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", path))
    made += sum(_made(partial(_asked, name)) for name in ("shmget", "semget", "msgget", "msgsnd"))
    refused = NATIVE[platform.machine()][1]
    made += sum(
        _made(partial(_called, number, 2, 1, 0)) for number in (*refused, *(OTHER_NUMBERS | n for n in refused))
    )
    started = subprocess.run([sys.executable, "-c", "import socket; socket.socket()"], check=False, capture_output=True)
    return made + (b"PermissionError" not in started.stderr)


_made = partial(is_possible, refused=PermissionError)


def _called(*call: Any) -> None:
    done(system.syscall(*call), "call")


def _asked(name: str) -> None:
    """By the C library, which knows the number of each call."""
    done(getattr(system, name)(0, 1, 0o1600, 0), name)


class _Opens:
    """Makes a socket as soon as it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return socket.socket, (int(socket.AF_INET), int(socket.SOCK_DGRAM))


def test_the_sandbox_is_unconnected(tmp_path: Path) -> None:
    """A name that a config allows gets no further than the kernel, and that is the answer about the model."""
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(_Opens()))
    names = ["socket.socket", "_socket.socket"]
    answer = converted(tmp_path / "model.pkl", tmp_path / "scratch", extra_globals=names)
    assert answer.value is None
    assert "Permission denied" in answer.reason
