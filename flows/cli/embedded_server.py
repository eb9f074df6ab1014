"""The process of the embedded Prefect server: tells its port, serves, and ends when its standard input does."""

import os
import socket
import sys
import threading


def _end_with_parent() -> None:
    """End this process once the parent is gone, even if it was killed: the pipe closes with it."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve Prefect's API on a free port of the loopback address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    server = uvicorn.Server(uvicorn.Config(create_app, factory=True, log_level="critical", lifespan="on"))
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
