"""Whatever fails around a decision: no wrong champion, no lost decision, a clear message, and recovery with no hands.

Kills between two writes are in X
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.servers import MlflowServer, free_port
from configs.loading import load_config
from configs.schema import MlflowSection
from flows.history import chain_json, history
from flows.migration import migrate
from flows.rollback import rollback
from flows.selection import select
from flows.verification import verify
from tasks.effects.reaching import WAITING
from tasks.effects.store import connect
from tests.faulty import FaultyProxy
from tests.flows import faults
from tests.flows.faults import FORESTS, LOGISTICS, Scene, answered, await_line, command, copied, ended, scene
from tests.flows.projects import FOREST, LOGISTIC, TWINS, add_staged, project
from tests.services import Service, answers

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("prefect_server")]
OUTAGE = 30.0
SLOW = 2.0
SWITCH = "POST /api/2.0/mlflow/registered-models/alias"
"""The call that changes what is in production."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, made: Path, empty_database: Path, prefect_server: str) -> Path:
    """The folder of an MLflow server that holds an undecided project."""
    folder = tmp_path_factory.mktemp("faults") / "base"
    folder.mkdir()
    shutil.copy(empty_database, folder / "mlflow.db")
    server = MlflowServer(folder)
    server.start()
    try:
        config = project(folder, made, FOREST, mlflow={"tracking_uri": server.url})
        faults.fill(config, made)
    finally:
        server.kill()
    return folder


@dataclass
class Seen:
    """What became of a selection whose server was not well."""

    scene: Scene
    status: int
    said: str
    complained: str
    calls: int = 0
    failed: int = 0


@pytest.fixture(scope="module")
def seen(base: Path, prefect_server: str) -> Iterator[dict[str, Seen]]:
    """Three selections at once: one's server is slow, one's fails every fifth call, one's is gone for a while."""
    with ExitStack() as ends:
        scenes = {n: ends.enter_context(scene(base, base.parent / n)) for n in ("down", "slow", "failing")}
        proxies = {
            "slow": FaultyProxy(scenes["slow"].server.url, delay=SLOW),
            "failing": FaultyProxy(scenes["failing"].server.url, every=5),
            "down": FaultyProxy(scenes["down"].server.url, holding=SWITCH),
        }
        running = {}
        for name, proxy in proxies.items():
            ends.enter_context(proxy.running())
            uri = {"PODIUM_MLFLOW__TRACKING_URI": proxy.url, "PREFECT_API_URL": prefect_server}
            running[name] = command("select", scenes[name].config, **uri)
        assert proxies["down"].arrived.wait(400), "nothing is switched"
        scenes["down"].server.kill()
        proxies["down"].released.set()
        time.sleep(OUTAGE)  # The outage itself: nothing is waited for.
        scenes["down"].server.start()
        found = {n: Seen(scenes[n], *ended(p)) for n, p in running.items()}
        for name, proxy in proxies.items():
            found[name].calls, found[name].failed = proxy.calls, proxy.failed
        yield found


def assert_promoted(found: Seen) -> None:
    """Assert that the selection promoted as if nothing had been wrong, once, and without a traceback."""
    assert found.status == 0, found.complained[-3000:]
    assert "Traceback" not in found.complained
    section = MlflowSection(tracking_uri=found.scene.server.url)
    faults.assert_promoted_once(section)


def test_a_slow_server(seen: dict[str, Seen]) -> None:
    """Two seconds for each call, and the decision is as it would have been."""
    assert seen["slow"].calls > 10
    assert_promoted(seen["slow"])


def test_a_server_that_fails_one_call_in_five(seen: dict[str, Seen]) -> None:
    """Half of them have been carried out all the same: what is sent once more is not done twice."""
    assert seen["failing"].failed >= 5
    assert WAITING in seen["failing"].complained
    assert_promoted(seen["failing"])


def test_a_server_that_is_gone_for_thirty_seconds(seen: dict[str, Seen]) -> None:
    """It is killed right before the switch: the selection waits for it, says so, keeps its turn and goes on."""
    assert WAITING in seen["down"].complained
    assert_promoted(seen["down"])


def test_models_are_brought_in_once_though_answers_are_lost(base: Path, home: Path, made: Path) -> None:
    """A request that is sent again makes no second version, and no second candidate."""
    with scene(base, home.parent / "lost") as here, FaultyProxy(here.server.url, every=3).running() as proxy:
        mlflow = {"tracking_uri": proxy.url, "experiment": "lost", "registered_model": "lost"}
        config = project(home.parent, made, *TWINS, LOGISTIC, mlflow=mlflow)
        outcomes = migrate(str(config)).outcomes
        assert [o.state for o in outcomes] == ["migrated"] * 3, outcomes
        store = connect(load_config(config).mlflow)
        fingerprints = [v.tags["podium.fingerprint"] for v in store.versions()]
        assert len(fingerprints) == len(set(fingerprints)) == 3
        outcome = select(str(config))
        assert (len(outcome.selection.ranking), outcome.production.model_id) == (3, LOGISTIC)
        assert proxy.failed > 10


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, made: Path, empty_database: Path, prefect_server: str) -> Path:
    """The config of an undecided project on SQLite."""
    return faults.undecided(tmp_path_factory.mktemp("alone") / "base", made, empty_database)


def assert_promoted_there(config: Path) -> None:
    """Assert that LOGISTIC was promoted in a project on SQLite, by one decision of an unbroken chain."""
    faults.assert_promoted_once(load_config(config).mlflow)
    assert faults.chain_of(config) == ["promote", "promote"]


