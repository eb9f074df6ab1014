"""The same flows run unchanged against a real MLflow server and a real Prefect server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

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
    store = store_of(config)
    assert store.uri == mlflow_server
    (run,) = store.client.search_runs([store.decisions_id], "tags.`podium.sequence` = '1'")
    with get_client(sync_client=True) as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["podium-report"]))
        last = client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC, limit=5)
        linked = [str(one.data) for one in last]
    place = f"{mlflow_server}/#/experiments/{store.decisions_id}/runs/{run.info.run_id}/artifacts/report.html"
    assert any(place in one for one in linked), "the report is linked from Prefect"
    assert verify(str(config)).passed
    assert chain_json(history(str(config)))["unbroken"]
