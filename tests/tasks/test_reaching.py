"""A server that is too busy to answer is waited for; one that is not there is not."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.servers import free_port
from podium.errors import PodiumError
from tasks.effects import reaching
from tests.faulty import FaultyProxy


class Busy(ThreadingHTTPServer):
    """A server that listens, and answers no question before the third."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked, self.over = 0, threading.Event()


class Answer(BaseHTTPRequestHandler):
    """One question to it."""

    server: Busy

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.server.asked < 3:
            self.server.over.wait(60)
            return
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Busy]:
    """Such a server, while nobody waits long for one answer."""
    monkeypatch.setattr(reaching, "PATIENCE", 0.3)
    with Busy() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield server
        server.over.set()
        server.shutdown()


def test_a_server_that_listens_is_waited_for(busy: Busy) -> None:
    """It never answered this process before. A slow machine may be late with the third answer, too."""
    reaching.require_answer(f"http://127.0.0.1:{busy.server_port}", patience=60)
    assert busy.asked >= 3


def test_it_is_not_waited_for_longer_than_patience(busy: Busy) -> None:
    """It ends with the line of a server that is not there."""
    with pytest.raises(PodiumError, match="does not answer: start it"):
        reaching.require_answer(f"http://127.0.0.1:{busy.server_port}", patience=0.1)


def assert_said_at_once(url: str) -> None:
    """Assert that a server is said to be gone, and that nothing is waited for."""
    began = time.monotonic()
    with pytest.raises(PodiumError, match="does not answer: start it"):
        reaching.require_answer(url, patience=600)
    assert time.monotonic() - began < 60


def test_a_server_that_is_not_there_is_not_waited_for() -> None:
    """Nobody listens, so nobody will answer."""
    assert_said_at_once(f"http://127.0.0.1:{free_port()}")


def test_a_server_that_is_gone_behind_a_proxy_is_not_waited_for() -> None:
    """The proxy takes the question, and says that nobody is there to answer it."""
    with FaultyProxy(f"http://127.0.0.1:{free_port()}").running() as proxy:
        assert_said_at_once(proxy.url)


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql"])
def test_a_database_that_is_not_there_is_said_at_once_and_its_password_is_not(driver: str) -> None:
    """What it said, or that its driver is missing, stands beside an address without the password."""
    uri = f"{driver}://ana:pl4nted@127.0.0.1:{free_port()}/mlflow"
    with pytest.raises(PodiumError, match=r"does not answer: start it") as met:
        reaching.require_answer(uri, 60)
    assert "Connection refused" in str(met.value) or "No module named 'psycopg2'" in str(met.value)
    assert "pl4nted" not in str(met.value)


def test_a_server_that_fails_at_everything_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again for as long as there is patience, as one that fails now and then answers soon."""

    def fail(question: Answer) -> None:
        question.send_error(500)

    monkeypatch.setattr(Answer, "do_GET", fail)
    with Busy() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        here = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(PodiumError, match=rf"{here} fails whatever it is asked: see its log"):
            reaching.require_answer(here, patience=1)
        assert reaching.answers(here)
        server.shutdown()
