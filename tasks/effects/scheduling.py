"""Asks whether a scheduler of Dask listens, without Dask, whose own client would ask for minutes."""

import socket

from podium.errors import PodiumError, first_line

PATIENCE = 30.0
"""Seconds in which a scheduler must take a connection."""


def require_scheduler(address: str, patience: float = PATIENCE) -> None:
    """Return if somebody listens at an address.

    Raises:
        PodiumError: nobody does.
    """
    host, port = address.rpartition("//")[2].rsplit(":", 1)
    try:
        socket.create_connection((host.strip("[]"), int(port)), patience).close()
    except (OSError, OverflowError) as error:
        raise PodiumError(f"runner.address: no scheduler of Dask answers at {address}: {first_line(error)}") from None
