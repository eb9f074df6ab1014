"""The embedded Prefect server answers without the waits that its parts would bring."""

import asyncio
import socket
from typing import Any

import pytest

from flows.cli.embedded_server import listen
from tasks.effects.at_once import AtOnce


def test_its_socket_names_its_protocol() -> None:
    """Otherwise asyncio leaves Nagle's algorithm on, and every small answer waits for the client's delayed ACK."""
    with listen() as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockname()[0] == "127.0.0.1"


def headers_of(server: AtOnce) -> dict[bytes, bytes]:
    """The headers of one answer."""
    sent: list[dict[str, Any]] = []

    async def keep(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(server({}, None, keep))
    return dict(sent[0]["headers"])


def answering(*statuses: int) -> Any:
    """An application that gives these answers, one after the other."""
    left = iter(statuses)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": next(left), "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b""})

    return app


@pytest.mark.parametrize(("status", "told"), [(503, True), (200, False), (404, False)])
def test_a_refused_request_may_come_again_at_once(status: int, told: bool) -> None:
    """A collision inside the database is over in a moment; a client that is told so does not wait for seconds."""
    headers = headers_of(AtOnce(answering(status)))
    assert (b"retry-after" in headers) is told
    assert headers[b"a"] == b"b"


@pytest.mark.parametrize(("between", "told"), [(200, False), (404, False), (201, True), (204, True)])
def test_a_database_that_nobody_writes_is_left_to_its_clients_patience(
    between: int, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tries that count for nothing must not go on for ever, not even while questions about health are answered."""
    monkeypatch.setattr("tasks.effects.at_once.STUCK", 0.0)
    server = AtOnce(answering(503, between, 503))
    assert b"retry-after" in headers_of(server)
    headers_of(server)
    assert (b"retry-after" in headers_of(server)) is told
