"""Keeps connections that send no request from standing in the way of those that do.

uvicorn waits for a request without end, and its limit counts whoever is connected: some sockets that say nothing would
keep everybody out.
"""

import asyncio
import logging
from typing import ClassVar

from starlette.applications import Starlette
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

LOG = logging.getLogger("podium")
PATIENCE = 10.0
"""Seconds in which the head of a request must have arrived."""
MOST_OPEN = 256
"""Connections that are open at once: some files each, of which a process may commonly have 1024."""


class Connection(H11Protocol):
    """A connection that is closed if it sends no head in time, or if others need its place before its request is whole.

    Whoever knows the secret sends a delivery whole and at once, and so is never the oldest that has not.
    """

    patience: ClassVar[float] = PATIENCE
    most_open: ClassVar[int] = MOST_OPEN
    deadline: asyncio.TimerHandle | None = None
    since: float = 0.0

    @property
    def waits(self) -> bool:
        """Whether the next thing to come is the head of a request."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def dispensable(self) -> bool:
        """Whether nothing that arrived whole would be lost with it."""
        return self.waits or self.cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head, and make room if too many are open."""
        super().connection_made(transport)
        self._await_head()
        others = [one for one in self.connections if isinstance(one, Connection) and one.dispensable]
        if len(self.connections) > self.most_open and others:
            min(others, key=lambda one: one.since).end(f"more than {self.most_open} connections are open")

    def data_received(self, data: bytes) -> None:
        """Take what came; parts of a head do not prolong the time for the whole of it."""
        super().data_received(data)
        if not self.waits:
            self._await_no_more()

    def on_response_complete(self) -> None:
        """Begin to wait for the head of the next request."""
        super().on_response_complete()
        if self.waits and not self.transport.is_closing():
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._await_no_more()
        super().connection_lost(exc)

    def end(self, why: str) -> None:
        """Close it and say why."""
        self._await_no_more()
        self.connections.discard(self)
        LOG.warning("connection closed: %s", why)
        # Whoever does not read what was sent would keep an orderly end from coming.
        self.transport.abort()

    def _await_head(self) -> None:
        self._await_no_more()
        self.since = self.loop.time()
        self.deadline = self.loop.call_later(self.patience, self.end, f"no request came in {self.patience:g} s")

    def _await_no_more(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None


def server(
    app: Starlette, certificate: str | None = None, key: str | None = None, protocol: type[Connection] = Connection
) -> Server:
    """Return the server of an endpoint: HTTP and nothing else, with a certificate if there is one."""
    quiet = {"log_level": "critical", "server_header": False}
    options = {"ssl_certfile": certificate, "ssl_keyfile": key, "http": protocol, "ws": "none", **quiet}
    return Server(Config(app, **options))  # type: ignore[arg-type]