DISK = """
set -e
mount -t tmpfs -o size=64m tmpfs "$0"
cp -r "$1"/. "$0"
dd if=/dev/zero of="$0/ballast" bs=64k 2>/dev/null || true
shift
exec "$@"
"""
"""Starts a server whose artifacts are on a disk of its own, which holds what it must and is full."""


@dataclass
class Full:
    """A project whose MLflow server keeps its artifacts on a disk that is full."""

    config: Path
    url: str
    ballast: Path

    def asked(self, name: str) -> "subprocess.Popen[str]":
        """A command of Podium that gives up soon."""
        uri = {"PODIUM_MLFLOW__TRACKING_URI": self.url, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
        return command(name, self.config, **uri)


@pytest.fixture
def full(base: Path, tmp_path: Path, prefect_server: str) -> Iterator[Full]:
    """Such a project, undecided."""
    if shutil.which("unshare") is None or os.system("unshare --mount --map-root-user true") != 0:
        pytest.skip("a disk of a test's own needs unshare and user namespaces")
    folder = shutil.copytree(base, tmp_path / "full")
    server = MlflowServer(folder)
    mounted = folder / "disk"
    mounted.mkdir()
    own = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(server.port)]
    own += ["--workers", "1", "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    own += ["--artifacts-destination", str(mounted)]
    words = ["unshare", "--mount", "--map-root-user", "sh", "-c", DISK, str(mounted), str(folder / "artifacts"), *own]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    service = Service("mlflow", words, tmp_path / "log", answers(f"{server.url}/health"), quiet)
    try:
        service.start().await_ready()
        assert service.process is not None
        ballast = Path("/proc", str(service.process.pid), "root", *mounted.parts[1:], "ballast")
        yield Full(folder / "churn.yaml", server.url, ballast)
    finally:
        service.end()


def test_a_full_disk_under_a_decision(full: Full) -> None:
    """The record cannot be written, so that nothing is promoted; with room again the same command does it all."""
    status, _, complained = ended(full.asked("select"))
    section = MlflowSection(tracking_uri=full.url)
    assert (status, "Traceback" in complained) == (1, False)
    assert "MLflow's server fails, see its log" in complained
    assert connect(section).aliases()["champion"] == FORESTS
    full.ballast.unlink()
    assert answered(full.asked("select"))["verdict"] == "promote"
    faults.assert_promoted_once(section)


def test_a_full_disk_under_a_migration(full: Full, made: Path) -> None:
    """What cannot be stored is no candidate and no version, and is named; with room again the rest is brought in."""
    add_staged(full.config, made, *TWINS)
    status, said, complained = ended(full.asked("migrate"))
    assert (status, "Traceback" in complained) == (1, False), complained
    section = MlflowSection(tracking_uri=full.url)
    there = len(connect(section).versions())
    left = json.loads(said)["left"]
    assert (len(left), there) == (len(TWINS), 2), said
    assert all("run the command again" in model["reason"] for model in left), left
    full.ballast.unlink()
    assert len(answered(full.asked("migrate"))["migrated"]) == len(TWINS)
    store = connect(section)
    assert len(store.versions()) == len(store.logged_models()) == 2 + len(TWINS)


def test_a_prefect_server_that_is_restarted_meanwhile(alone: Path, tmp_path: Path) -> None:
    """The selection goes on as soon as it is back, and its run ends there as it should."""
    config, port = copied(alone, tmp_path / "restarted"), free_port()
    words = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    own = {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{tmp_path}/prefect.db",
        "PREFECT_UI_ENABLED": "false",
    }
    api = f"http://127.0.0.1:{port}/api"
    server = Service("prefect", words, tmp_path / "log", answers(f"{api}/health"), own)
    try:
        server.start().await_ready()
        running = command("select", config, PREFECT_API_URL=api)
        await_line(running, "deciding")
        server.end()
        server.start()
        assert answered(running)["verdict"] == "promote"
    finally:
        server.end()
    assert_promoted_there(config)


def store_aliases(config: Path) -> dict[str, str]:
    """The aliases of a project's registered model."""
    return connect(load_config(config).mlflow).aliases()


def test_clocks_ten_minutes_apart(alone: Path, tmp_path: Path, prefect_server: str) -> None:
    """One machine is ahead and one behind: orders follow each other as they were given, not as they are dated."""
    found = find_spec("libfaketime")
    if found is None:
        pytest.skip("a process with a clock of its own needs the wheel libfaketime, which is for Linux on x86-64")
    library = Path(str(found.origin)).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
    config = copied(alone, tmp_path / "skewed")

    def at(name: str, offset: str) -> None:
        skewed = {"LD_PRELOAD": str(library), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        answered(command(name, config, PREFECT_API_URL=prefect_server, **skewed))

    at("select", "+600s")
    assert_promoted_there(config)
    at("rollback", "-600s")
    decided = [d["decided_at"] for d in chain_json(history(str(config)))["decisions"]]
    assert decided[1] > decided[2]
    assert faults.chain_of(config) == ["promote", "promote", "rollback"]
    assert store_aliases(config) == {"champion": FORESTS, "previous": LOGISTICS}
    assert select(str(config)).selection.verdict == "keep"
    assert verify(str(config)).passed
    rollback(str(config), to=LOGISTICS)
    assert store_aliases(config) == {"champion": LOGISTICS, "previous": FORESTS}
