"""A stack sees to its services: what is started again, what the team hears of it, and what is given up."""

import json
import os
import shlex
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.stacks import until
from deployments.stack.crew import Crew, GivenUpError
from deployments.stack.home import StackHome
from deployments.stack.services import (
    BUSY,
    FRESH,
    WORKER,
    Service,
    has_reported,
    is_of_now,
    make_pool,
    runs_at_once,
)
from deployments.stack.watched import USUAL, Limits, Watched

BEGAN = datetime(2026, 11, 27, tzinfo=UTC)


def watched(command: list[str], well: bool = True) -> Watched:
    """A service with a real process."""
    process = subprocess.Popen(command)
    return Watched(Service("s", tuple(command), {}, lambda _: well), process, BEGAN, well=0.0)


def test_a_service_that_ends_or_is_silent_is_noticed() -> None:
    """The end at once, silence after a minute, and neither while it answers."""
    ended = watched(["false"])
    ended.process.wait()
    assert ended.complaint(1.0) == "has ended (status 1)"
    for well, complaint in ((True, None), (False, "gives no answer")):
        living = watched(["sleep", "60"], well)
        assert living.complaint(USUAL.silent / 2) is None
        assert living.complaint(USUAL.silent + 6) == complaint
        living.process.kill()
        living.process.wait()


def test_what_ends_again_and_again_is_given_up() -> None:
    """Five restarts in two minutes are enough, and five without having been well; those of long ago do not count."""
    service = watched(["true"])
    service.process.wait()
    assert all(service.may_start_again(float(n)) for n in range(USUAL.restarts))
    assert not service.may_start_again(10.0)
    slow = watched(["sleep", "60"])
    times = [n * USUAL.within * 2 for n in range(1, 20)]
    assert [slow.may_start_again(at) for at in times[:6]] == [True] * 5 + [False]
    assert slow.complaint(times[6]) is None
    assert slow.may_start_again(times[7])
    slow.process.kill()
    slow.process.wait()


def test_what_was_started_again_has_time_to_get_well() -> None:
    """It is overdue once, when that time is over, and recovered once, with what was wrong; excused it has it anew."""
    answers = [False]
    process = subprocess.Popen(["sleep", "60"])
    service = Watched(Service("s", (), {}, lambda _: answers[0]), process, BEGAN, well=0.0)
    service.start_again(process, BEGAN, "gives no answer", 100.0)
    within, after = 100.0 + USUAL.starting - 1, 100.0 + USUAL.starting + 1
    assert (service.complaint(within), service.is_overdue(within)) == (None, False)
    service.excuse(within)
    assert (service.complaint(after), service.is_overdue(after)) == (None, False)
    late = after + USUAL.starting
    assert service.complaint(late) == f"was not well within {USUAL.starting:g} s"
    assert [service.is_overdue(late), service.is_overdue(late)] == [True, False]
    service.start_again(process, BEGAN, "was not well", late)
    assert (service.is_overdue(late + 1), service.has_recovered()) == (False, None)
    answers[0] = True
    assert service.complaint(late + 2) is None
    assert [service.has_recovered(), service.has_recovered()] == ["gives no answer", None]
    process.kill()
    process.wait()


def test_a_report_of_a_worker_is_of_this_one_and_of_now() -> None:
    """One of the worker before it, or of more than a minute and a half ago, says nothing."""
    since, now = BEGAN, BEGAN + timedelta(hours=1)
    assert is_of_now(now - timedelta(seconds=60), since, now)
    assert not is_of_now(now - FRESH - timedelta(seconds=1), since, now)
    assert not is_of_now(now - timedelta(seconds=60), now - timedelta(seconds=30), now)


def report(api: str, pool: str) -> bool:
    """Report to the server as the worker does; return whether it took that, or is to be told again."""
    body = json.dumps({"name": WORKER}).encode()
    where = f"{api}/work_pools/{pool}/workers/heartbeat"
    try:
        with urllib.request.urlopen(urllib.request.Request(where, body, {"Content-Type": "application/json"})) as reply:
            return bool(reply.status == 204)
    except urllib.error.HTTPError as error:
        assert error.code == BUSY
        return False


def reports(api: str, pool: str, since: datetime) -> None:
    """Report as the worker does, which makes it well."""
    until(lambda: report(api, pool), "the server takes no report")
    until(lambda: has_reported(api, since, pool), "it has reported and is not well")


def test_a_worker_that_was_started_again_is_well_only_once_it_reports(prefect_server: str) -> None:
    """The last report of the one before it is not its own."""
    pool = "reporting"
    began = datetime.now(UTC)
    make_pool(prefect_server, pool)
    assert not has_reported(prefect_server, began, pool)
    reports(prefect_server, pool, began)
    again = datetime.now(UTC)
    assert not has_reported(prefect_server, again, pool)
    reports(prefect_server, pool, again)


class Over(Exception):  # noqa: N818 - it is no error
    """A test has seen what it wanted."""


