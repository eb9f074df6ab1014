"""The embedded Prefect server answers without the waits that its parts would bring."""

import asyncio
import socket
from typing import Any

import pytest

from flows.cli.embedded_server import AtOnce, listen


def test_its_socket_names_its_protocol() -> None:
    """Otherwise asyncio leaves Nagle's algorithm on, and every small answer waits for the client's delayed ACK."""
    with listen() as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(("status", "told"), [(503, True), (200, False), (404, False)])
def test_a_refused_request_may_come_again_at_once(status: int, told: bool) -> None:
    """A collision inside the database is over in a moment; a client that is told so does not wait for seconds."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b""})

    async def keep(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(AtOnce(app)({}, None, keep))
    headers = dict(sent[0]["headers"])
    assert (b"retry-after" in headers) is told
    assert headers[b"a"] == b"b"
