"""What the supervisor of a stack relies on: marks, the file that says what runs, and when to give up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.stack.home import Running, StackHome
from deployments.stack.ports import choose, is_free
from deployments.stack.processes import OF_A_RUN, Ending, Mark, living, start
from deployments.stack.services import Service
from deployments.stack.watched import RESTARTS, UNWELL, WITHIN, Watched
from podium.errors import UsageError


def watched(command: list[str], well: bool = True) -> Watched:
    """A service with a real process."""
    process = subprocess.Popen(command)
    return Watched(Service("s", tuple(command), {}, lambda: well), process, well=0.0)


def test_a_service_that_ends_or_is_silent_is_noticed() -> None:
    """The end at once, silence after a minute, and neither while it answers."""
    ended = watched(["false"])
    ended.process.wait()
    assert ended.complaint(1.0) == "has ended (status 1)"
    for well, complaint in ((True, None), (False, "gives no answer")):
        living = watched(["sleep", "60"], well)
        assert living.complaint(UNWELL / 2) is None
        assert living.complaint(UNWELL + 6) == complaint
        living.process.kill()
        living.process.wait()


def test_what_ends_again_and_again_is_given_up() -> None:
    """Five restarts in two minutes are enough; those of long ago do not count."""
    service = watched(["true"])
    service.process.wait()
    assert all(service.started_again(float(n)) for n in range(RESTARTS))
    assert not service.started_again(10.0)
    assert service.started_again(WITHIN + 100)


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
    script = f"trap 'echo $0 >> {told}; exit' TERM; echo up; while :; do sleep 0.05; done"
    marks = [Mark(str(tmp_path), "t", name) for name in ("mlflow", "worker")]
    first = [start(["bash", "-c", script, mark.service], mark, os.environ, log) for mark in marks]
    of_a_run = {**os.environ, OF_A_RUN: "1"}
    first.append(start(["bash", "-c", script, "run"], marks[1], of_a_run, log))
    deaf = start(["bash", "-c", "trap '' TERM; while :; do sleep 0.05; done"], marks[0], os.environ, log)
    while (tmp_path / "s.log.1").read_text() != "up\n" or len(living(tmp_path, "t")) < 4:
        pass
    hurried = [False]

    def hurry() -> bool:
        hurried[0] = hurried[0] or (told.exists() and len(told.read_text().split()) == 3)
        return hurried[0]

    assert Ending(lambda: living(tmp_path, "t"), hurry).end() >= 4
    assert told.read_text().split() == ["run", "worker", "mlflow"]
    assert [p.wait(5) for p in first] == [0] * 3
    assert deaf.wait(5) == -9


def test_ports() -> None:
    """The usual one if it is free, any that is free else; a taken one that was asked for is refused with its holder."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert not is_free(taken)
        assert choose(None, taken, "--p") != taken
        with pytest.raises(UsageError, match=rf"port {taken} is taken by .*process {os.getpid()}.*--p"):
            choose(taken, 1, "--p")
    assert choose(None, taken, "--p") == taken == choose(taken, 1, "--p")