QUICK = Limits(between=0.0, silent=0.4, starting=0.8, restarts=3, within=0.3)


class Watch:
    """A crew of real processes, with quick limits, whose news go to a file."""

    def __init__(self, folder: Path, limits: Limits = QUICK) -> None:
        self.told, self.marks = folder / "told", folder / "marks"
        self.marks.mkdir()
        places = StackHome(folder)
        places.make()
        teller = ("bash", "-c", f'echo "$* ${{MLFLOW_TRACKING_URI-none}}" >> {self.told}', "teller")
        self.over: Callable[[], bool] = lambda: False
        self.crew = Crew(places, "t", self._pause, lambda: True, lambda *_: None, teller, limits)

    def _pause(self, seconds: float) -> None:
        if self.over():
            raise Over
        time.sleep(min(seconds, 0.05))

    def news(self) -> list[str]:
        """What was told so far."""
        return self.told.read_text().splitlines() if self.told.exists() else []

    def starts(self, name: str) -> int:
        """How often a service was started."""
        path = self.marks / name
        return len(path.read_text().splitlines()) if path.exists() else 0

    def service(self, name: str, script: str, well: Callable[[], bool], needs: str | None = None) -> Service:
        """A service that notes each of its starts and then does as a script says."""
        command = ("bash", "-c", f"echo >> {shlex.quote(str(self.marks / name))}; {script}")
        return Service(name, command, {**os.environ, "MLFLOW_TRACKING_URI": "m"}, lambda _: well(), needs)

    def ends_when(self, over: Callable[[], bool]) -> None:
        """Watch until something is so, and end all."""
        self.over = over
        try:
            with pytest.raises(Over):
                self.crew.watch()
        finally:
            self.crew.ending().end()


def test_what_comes_back_is_told_of_once_it_is_well(tmp_path: Path) -> None:
    """A service that ended is started again, and the team hears of it when it answers."""
    watch = Watch(tmp_path, Limits(between=0.0, silent=60.0, starting=60.0, restarts=3))
    watch.crew.start(watch.service("mlflow", "exec sleep 60", lambda: watch.starts("mlflow") == 2))
    until(lambda: watch.starts("mlflow"), "it does not start")
    watch.crew.watched["mlflow"].process.kill()
    watch.crew.watched["mlflow"].process.wait()
    watch.ends_when(lambda: bool(watch.news()))
    assert watch.news() == ["restarted mlflow has ended (status -9) m"]
    assert watch.starts("mlflow") == 2


def test_what_does_not_get_well_is_told_of_and_given_up(tmp_path: Path) -> None:
    """The team hears that it is not well, without the server that it is about, then that all has ended."""
    watch = Watch(tmp_path)
    watch.crew.start(watch.service("mlflow", "exec sleep 60", lambda: False))
    with pytest.raises(GivenUpError, match=r"mlflow was not well within 0.8 s, again and again: its log .*nothing"):
        watch.crew.watch()
    until(watch.news, "nobody is told")
    assert watch.news() == ["unwell mlflow gives no answer none"]
    assert watch.crew.watched["mlflow"].vain == QUICK.restarts + 1
    watch.crew.ending().end()
    watch.crew.tell_of_the_end(GivenUpError(watch.crew.watched["mlflow"].service, "was not well"))
    assert watch.news()[1:] == ["given-up mlflow was not well none"]


def test_what_cannot_be_started_again_is_given_up(tmp_path: Path) -> None:
    """Its program is gone: that is an end of which the team can be told, and no failure of the stack."""
    watch = Watch(tmp_path)
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    watch.crew.start(Service("mlflow", (str(program),), os.environ, lambda _: False))
    program.unlink()
    with pytest.raises(GivenUpError, match=r"mlflow has ended .*, and cannot be started again: .*No such file"):
        watch.crew.watch()
    watch.crew.ending().end()


def test_what_needs_another_is_not_blamed_for_it(tmp_path: Path) -> None:
    """A worker without its server is left alone, however long that is away, and started again once it is back."""
    watch = Watch(tmp_path, Limits(between=0.0, silent=0.4, starting=60.0, restarts=3))
    well = [False]
    watch.crew.start(watch.service("prefect", "exec sleep 60", lambda: well[0]))
    watch.crew.start(watch.service("worker", "exit 1", lambda: False, needs="prefect"))
    watch.crew.watched["worker"].process.wait()
    alone = time.monotonic() + 4 * QUICK.silent

    def back() -> bool:
        assert watch.starts("worker") == 1 or well[0]
        well[0] = well[0] or (watch.starts("prefect") == 2 and time.monotonic() > alone)
        return watch.starts("worker") > 1

    watch.ends_when(back)
    assert watch.starts("prefect") == 2


def test_a_worker_has_a_limit_from_the_cores() -> None:
    """Two runs on a small machine, half the cores on a larger one, and never a crowd."""
    assert [runs_at_once(cores) for cores in (None, 1, 2, 8, 64)] == [2, 2, 2, 4, 8]
