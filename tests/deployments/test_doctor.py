"""The doctor finds what is not in order, and says how to mend it."""

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock

from benchmarks.servers import free_port
from benchmarks.stacks import until
from deployments.doctor import places
from deployments.doctor.rounds import examine
from deployments.projects import Project
from deployments.registering import register
from podium.health import Health
from tests.deployments.blocks import forget_blocks
from tests.deployments.leaving import leaving_nothing
from tests.flows.projects import LOGISTIC, project


def found(config: Path) -> dict[str, Health]:
    """Every check by its name."""
    return {check.name: check for check in examine(str(config))}


def awaited(config: Path, name: str, right: Callable[[Health], bool] = lambda _: True) -> Health:
    """The check of a name, once it is there and as it is to be: a busy server may not answer within one look."""

    def look() -> Health | None:
        check = found(config).get(name)
        return check if check and right(check) else None

    made: Health = until(look, f"{name} is not there, or otherwise")
    return made


def well(config: Path) -> dict[str, Health]:
    """Every check by its name, once Prefect's server has answered all questions in time."""
    asked = ("prefect", "prefect version", "prefect clock")

    def look() -> dict[str, Health] | None:
        checks = found(config)
        return checks if all(name in checks and checks[name].status == "pass" for name in asked) else None

    checks: dict[str, Health] = until(look, "Prefect's server does not answer, or has another version or time")
    return checks


@pytest.fixture
def config(home: Path, made: Path) -> Path:
    """A project that is in order."""
    return project(home.parent, made, LOGISTIC)


