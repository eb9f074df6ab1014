"""The endpoint of webhooks over real sockets: who sends nothing keeps nobody out, and what is signed gets an answer."""

import http.client
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from podium.webhooks import Version, signature_of
from tasks.effects.connections import Connection, server
from tasks.effects.deliveries import Deliveries
from tasks.effects.receiver import MOST_AT_ONCE, PATH, Receiver

SECRET = "a secret of enough characters"
WAIT = 60.0
"""Seconds after which a test fails; nothing takes that long."""
VERSION: dict[str, Any] = {"name": "churn", "version": "3", "source": "models:/m-1", "run_id": None, "tags": {}}

SURROGATE = json.dumps({"entity": "model_version", "action": "created", "data": {**VERSION, "name": "\ud800"}}).encode()
"""A document with a name that no answer can repeat as it is."""


class Hasty(Connection):
    """Waits only a moment for a head."""

    patience = 0.3


class Hurried(Hasty):
    """Waits longer than the first head of whoever sends one is on its way."""

    patience = 2.0


class Narrow(Connection):
    """Lets few be connected at once."""

    most_open = 4


@contextmanager
def listening(app: Starlette, protocol: type[Connection] = Connection) -> Iterator[int]:
    """Serve an application on loopback and give its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        serving = server(app, protocol=protocol)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            serving.should_exit = True
            thread.join(WAIT)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Callable[[Callable[[Version], str]], Starlette]]:
    """Makes the application of an endpoint that passes versions on as told."""
    with closing(Deliveries(tmp_path / "webhooks.db", 601)) as seen:
        yield lambda handle: Receiver(SECRET, "churn", seen, handle, lambda alert: None).app()


def told(version: Version) -> str:
    """What is said of a version that is passed on."""
    return f"version {version.version}"


def delivery(body: bytes | None = None) -> tuple[bytes, dict[str, str]]:
    """A body, that of a version if none is given, with its signed headers."""
    body = body or json.dumps({"entity": "model_version", "action": "created", "data": VERSION}).encode()
    stamp, name = str(int(time.time())), str(uuid.uuid4())
    signed = {"X-MLflow-Signature": signature_of(SECRET, name, stamp, body)}
    return body, {**signed, "X-MLflow-Timestamp": stamp, "X-MLflow-Delivery-Id": name}


def sent(port: int, body: bytes, headers: dict[str, str]) -> tuple[int, str, str | None]:
    """Send a delivery; return the status, what is said, and when to come again."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)) as connection:
        connection.request("POST", PATH, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers.get("Retry-After")


def connected(port: int, stack: ExitStack, says: bytes = b"") -> socket.socket:
    """A socket that says so much and no more."""
    one = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=WAIT)))
    one.sendall(says)
    return one


def ended(one: socket.socket) -> bool:
    """Whether the other side closes a socket; waits for it."""
    try:
        return one.recv(1) == b""
    except ConnectionError:
        return True


def test_sockets_that_say_nothing_keep_no_delivery_out(
    receiver: Callable[[Callable[[Version], str]], Starlette],
) -> None:
    """More of them than deliveries may be passed on at once, some with half a head or half a body."""
    with listening(receiver(told)) as port, ExitStack() as stack:
        for says in (b"", b"POST /mlflow HT", b"POST /mlflow HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"):
            for _ in range(MOST_AT_ONCE):
                connected(port, stack, says)
        assert sent(port, *delivery()) == (202, json.dumps({"said": "version 3"}, separators=(",", ":")), None)


@pytest.mark.parametrize(
    ("says", "protocol"),
    [
        (b"", Hasty),
        (b"POST /mlflow HTTP/1.1\r\nHost: a\r\n", Hasty),
        (b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", Hurried),
    ],
)
def test_a_head_that_does_not_come_in_time_ends_its_connection(
    says: bytes,
    protocol: type[Connection],
    receiver: Callable[[Callable[[Version], str]], Starlette],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing, half a head, or half of a second one after a first answer; the log says why."""
    with listening(receiver(told), protocol) as port, ExitStack() as stack:
        one = connected(port, stack, says)
        if says.startswith(b"GET"):
            assert one.recv(9999).startswith(b"HTTP/1.1 200")
            one.sendall(b"GET /he")
        while not ended(one):
            pass
    assert f"no request came in {protocol.patience:g} s" in caplog.text


def test_the_oldest_that_sends_nothing_makes_room(
    receiver: Callable[[Callable[[Version], str]], Starlette], caplog: pytest.LogCaptureFixture
) -> None:
    """With every place taken a delivery is answered all the same, and the first of the idle is closed."""
    with listening(receiver(told), Narrow) as port, ExitStack() as stack:
        first, *_ = [connected(port, stack) for _ in range(Narrow.most_open)]
        assert sent(port, *delivery())[0] == 202
        assert ended(first)
    assert "more than 4 connections are open" in caplog.text


def test_too_many_at_once_are_told_to_come_again(
    receiver: Callable[[Callable[[Version], str]], Starlette],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The log says so, and what was refused is new when it comes again."""
    begun, go = threading.Event(), threading.Event()

    def slow(version: Version) -> str:
        begun.set()
        go.wait(WAIT)
        return told(version)

    monkeypatch.setattr("tasks.effects.receiver.MOST_AT_ONCE", 1)
    answers: list[int] = []
    with listening(receiver(slow)) as port:
        first = threading.Thread(target=lambda: answers.append(sent(port, *delivery())[0]))
        first.start()
        assert begun.wait(WAIT)
        second = delivery()
        status, said, again = sent(port, *second)
        assert (status, "to be sent again" in said, again) == (503, True, "2")
        go.set()
        first.join(WAIT)
        assert (answers, sent(port, *second)[0]) == ([202], 202)
    assert "webhook refused (503): as many as may be" in caplog.text


@pytest.mark.parametrize("body", [b"[" * 60_000, json.dumps({"entity": 5}).encode(), b"{", b"\xff", SURROGATE])
def test_a_signed_document_that_means_nothing_is_not_asked_for_again(
    body: bytes, receiver: Callable[[Callable[[Version], str]], Starlette]
) -> None:
    """It is refused or ignored once and for all; the same delivery is a replay."""
    with listening(receiver(told)) as port:
        message = delivery(body)
        assert sent(port, *message)[0] in (200, 400)
        assert sent(port, *message)[0] == 409
