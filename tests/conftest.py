"""Real parts that many tests share, made once: the churn data, a staging area, an MLflow database, a Prefect server."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from benchmarks.servers import free_port
from deployments.stack.home import StackHome
from deployments.stack.services import Addresses, environment, prefect
from tests.flows.receivers import Receiver
from tests.services import Service

# How long an example takes says nothing on a shared machine.
settings.register_profile("podium", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("podium")
# Dask reads them when it is imported, which modules of tests do before any fixture.
os.environ.update({f"DASK_DISTRIBUTED__COMM__TIMEOUTS__{what}": "180s" for what in ("CONNECT", "TCP")})
SHARED = Path(__file__).parent.parent / ".podium" / "cache"


@pytest.fixture(scope="session", autouse=True)
def _quiet_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests talk to no server that the environment names, and leave nothing in the user's homes."""
    patch = pytest.MonkeyPatch()
    for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "PODIUM_CONFIG"):
        patch.delenv(name, raising=False)
    patch.setenv("PODIUM_HOME", str(tmp_path_factory.mktemp("home")))
    patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
    patch.setenv("PREFECT_LOGGING_LEVEL", "CRITICAL")
    # The processes that tests start share what they compile: importing is most of what they do.
    patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("bytecode")))
    patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    patch.setenv("MLFLOW_LOGGING_LEVEL", "CRITICAL")
    yield
    patch.undo()


@pytest.fixture(scope="session")
def churn_csv() -> Path:
    """The real churn data, kept between runs."""
    from tasks.demo_data import fetch_churn_csv

    return fetch_churn_csv.fn(SHARED)


@pytest.fixture(scope="session")
def made(churn_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's staging area and holdout, which no test changes."""
    from tasks.demo_models import make_staging_area

    folder = tmp_path_factory.mktemp("made")
    make_staging_area.fn(churn_csv, folder / "staging", folder / "holdout.parquet")
    return folder


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with all its tables and nothing in them, as a new home gets it."""
    from tasks.effects.blank import place

    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    place("mlflow", path)
    return path


@pytest.fixture
def home(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PODIUM_HOME of the test's own, with an empty MLflow database."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(empty_database, folder / "mlflow.db")
    monkeypatch.setenv("PODIUM_HOME", str(folder))
    return folder


@pytest.fixture
def team() -> Iterator[Receiver]:
    """Where the team hears of what needs it."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prefect server process with a database of its own, as ``podium up`` starts it; returns its API's address.

    It is the server of whatever flow runs in this process, too.
    """
    from prefect.context import _temporary_global_settings_context, get_settings_context
    from prefect.settings import PREFECT_API_URL, temporary_settings

    folder = tmp_path_factory.mktemp("prefect-server")
    places, addresses = StackHome(folder), Addresses(free_port(), free_port())
    places.make()
    made = prefect(places, addresses, environment(places, addresses, None))
    variables = {**made.environment, "PREFECT_UI_ENABLED": "0"}
    began = datetime.now(UTC)
    service = Service("prefect", made.command, folder / "log", lambda: made.is_well(began), variables).start()
    try:
        service.await_ready()
        # Threads that began before, as those that send logs, know only the settings of the whole process.
        with (
            temporary_settings({PREFECT_API_URL: addresses.api}),
            _temporary_global_settings_context(get_settings_context()),
        ):
            yield addresses.api
    finally:
        service.end()
