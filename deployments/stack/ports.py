"""Ports on the loopback address: the usual ones if they are free, or a complaint that names who has them."""

import contextlib
import socket
from collections.abc import Collection

import psutil

from podium.errors import UsageError

HOST = "127.0.0.1"


def choose_both(mlflow: int | None, prefect: int | None) -> tuple[int, int]:
    """Return the ports of MLflow and Prefect, which are not the same, given those that are wanted.

    Raises:
        UsageError: a wanted port is taken, or wanted for both.
    """
    if mlflow is not None and mlflow == prefect:
        raise UsageError(f"--mlflow-port and --prefect-port are both {mlflow}: name two, or none for free ones")
    first = choose(mlflow, 5000, "--mlflow-port", {prefect})
    return first, choose(prefect, 4200, "--prefect-port", {first})


def choose(wanted: int | None, usual: int, option: str, given: Collection[int | None] = ()) -> int:
    """Return the wanted port; if none is wanted, the usual one if it is free and not ``given``, else any that is.

    Raises:
        UsageError: the wanted port is taken.
    """
    if wanted is not None and not is_free(wanted):
        raise UsageError(f"port {wanted} is taken{_holder(wanted)}: name another with {option}, or none for a free one")
    return wanted or (usual if usual not in given and is_free(usual) else _any(given))


def is_free(port: int) -> bool:
    """Whether a server could listen on a port now."""
    with socket.socket() as listener:
        # As servers do: a port whose last connections are still being closed is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True


def _any(given: Collection[int | None]) -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        found = int(listener.getsockname()[1])
        # While this one is held, the next is another.
        return _any(given) if found in given else found


def _holder(port: int) -> str:
    """Return who listens on a port, as far as the system tells."""
    with contextlib.suppress(psutil.Error, OSError):
        for one in psutil.net_connections("tcp"):
            if one.laddr and one.laddr.port == port and one.status == psutil.CONN_LISTEN and one.pid:
                return f" by {psutil.Process(one.pid).name()} (process {one.pid})"
    return ""