def test_a_healthy_home_passes_everything(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Embedded databases that are current, a staging root and a holdout that can be read: nothing to mend."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**12))
    checks = found(config)
    assert {name: check for name, check in checks.items() if check.status != "pass"} == {}
    assert {"versions", "home", "disk", "config", "staging", "holdout", "mlflow", "artifacts", "prefect"} <= set(checks)


def test_a_broken_home_is_told_whole(config: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that are gone, missing data and a column that is not there are each found, in one round, with a mend."""
    nowhere = f"http://alice:secret@127.0.0.1:{free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", nowhere)
    monkeypatch.setenv("PREFECT_API_URL", f"{nowhere}/api")
    monkeypatch.setenv("PODIUM_STAGING__ROOT", str(home / "nowhere"))
    monkeypatch.setenv("PODIUM_HOLDOUT__TARGET", "chrn")
    checks = found(config)
    failed = {name for name, check in checks.items() if check.status == "fail"}
    assert failed == {"mlflow", "prefect", "staging", "holdout"}
    assert all(checks[name].mend for name in failed)
    assert "chrn" in checks["holdout"].detail
    assert "secret" not in str(checks)


def test_a_config_that_is_not_valid_is_one_check(
    home: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not depend on it is checked all the same: the home, and the servers that the environment names."""
    path = home / "bad.yaml"
    path.write_text("polcy: {}\n")
    checks = found(path)
    assert (checks["config"].status, checks["home"].status) == ("fail", "pass")
    assert "'policy'" in checks["config"].detail
    assert "podium config check" in checks["config"].mend
    assert not {"mlflow", "prefect"} & set(checks), "nobody names a server"
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    checks = well(path)
    assert checks["mlflow"].status == "fail"
    assert "worker" not in checks, "of which project is not known"


def test_a_config_that_is_not_read_has_the_mend_that_helps(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there is named otherwise, and a variable of the environment is mended where it is."""
    missing = found(home / "chrn.yaml")["config"]
    assert (missing.status, "chrn.yaml: no such file" in missing.detail, "--config" in missing.mend) == (
        "fail",
        True,
        True,
    )
    (home / "good.yaml").write_text("")
    monkeypatch.setenv("PODIUM_POLCY__X", "1")
    assert "variable" in found(home / "good.yaml")["config"].mend


@pytest.mark.parametrize(
    "given", ["nonsense", "http://", "http://alice:secret@host:port", "ftp://host", "127.0.0.1:4200"]
)
def test_what_is_no_address_is_called_so(config: Path, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked whether the host is right that is not there; the form and the variable are named."""
    monkeypatch.setenv("PREFECT_API_URL", given)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    checks = found(config)
    assert "is no address: http://HOST:PORT/api is expected" in checks["prefect"].detail
    assert "is no address: http://HOST:PORT" in checks["mlflow"].detail
    assert (checks["prefect"].mend, "MLFLOW_TRACKING_URI" in checks["mlflow"].mend) == ("mend PREFECT_API_URL", True)
    assert "secret" not in str(checks)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc here")
def test_a_home_that_cannot_be_made_fails(home: Path) -> None:
    """Whatever permissions say, a folder in which none can be made is no home; and nothing is left of trying."""
    (closed,) = places.home(Path("/proc/x"))
    assert (closed.status, closed.detail, "PODIUM_HOME" in closed.mend) == ("fail", "/proc cannot be written", True)
    before = set(home.iterdir())
    assert places.home(home)[0].status == "pass"
    assert set(home.iterdir()) == before


def test_a_database_of_another_version(config: Path, home: Path) -> None:
    """An older schema is to be upgraded; one that this MLflow does not know is of a newer one."""
    for revision, mend in (("90e64c465722", "mlflow db upgrade"), ("ffffffffffff", "install the version")):
        with sqlite3.connect(home / "mlflow.db") as database:
            database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.close()
        check = found(config)["mlflow schema"]
        assert (check.status, mend in check.mend) == ("fail", True)


class Wrong(BaseHTTPRequestHandler):
    """A server of another version with a clock that is ten minutes late."""

    def do_GET(self) -> None:
        body = b"2.9.0"
        self.send_response_only(200)
        self.send_header("Date", format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def test_a_server_with_another_version_and_another_time(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are warnings that name the two sides."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Wrong)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
    checks = found(config)
    server.shutdown()
    server.server_close()
    assert (checks["prefect"].status, checks["prefect version"].status, checks["prefect clock"].status) == (
        "pass",
        "warn",
        "warn",
    )
    assert "2.9.0" in checks["prefect version"].detail
    assert re.search(r"\b(599|60\d) s behind", checks["prefect clock"].detail)


class Refusing(BaseHTTPRequestHandler):
    """A server that knows nobody."""

    def do_GET(self) -> None:
        self.send_response_only(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_what_may_not_be_read_or_written_is_told(config: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that refuse us, with the variables to set; a home and an artifact store that nobody can write."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("PREFECT_API_URL", f"{here}/api")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", here)
    checks = found(config)
    server.shutdown()
    server.server_close()
    assert (checks["mlflow"].status, "MLFLOW_TRACKING_PASSWORD" in checks["mlflow"].mend) == ("fail", True)
    assert (checks["prefect"].status, "PREFECT_API_AUTH_STRING" in checks["prefect"].mend) == ("fail", True)
    (file := home.parent / "file").write_text("no folder")
    (closed,) = places.home(file / "home")
    assert (closed.status, closed.detail) == ("fail", f"{file} cannot be written")


def test_the_pool_of_the_project_is_looked_at(
    config: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registered in a pool of another name, that is the one in which a worker is missed."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    with leaving_nothing(prefect_server):
        register(Project("churn", None, "/srv", "elsewhere"), replace=True)
        awaited(config, "worker", lambda check: "prefect worker start --pool elsewhere" in check.mend)


def test_a_project_that_tells_nobody_is_a_warning(
    config: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the block is there and registered, and again once it is gone; the mend is the command that makes it."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    monkeypatch.setenv("PODIUM_MLFLOW__REGISTERED_MODEL", "mute")
    assert "notifications" not in found(config)
    mute = Project("mute", None, "/srv")
    with leaving_nothing(prefect_server) as client:
        forget_blocks(client)
        register(mute)
        check = awaited(config, "notifications")
        assert (check.status, "late" in check.detail, "save('podium-alerts')" in check.mend) == ("warn", True, True)
        CustomWebhookNotificationBlock(name="w", url="http://127.0.0.1:9/{{body}}").save("podium-alerts")
        register(mute)
        awaited(config, "notifications", lambda check: check.status == "pass")
        forget_blocks(client)
        gone = awaited(config, "notifications", lambda check: check.status != "pass")
    assert (gone.status, "is gone" in gone.detail) == ("warn", True)


def test_real_servers_are_well_and_lack_a_worker(
    config: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real Prefect server has our version and our time; without a worker nothing runs, which is a warning."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    checks = well(config)
    assert (checks["worker"].status, "--pool" in checks["worker"].mend or "podium deploy" in checks["worker"].mend) == (
        "warn",
        True,
    )
