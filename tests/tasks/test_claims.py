"""One decides at a time by claims in MLflow; a dead holder loses its claim, and one that stood still notices."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from configs.schema import MlflowSection
from podium.errors import PodiumError
from tasks.effects.claims import Holding, claimed
from tasks.effects.processes import is_alive
from tasks.effects.store import Store, connect


@pytest.fixture
def store(home: Path) -> Store:
    """A store in a database of its own."""
    return connect(MlflowSection(tracking_uri=f"sqlite:///{home / 'mlflow.db'}"))


def claims(store: Store) -> list[str]:
    """The ids of the claims that are there."""
    found = store.client.search_runs([store.decisions_id], "tags.`podium.claim` = 'churn'")
    return [run.info.run_id for run in found]


def test_four_processes_with_wrong_clocks_take_turns(store: Store, tmp_path: Path) -> None:
    """Ten minutes ahead or behind, no two are ever inside, and all come in."""
    command = [sys.executable, "-m", "tests.tasks.claiming", store.uri, str(tmp_path), "5"]
    running = [
        subprocess.Popen([*command, seconds], stderr=subprocess.PIPE, text=True)
        for seconds in ("0", "600", "-600", "0")
    ]
    complaints = [process.communicate(timeout=300)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, "".join(complaints)[-2000:]
    assert sorted(len(log.read_text().splitlines()) for log in tmp_path.glob("*.log")) == [5] * 4
    assert claims(store) == []


def test_the_claim_of_a_killed_process_falls_at_once(store: Store) -> None:
    """On the same machine its end is known, and nobody waits for its lease."""
    code = (
        "import os, signal; from configs.schema import MlflowSection; from tasks.effects.store import connect\n"
        "from tasks.effects.claims import Holding\n"
        f"Holding(connect(MlflowSection(tracking_uri={store.uri!r})), 60).take_ticket(1)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120, check=False).returncode == -9
    assert len(claims(store)) == 1
    started = time.monotonic()
    with claimed(store, 30):
        assert time.monotonic() - started < 30
        assert len(claims(store)) == 1


def test_a_process_that_has_ended_is_dead_though_its_parent_never_asks() -> None:
    """In a container without a reaper the killed stay as zombies, and would keep what they held for its whole lease."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        assert is_alive(process.pid)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(process.pid)
    assert not is_alive(process.pid)


def elsewhere(store: Store) -> str:
    """The claim of a holder on another machine that does not live any more."""
    tags = {"podium.claim": "churn", "podium.holder": "elsewhere 1", "podium.beat": "3", "podium.ticket": "1"}
    return str(store.client.create_run(store.decisions_id, tags=tags).info.run_id)


def test_the_claim_of_a_dead_machine_falls_after_its_lease(store: Store) -> None:
    """Its beat is watched for a whole lease, and then it is taken away."""
    elsewhere(store)
    started = time.monotonic()
    with claimed(store, 30, lease=2):
        assert 2 <= time.monotonic() - started < 28
        assert len(claims(store)) == 1


def test_a_claim_that_beats_is_waited_for(store: Store) -> None:
    """A holder that lives keeps its turn however short the lease, and who waits too long is told for whom."""
    other = elsewhere(store)
    ended = threading.Event()

    def beat() -> None:
        number = 0
        while not ended.wait(0.2):
            number += 1
            store.client.set_tag(other, "podium.beat", f"b{number}")

    thread = threading.Thread(target=beat)
    thread.start()
    with pytest.raises(PodiumError, match="elsewhere 1 has been deciding"), claimed(store, 12, lease=5):
        pass
    ended.set()
    thread.join()
    assert claims(store) == [other]


def test_a_holder_that_was_taken_for_dead_notices(store: Store) -> None:
    """Its claim is gone: it may not change anything any more."""
    with claimed(store, 30) as turn:
        turn.require()
        store.client.delete_run(turn.claim_id)
        with pytest.raises(PodiumError, match="lost its turn"):
            turn.require()


def test_a_holder_whose_renewals_fail_gives_itself_up(store: Store) -> None:
    """It cannot know whether others have taken it for dead, so that it is lost before they may."""
    holding = Holding(store, lease=1.0)
    holding._ended.set()
    deadline = time.monotonic() + 20
    while not _is_given_up(holding):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    holding.release()


def _is_given_up(holding: Holding) -> bool:
    from podium.tickets import LEASE, MARGIN, is_lost

    lost = is_lost(holding._renewed, time.monotonic(), 1.0, MARGIN / LEASE)
    if lost:
        with pytest.raises(PodiumError, match="stood still"):
            holding.require()
    return lost
