"""The same flows run unchanged against a real MLflow server and a real Prefect server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.servers import MlflowServer
from flows.history import chain_json, history
from flows.migration import migrate
from flows.selection import select
from flows.verification import verify
from tests.flows.projects import LOGISTIC, TRAP, project, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def mlflow_server(home: Path) -> Iterator[str]:
    """The address of a real MLflow server."""
    server = MlflowServer(home)
    server.start()
    yield server.url
    server.kill()


def test_migrate_select_and_verify_against_a_server(
    mlflow_server: str, home: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by MLFLOW_TRACKING_URI alone, a server gets the models, the champion, and the decision."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    config = project(home.parent, made, LOGISTIC, TRAP)
    assert {o.state for o in migrate(str(config)).outcomes} == {"migrated"}
    assert {o.state for o in migrate(str(config)).outcomes} == {"skipped"}
    outcome = select(str(config))
    assert (outcome.selection.verdict, outcome.production.model_id) == ("promote", LOGISTIC)
    assert store_of(config).uri == mlflow_server
    assert verify(str(config)).passed
    assert chain_json(history(str(config)))["unbroken"]
