"""A server that is not there, or ends in the middle of its answer, ends no stack by that."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from deployments.stack import services
from deployments.stack.services import has_reported, make_pool
from podium.errors import PodiumError


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """A server on loopback that answers with these bytes, the last again and again; yields its address."""
    left = list(answers)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.wfile.write(left.pop(0) if len(left) > 1 else left[0])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"
CONFLICT = b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("answer", [CUT, b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[{}]"])
def test_a_server_that_ends_in_the_middle_of_its_answer_is_not_well(answer: bytes) -> None:
    """It is no error of those who watch it, whatever the answer is."""
    with answering(answer) as address:
        assert not has_reported(address, datetime.now(UTC))
        assert services.answers(address) == answer.startswith(b"HTTP/1.1 200")


def test_a_pool_is_asked_for_again_until_the_server_is_heard_of() -> None:
    """Answers that are lost are no failure: what was asked may be done. One that never comes is one line."""
    with answering(b"", b"nonsense\r\n\r\n", CUT, CONFLICT) as address:
        make_pool(address)
    with pytest.raises(PodiumError, match=r"does not take a work pool: .*refused"):
        make_pool(address, patience=0.1)
    with (
        answering(b"HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n") as address,
        pytest.raises(PodiumError, match="422 No"),
    ):
        make_pool(address)
