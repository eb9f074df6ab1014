"""One command for everything on one machine: it comes up, works by itself, and leaves no process, however it ends."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.stacks import PATIENCE, Up, asked, emit, runs_of, start_run, until
from deployments.declared import read_declared
from deployments.registering import PREFECT_YAML
from deployments.stack.home import StackHome
from deployments.stack.processes import Mark, living, start
from flows.history import history
from flows.migration import migrate
from flows.verification import verify
from tests.flows.projects import LOGISTIC, TRAP, project, store_of
from tests.flows.receivers import Receiver
from tests.flows.test_cli import assert_one_line, document, podium


@pytest.fixture
def ups() -> Iterator[list[Up]]:
    """The stacks of a test, of which none outlives it."""
    started: list[Up] = []
    yield started
    for up in started:
        up.end()


def states(database: Path) -> dict[str, str]:
    """The state of every run that was started, by its name, from the database alone."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute("SELECT name, state_type FROM flow_run WHERE start_time IS NOT NULL"))


def runs(api: str, flow: str, state: str) -> int:
    """How many runs of a flow are in a state."""
    wanted = {"flows": {"name": {"any_": [flow]}}, "flow_runs": {"state": {"type": {"any_": [state]}}}}
    return int(asked(api, "flow_runs/count", wanted))


@pytest.mark.heavy
@pytest.mark.usefixtures("prefect_server")
def test_the_stack_decides_by_itself_and_leaves_nothing(home: Path, made: Path, ups: list[Up]) -> None:
    """An event becomes a decision; a second start is refused; killed or interrupted in mid-run, no process is left."""
    config = project(home.parent, made, LOGISTIC, TRAP)
    migrate(str(config))
    ups.append(first := Up(config, home))
    told = first.ready()
    api = told["prefect"]["api"]
    assert {d["name"] for d in told["deployments"]} == {d.name for d in read_declared(PREFECT_YAML)}
    assert {step["action"] for step in told["automations"]} == {"created"}

    emit(api, "m-other", "another")
    emit(api, "m-1", "churn")
    again = podium("up", "--config", str(config), home=home, cwd=home)
    assert_one_line(again, 2, str(told["pid"]), told["mlflow"]["url"])
    health = podium("doctor", "--json", "--config", str(config), home=home, cwd=home)
    assert (health.returncode, document(health)["passed"]) == (0, True), health.stdout
    until(lambda: "champion" in store_of(config).aliases(), "no selection promoted")
    database = StackHome(home).prefect / "prefect.db"
    until(lambda: set(states(database).values()) == {"COMPLETED"}, "a run goes on")
    decided = [d.content["asked_by"] for d in history(str(config)).decisions]
    assert decided == ["event podium.model.trained of m-1"]
    assert runs(api, "select", "COMPLETED") == 1
    until(lambda: runs(api, "explain", "COMPLETED"), "nothing explains what was promoted")
    before = len(runs_of(api, "verify"))
    back = next(
        str(v.version) for v in store_of(config).versions() if str(v.version) != store_of(config).aliases()["champion"]
    )
    gone_back = podium("rollback", "--to", back, "--config", str(config), home=home, cwd=home)
    assert gone_back.returncode == 0, gone_back.stderr
    until(lambda: len(runs_of(api, "verify")) > before, "a rollback is not verified")
    until(lambda: set(states(database).values()) == {"COMPLETED"}, "a run goes on")
    until(lambda: runs(api, "verify", "SCHEDULED"), "no schedule made a run")

    first.look()
    first.process.kill()
    until(first.is_gone, "processes of a killed stack are left")

    ups.append(second := Up(config, home))
    told = second.ready()
    assert {step["action"] for step in (*told["deployments"], *told["automations"])} == {"unchanged"}
    api = told["prefect"]["api"]
    run = start_run(api, "verify/churn-verify")["name"]
    until(lambda: states(database).get(run) == "RUNNING", "no verification runs")
    second.look()
    second.process.send_signal(signal.SIGINT)
    out, said = second.process.communicate(timeout=PATIENCE)
    assert (second.process.returncode, out) == (0, ""), said
    assert "Traceback" not in said
    assert second.is_gone()
    assert states(database)[run] in {"COMPLETED", "CRASHED"}
    assert not StackHome(home).state.exists()
    assert verify(str(config)).passed


