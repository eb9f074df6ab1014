"""Ends a stack whose parent is gone, even if that was killed: the pipe to it closes with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from deployments.stack.home import StackHome
from deployments.stack.processes import Ending, living


def start(home: Path, token: str) -> "subprocess.Popen[bytes]":
    """Start the guard of one start of a stack; closing its standard input sends it to work."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-P", "-m", "deployments.stack.guard", str(home), token],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
        start_new_session=True,
    )


def main() -> None:
    """Wait for the parent's end, then end what it left."""
    for unwanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(unwanted, signal.SIG_IGN)
    home, token = Path(sys.argv[1]), sys.argv[2]
    sys.stdin.buffer.read()
    Ending(lambda: living(home, token)).end()
    StackHome(home).forget(token)


if __name__ == "__main__":
    main()
