"""The process of the embedded Prefect server: tells its port, serves, and ends when its standard input does."""

import os
import socket
import sys
import threading
from typing import Any

BUSY = 503
PAUSE = 0.1
"""Seconds after which a refused request may come again."""


def _end_with_parent() -> None:
    """End this process once the parent is gone, even if it was killed: the pipe closes with it."""
    sys.stdin.buffer.read()
    os._exit(0)


class AtOnce:
    """Tells clients to try again at once where the server was too busy with its own database.

    Prefect's SQLite database refuses a request that collides with its recording of events, and clients would wait two
    seconds after such a refusal, though the next try succeeds.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""

        async def marked(message: dict[str, Any]) -> None:
            if message.get("status") == BUSY:
                message["headers"] = [*message["headers"], (b"retry-after", str(PAUSE).encode())]
            await send(message)

        await self._app(scope, receive, marked)


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
