"""MLflow's address loses its credentials before MLflow's client sees it, and its client has them all the same."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from configs.schema import MlflowSection
from podium.redaction import redacted
from tasks.effects.credentials import bare, lend_credentials
from tasks.effects.store import find


class Listener(BaseHTTPRequestHandler):
    """Keeps how callers authorise themselves, and answers that it knows nothing."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        self.send_response(404 if "api" in self.path else 200)
        self.end_headers()
        self.wfile.write(b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}')

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def listening() -> Iterator[tuple[str, list[str]]]:
    """The host of a server that sees who asks, and what it has seen."""
    seen: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Listener,), {"seen": seen}))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_the_client_gets_them_by_its_environment(
    listening: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoded as an address encodes them; another address takes them back."""
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "before")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "before-too")
    host, seen = listening
    assert find(MlflowSection(tracking_uri=f"http://ana:pl%40nted-one@{host}")) is None
    wanted = "Basic " + base64.b64encode(b"ana:pl@nted-one").decode()
    assert wanted in seen
    lend_credentials(f"http://{host}")
    with pytest.raises(MlflowException):
        MlflowClient(f"http://{host}").get_experiment("1")
    assert seen[-1] == "Basic " + base64.b64encode(b"before:before-too").decode()


def test_a_database_keeps_its_password_and_no_text_shows_it() -> None:
    """Its driver has no other way to get it."""
    uri = "postgresql://ana:pl4nted-two@db/mlflow"
    assert bare(uri) == uri
    lend_credentials(uri)
    assert redacted(f"{uri}: pl4nted-two") == "postgresql://db/mlflow: ***"
    lend_credentials("")
