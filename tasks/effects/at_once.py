"""A Prefect server on SQLite whose collisions with itself no client has to know of."""

import time
from typing import Any

BUSY = 503
WRITTEN = frozenset({201, 204})
"""What Prefect answers when it has created or changed something; what it only reads shows nothing of locks."""
SOON = ((b"retry-after", b"0.02"), (b"prefect-maintenance", b"true"))
"""What tells Prefect's client to come again after 20 ms."""
STUCK = 60.0
"""Seconds of refusals, with nothing written in between."""


class AtOnce:
    """Tells clients to try again at once where the server was too busy with its own database.

    Prefect's SQLite database refuses a request that collides with its recording of events, and clients would wait two
    seconds after such a refusal, though the next try succeeds, and give up after six. Refusals during a maintenance
    count for no client as failed tries. A database that nobody can write is left to the clients' usual patience.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._refused_since: float | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""

        async def marked(message: dict[str, Any]) -> None:
            await send(self._marked(message) if message["type"] == "http.response.start" else message)

        await self._app(scope, receive, marked)

    def _marked(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["status"] in WRITTEN:
            self._refused_since = None
        return {**message, "headers": [*message["headers"], *SOON]} if self._is_to_wait(message["status"]) else message

    def _is_to_wait(self, status: int) -> bool:
        if status != BUSY:
            return False
        now = time.monotonic()
        self._refused_since = self._refused_since or now
        return now - self._refused_since <= STUCK
