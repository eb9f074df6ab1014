"""What is known of processes: who this one is, and whether another still lives."""

import os
import socket
import time

from podium.writer import Writer


def this_writer() -> Writer:
    """Return this process as a writer, as of now."""
    return Writer(socket.gethostname().replace(" ", "-"), os.getpid(), time.time())


def is_alive(pid: int) -> bool:
    """Whether a process of this machine exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
