"""An address that leads nowhere, or to something else than is named, is said in one line with its mend."""

import time
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from configs.schema import MlflowSection
from deployments.projects import Project
from deployments.stack.home import StackHome
from deployments.stack.supervisor import Supervisor, Wanted
from flows.cli.embedded import EmbeddedServer
from flows.cli.failures import describe
from podium.errors import PodiumError, UsageError
from tasks.effects.reaching import require_answer
from tasks.effects.store import find
from tests.deployments.test_doctor_strange import answering


def ask() -> None:
    """Ask Prefect's server for something."""
    with get_client(sync_client=True) as client:
        client.read_automations()


def said_of(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command says to an address at which Prefect's client fails."""
    monkeypatch.setenv("PREFECT_API_URL", address)
    with temporary_settings({PREFECT_API_URL: address}), pytest.raises(Exception, match=r".") as met:
        ask()
    assert isinstance(met.value, Exception)
    return describe(met.value)


@pytest.mark.parametrize("given", ["127.0.0.1:4310/api", "htp://alice:secretword@h/api", "http://h:port/api"])
def test_what_is_no_address_is_called_so(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its form is named, and the variable."""
    said = said_of(given, monkeypatch)
    assert said.endswith("is no address: http://HOST:PORT/api is expected: mend PREFECT_API_URL")
    assert "secretword" not in said


def test_an_address_without_api_is_called_so(prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is asked for is there."""
    bare = prefect_server.removesuffix("/api")
    said = said_of(bare, monkeypatch)
    assert said.startswith(f"PREFECT_API_URL={bare} leads to no interface")
    assert "/api as a rule" in said


def test_a_page_to_log_in_at_is_no_mlflow() -> None:
    """It answers everything with 200; a server whose interface is there beside its pages is taken for one."""
    with answering() as here, pytest.raises(PodiumError, match=rf"{here} answers with a web page.*tracking_uri"):
        find(MlflowSection(tracking_uri=here))
    pages = {"api/2.0/mlflow/experiments/search": b"{}"}
    with answering(**pages) as here:
        require_answer(here)


@pytest.mark.parametrize("said", [b"<html>login</html>", b"{}"])
def test_a_page_to_log_in_at_is_no_prefect(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is whatever else answers there: the address is named, and what may let us pass."""
    with answering(**{"api/admin/version": said, "api/automations/filter": said}) as here:
        told = said_of(f"{here}/api", monkeypatch)
    assert told.startswith(f"{here}/api answers, and not as Prefect does")
    assert "see PREFECT_API_KEY" in told


def test_a_file_that_is_no_database_is_said_at_once(tmp_path: Path) -> None:
    """MLflow's client would try for minutes, and Prefect's server not say why it ended."""
    broken, began = tmp_path / "prefect.db", time.monotonic()
    broken.write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(PodiumError, match=rf"{broken} cannot be read: file is not a database: put a copy"):
        find(MlflowSection(tracking_uri=f"sqlite:///{broken}"))
    with pytest.raises(PodiumError, match=rf"{broken} cannot be read: .*move it away"):
        EmbeddedServer(tmp_path)
    assert time.monotonic() - began < 10


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A lock that cannot be made is the home's fault; a database that cannot be opened is no worse for that."""
    for lock in (tmp_path / "starting.lock", StackHome(tmp_path).folder / "running.lock"):
        lock.mkdir(parents=True)
    wanted = Wanted(Project("tides", None, str(tmp_path)), None, f"sqlite:///{tmp_path}/mlflow.db")
    for begin in (lambda: EmbeddedServer(tmp_path), lambda: Supervisor(StackHome(tmp_path), wanted).run(print)):
        with pytest.raises(UsageError, match=rf"{tmp_path} cannot be written: .*; set PODIUM_HOME"):
            begin()
    (tmp_path / "mlflow.db").mkdir()
    with pytest.raises(PodiumError, match=r"unable to open database file: let this account write to it"):
        find(MlflowSection(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db"))