@pytest.mark.heavy
def test_what_is_given_up_ends_the_stack_and_the_team_hears_of_it(
    home: Path, made: Path, ups: list[Up], team: Receiver
) -> None:
    """MLflow's port is another's when it is to be started again: status 1, a critical message, and no process left."""
    config = project(home.parent, made, LOGISTIC, alerts={"channels": {"team": {"url_env": "TEAM"}}})
    ups.append(up := Up(config, home, TEAM=f"json://{team.where}"))
    port = int(up.ready()["mlflow"]["url"].rsplit(":", 1)[1])
    up.look()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for process in up.of_service("mlflow"):
            process.kill()
        until(lambda: took(listener, port), "the port is not free")
        _, said = up.process.communicate(timeout=PATIENCE)
    assert up.process.returncode == 1, said
    assert re.search(r"^podium: mlflow has ended \(status \d+\), again and again: its log", said, re.MULTILINE), said
    assert "Traceback" not in said
    assert team.titles[-1] == "[critical] churn: podium up has ended: mlflow is given up"
    assert "mlflow has ended" in team.got[-1]["message"]
    assert up.is_gone()
    assert not StackHome(home).state.exists()


def took(listener: socket.socket, port: int) -> bool:
    """Whether a socket listens on a port now."""
    with contextlib.suppress(OSError):
        listener.bind(("127.0.0.1", port))
        listener.listen()
        return True
    return False


def test_two_servers_are_not_given_one_port(home: Path, made: Path) -> None:
    """One port for both is refused in one line, before anything is started."""
    config = project(home.parent, made, LOGISTIC)
    ports = ("--mlflow-port", "4299", "--prefect-port", "4299")
    ended = podium("up", *ports, "--config", str(config), home=home, cwd=home)
    assert_one_line(ended, 2, "--mlflow-port", "--prefect-port", "4299")


def test_orphans_are_ended_and_a_taken_port_is_named(home: Path, made: Path) -> None:
    """The next start ends what is left of one whose guard died, too, and complains of a port before it starts any."""
    config = project(home.parent, made, LOGISTIC)
    places = StackHome(home)
    places.make()
    stubborn = ["bash", "-c", "trap '' TERM; sleep 1000 & setsid sleep 1000 & wait"]
    orphan = start(stubborn, Mark(str(home), "earlier", "mlflow"), os.environ, places.logs / "mlflow.log")
    foreign = start(["sleep", "1000"], Mark(str(home) + "-2", "t", "mlflow"), os.environ, places.logs / "other.log")
    until(lambda: len(living(home)) >= 3, "the orphans do not start")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        ended = podium("up", "--mlflow-port", port, "--config", str(config), home=home, cwd=home)
    assert_one_line(ended, 2, f"port {port}", "--mlflow-port", str(os.getpid()))
    orphan.wait(timeout=30)
    assert living(home) == {}
    assert foreign.poll() is None
    foreign.kill()
    foreign.wait()


def test_a_config_that_names_a_server_is_refused(home: Path, made: Path) -> None:
    """`podium up` would start an MLflow of its own beside it."""
    config = project(home.parent, made, LOGISTIC, mlflow={"tracking_uri": "http://alice:secret@mlflow.example:5000"})
    ended = podium("up", "--config", str(config), home=home, cwd=home)
    assert_one_line(ended, 2, "mlflow.tracking_uri", "http://mlflow.example:5000", "podium deploy")
    assert "secret" not in ended.stderr
    assert living(home) == {}
