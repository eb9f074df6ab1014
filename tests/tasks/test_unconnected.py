"""The process of a staged model makes no socket, of whatever kind and by whatever call."""

import ctypes
import os
import pickle
import platform
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from configs.schema import SandboxSection
from tasks.effects.sandbox import sandbox
from tasks.effects.unconnected import NATIVE, OTHER_NUMBERS, disconnect, is_possible

pytestmark = pytest.mark.skipif(not is_possible(), reason="the calls of this processor are not known by number")

_system = ctypes.CDLL(None, use_errno=True)
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
    made = sum(_is_done(partial(socket.socket, family, kind)) for family in families for kind in kinds)
    made += sum(_is_done(partial(socket.socketpair, socket.AF_UNIX, kind)) for kind in (*kinds, socket.SOCK_RAW))
    made += _is_done(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", path))
    refused = NATIVE[platform.machine()][1]
    made += sum(
        _is_done(partial(_called, number, 2, 1, 0)) for number in (*refused, *(OTHER_NUMBERS | n for n in refused))
    )
    started = subprocess.run([sys.executable, "-c", "import socket; socket.socket()"], check=False, capture_output=True)
    return made + (b"PermissionError" not in started.stderr)


def _called(*call: Any) -> None:
    _require(_system.syscall(*call))


def _asked(name: str) -> None:
    """By the C library, which knows the number of each call."""
    _require(getattr(_system, name)(0, 1, 0o1600, 0))


def _require(answer: int) -> None:
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _is_done(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except PermissionError:
        return False
    return True


class _Opens:
    """Makes a socket as soon as it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return socket.socket, (int(socket.AF_INET), int(socket.SOCK_DGRAM))


def test_the_sandbox_is_unconnected(tmp_path: Path) -> None:
    """A name that a config allows gets no further than the kernel, and that is the answer about the model."""
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(_Opens()))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    known: dict[str, Any] = {"holdout": None, "task": "classification", "sha256": None, "preprocessors": []}
    known |= {"versions": {}, "features": [], "types": {}, "extra_globals": ["socket.socket", "_socket.socket"]}
    places = {"model": str(tmp_path / "model.pkl"), "out": str(scratch / "out"), "predictions": str(scratch / "said")}
    answer = sandbox().ask("convert", scratch, SandboxSection(seconds=60), **known, **places)
    assert answer.value is None
    assert "Permission denied" in answer.reason
