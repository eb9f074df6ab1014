"""The process of the embedded Prefect server: tells its port, serves, and ends when its standard input does."""

import os
import socket
import sys
import threading
import time
from typing import Any

BUSY = 503
SOON = ((b"retry-after", b"0.02"), (b"prefect-maintenance", b"true"))
"""What tells Prefect's client to come again after 20 ms."""
STUCK = 60.0
"""Seconds without any answer but refusals."""


def _end_with_parent() -> None:
    """End this process once the parent is gone, even if it was killed: the pipe closes with it."""
    sys.stdin.buffer.read()
    os._exit(0)


class AtOnce:
    """Tells clients to try again at once where the server was too busy with its own database.

    Prefect's SQLite database refuses a request that collides with its recording of events, and clients would wait two
    seconds after such a refusal, though the next try succeeds. Refusals during a maintenance count for no client as
    failed tries. A server that does nothing but refuse is left to the clients' usual patience.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._answered = time.monotonic()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""

        async def marked(message: dict[str, Any]) -> None:
            await send(self._marked(message) if message["type"] == "http.response.start" else message)

        await self._app(scope, receive, marked)

    def _marked(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["status"] != BUSY:
            self._answered = time.monotonic()
            return message
        stuck = time.monotonic() - self._answered > STUCK
        return message if stuck else {**message, "headers": [*message["headers"], *SOON]}


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
