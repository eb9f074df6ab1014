"""The doctor takes nothing for well that every command fails at: pages to log in at, files that are no databases."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from configs.schema import MlflowSection, PodiumConfig
from deployments.doctor import servers
from deployments.doctor.asking import get
from deployments.doctor.databases import mlflow_database, prefect_database
from deployments.doctor.inputs import inputs


class Answering(BaseHTTPRequestHandler):
    """A server that answers each path with what it has for it, and any other as a page to log in at does."""

    pages: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.end_headers()
        self.wfile.write(self.pages.get(self.path, b"<html>login</html>"))

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def answering(**pages: bytes) -> Iterator[str]:
    """The address of a server that answers some paths in words of their own."""
    handler = type("Handler", (Answering,), {"pages": {f"/{path}": page for path, page in pages.items()}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_page_to_log_in_at_is_no_server() -> None:
    """It answers every question with 200, and no client can do anything with what it says."""
    with answering() as here:
        (mlflow,), (prefect,) = servers.mlflow_server(here), servers.prefect_server(f"{here}/api")
    assert (mlflow.status, "not as MLflow does" in mlflow.detail, "TOKEN" in mlflow.mend) == ("fail", True, True)
    assert (prefect.status, "not as Prefect does" in prefect.detail, "KEY" in prefect.mend) == ("fail", True, True)


def test_an_experiment_of_another_model_is_told() -> None:
    """Each command that decides would refuse; a registration does so at once. What cannot be asked is not judged."""
    tags = b'{"experiment": {"tags": [{"key": "podium.decides_on", "value": "tides"}]}}'
    section = MlflowSection(experiment="e", registered_model="neap")
    with answering(**{"api/2.0/mlflow/experiments/get-by-name?experiment_name=e.decisions": tags}) as here:
        (check,) = servers.decisions(section.model_copy(update={"tracking_uri": here}))
        for other in ({"registered_model": "tides"}, {"experiment": "f"}):
            assert servers.decisions(section.model_copy(update={"tracking_uri": here, **other})) == []
    assert check.status == "fail"
    assert check.detail == "the experiment e holds the decisions on tides, and this config is about neap"
    assert "mlflow.experiment" in check.mend
    assert servers.decisions(section) == servers.decisions(section.model_copy(update={"tracking_uri": here})) == []


def test_an_address_without_api_is_put_right() -> None:
    """Where the pages for people are, something answers as well."""
    with answering(**{"api/admin/version": b'"3.0.0"', "admin/version": b"<html></html>"}) as here:
        (check,) = servers.prefect_server(f"{here}/")
    assert (check.status, check.mend) == ("fail", f"set PREFECT_API_URL to {here}/api")


def test_who_offers_mlflow_without_its_version_is_a_server() -> None:
    """As Databricks does: its interface answers, and other addresses are pages for people."""
    with answering(**{f"api/2.0/mlflow/experiments/{servers.FIRST}": b'{"experiment": {}}'}) as here:
        first, told, *_ = servers.mlflow_server(here)
    assert (first.status, told.status) == ("pass", "warn")


@pytest.mark.parametrize("sent", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\n\r\n."])
def test_what_speaks_something_else_or_never_ends_is_left(sent: bytes) -> None:
    """Each has a line, within the time that was given."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            with listening.accept()[0] as taken:
                taken.sendall(sent)
                while b"SSH" not in sent and time.monotonic() < began + 10:
                    time.sleep(0.1)
                    taken.sendall(b".")

        began = time.monotonic()
        Thread(target=drip, daemon=True).start()
        found = get(f"http://127.0.0.1:{listening.getsockname()[1]}", {}, wait=0.5)
    assert ("HTTP" in found.problem or "no answer within" in found.problem, found.status) == (True, 0)
    assert time.monotonic() - began < 5


def test_a_file_that_is_no_database_fails(tmp_path: Path) -> None:
    """Neither of MLflow nor of Prefect; an empty one is a database without a schema yet."""
    (file := tmp_path / "kept.db").write_bytes(bytes(range(1, 255)) * 20)
    (prefect,) = prefect_database("prefect schema", file)
    for check in (mlflow_database(f"sqlite:///{file}"), prefect):
        assert (check.status, f"{file} cannot be read: file is not a database" in check.detail) == ("fail", True)
        assert check.mend
    file.write_bytes(b"")
    assert mlflow_database(f"sqlite:///{file}").status == "warn"


def written(folder: Path, name: str) -> Path:
    """Rows with labels, half of the one and half of the other."""
    rows = "".join(f"{number},{number % 2}\n" for number in range(40))
    (folder / name).write_text(f"tenure,churn\n{rows}")
    return folder / name


def test_rows_that_every_selection_refuses_fail(tmp_path: Path) -> None:
    """A label that is none of the holdout's, and training on what measures, be it by a copy."""
    holdout, copy, other = (written(tmp_path, name) for name in ("holdout.csv", "copy.csv", "other.csv"))
    other.write_text(f"{other.read_text()}7,0\n")

    def found(trained: Path, positive: object, *identifiers: str) -> list[str]:
        section = {"path": holdout, "positive_class": positive, "id_columns": identifiers}
        config = PodiumConfig.model_validate({"holdout": section, "training": {"path": trained}})
        checks = {check.name: check for check in inputs(config)}
        assert all(check.mend for check in checks.values() if check.status == "fail")
        return [checks[name].status for name in ("holdout", "training")]

    assert found(other, 1) == ["pass", "pass"]
    assert found(other, 1, "churn") == ["warn", "pass"], "a selection takes it as the target"
    assert found(other, "Maybe") == ["fail", "pass"]
    assert found(holdout, 1) == found(copy, 1) == ["pass", "fail"]
