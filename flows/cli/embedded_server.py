"""The process of the embedded Prefect server: tells its port, serves, and ends when its standard input does."""

import os
import socket
import sys
import threading

from tasks.effects.at_once import AtOnce


def _end_with_parent() -> None:
    """End this process once the parent is gone, even if it was killed: the pipe closes with it."""
    sys.stdin.buffer.read()
    os._exit(0)


def listen() -> socket.socket:
    """Return a socket that listens on a free port of the loopback address."""
    # asyncio turns off the delay of small answers, 40 ms each, only on sockets that name their protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


def main() -> None:
    """Tell the port, then serve Prefect's API on it."""
    listener = listen()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    server = uvicorn.Server(uvicorn.Config(AtOnce(create_app()), log_level="critical", lifespan="on"))
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
