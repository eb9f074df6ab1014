"""What the supervisor of a stack relies on: marks, the file that says what runs, logs and ports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.servers import free_port
from benchmarks.stacks import until
from deployments.stack import logs
from deployments.stack.home import Running, StackHome
from deployments.stack.ports import choose, choose_both, is_free
from deployments.stack.processes import OF_A_RUN, Ending, Mark, living, start
from podium.errors import UsageError


def test_the_log_of_the_first_crash_outlives_three_more_starts(tmp_path: Path) -> None:
    """Three logs are kept beside the one that is written, the oldest given up."""
    log = tmp_path / "s.log"
    for number in range(5):
        start(["echo", str(number)], Mark("h", "t", "s"), os.environ, log).wait()
    assert log.read_text() == "4\n"
    assert [logs.generation(log, n).read_text() for n in (1, 2, 3)] == ["3\n", "2\n", "1\n"]
    assert len(list(tmp_path.iterdir())) == 4


def test_a_log_that_grows_is_begun_anew_while_it_is_written(tmp_path: Path) -> None:
    """What runs goes on writing to the same file, at its start, and what it wrote before is kept."""
    log, go = tmp_path / "s.log", tmp_path / "go"
    os.mkfifo(go)
    process = start(["bash", "-c", f"echo one; read < {go}; echo two"], Mark("h", "t", "s"), os.environ, log)
    until(lambda: log.read_text() == "one\n", "nothing is written")
    logs.bound(log, 4)
    assert not logs.generation(log, 1).exists()
    logs.bound(log, 3)
    assert (log.read_text(), logs.generation(log, 1).read_text()) == ("", "one\n")
    go.write_text("on\n")
    process.wait()
    assert (log.read_bytes(), logs.generation(log, 1).read_text()) == (b"two\n", "one\n")


def test_what_runs_is_known_only_while_it_is_held(tmp_path: Path) -> None:
    """A file that a killed stack left says nothing; that of a stack which holds the lock does."""
    places = StackHome(tmp_path)
    assert places.running() is None
    places.make()
    running = Running("token", 1, {"mlflow": 2}, "http://m", "http://p", ready=True)
    places.write(running)
    assert places.running() is None
    holding = "import sys; from pathlib import Path; from deployments.stack.home import StackHome\n"
    holding += "lock = StackHome(Path(sys.argv[1])).lock(); lock.acquire(); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holding, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert places.running() == running
        holder.kill()
    assert places.running() is None
    places.forget("another")
    assert places.state.exists()
    places.forget("token")
    assert not places.state.exists()


def test_runs_are_asked_before_their_worker_and_what_stays_is_killed(tmp_path: Path) -> None:
    """Processes are found by their mark, asked in order, and killed if they will not go; the earlier log is kept."""
    log, told = tmp_path / "s.log", tmp_path / "order"
    (log).write_text("earlier")
    ready = "echo up; touch ready-$0; while :; do sleep 0.05; done"
    script = f"cd {tmp_path}; trap 'echo $0 >> {told}; exit' TERM; {ready}"
    marks = [Mark(str(tmp_path), "t", name) for name in ("mlflow", "worker")]
    first = [start(["bash", "-c", script, mark.service], mark, os.environ, log) for mark in marks]
    of_a_run = {**os.environ, OF_A_RUN: "1"}
    first.append(start(["bash", "-c", script, "run"], marks[1], of_a_run, log))
    deaf = start(["bash", "-c", f"cd {tmp_path}; trap '' TERM; {ready}", "deaf"], marks[0], os.environ, log)
    until(lambda: len(list(tmp_path.glob("ready-*"))) == 4, "not all have begun")
    assert len(living(tmp_path, "t")) >= 4
    assert (tmp_path / "s.log.1").read_text() == "up\n"
    hurried = [False]

    def hurry() -> bool:
        hurried[0] = hurried[0] or (told.exists() and len(told.read_text().split()) == 3)
        return hurried[0]

    assert Ending(lambda: living(tmp_path, "t"), hurry).end() >= 4
    assert told.read_text().split() == ["run", "worker", "mlflow"]
    assert [p.wait(5) for p in first] == [0] * 3
    assert deaf.wait(5) == -9


def test_a_home_is_the_same_by_every_path(tmp_path: Path) -> None:
    """What was started by one spelling of it, or through a link to it, is found by another; another home's is not."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    spellings = [real, link, tmp_path / "link" / ".." / "real"]
    for number, spelling in enumerate(spellings):
        sleeper = start(["sleep", "100"], Mark(str(spelling), str(number), "s"), os.environ, tmp_path / "s.log")
        found = [{process.pid for process in living(other, str(number))} for other in (*spellings, tmp_path)]
        assert found == [{sleeper.pid}] * 3 + [set()]
        assert Ending(lambda: living(link)).end() == 1
        sleeper.wait(5)


def test_ports() -> None:
    """The usual one if it is free, any that is free else; a taken one that was asked for is refused with its holder."""
    import socket

    # No connection of anybody's is given this port once it is free.
    taken = free_port()
    with socket.create_server(("127.0.0.1", taken)):
        assert not is_free(taken)
        assert choose(None, taken, "--p") != taken
        with pytest.raises(UsageError, match=rf"port {taken} is taken by .*process {os.getpid()}.*--p"):
            choose(taken, 1, "--p")
    assert choose(None, taken, "--p") == taken == choose(taken, 1, "--p")


def test_two_servers_get_two_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that one was given is taken for the other, and one that is wanted for both is refused."""
    monkeypatch.setattr("deployments.stack.ports.is_free", lambda port: True)
    port = free_port()
    assert choose(None, port, "--p", {port}) != port
    mlflow, prefect = choose_both(4200, None)
    assert (mlflow, prefect == 4200) == (4200, False)
    mlflow, prefect = choose_both(None, 5000)
    assert (prefect, mlflow == 5000) == (5000, False)
    with pytest.raises(UsageError, match=rf"--mlflow-port and --prefect-port are both {port}: name two"):
        choose_both(port, port)
