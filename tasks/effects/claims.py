"""A claim to decide, as a run of the decisions experiment: what machines that share an MLflow server hold as a lock.

A claim that is released or dead is deleted, and MLflow refuses to write to a deleted run: a holder that was taken for
dead finds out at its next write. See ``podium.tickets`` for why no two hold it at once.
"""

import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from podium.errors import PodiumError
from podium.progress import announce
from podium.tickets import LEASE, MARGIN, Claim, Watch, ahead, is_lost, next_ticket
from tasks.effects.gone import UNKNOWN, if_there
from tasks.effects.processes import is_alive, place
from tasks.effects.reaching import answers
from tasks.effects.store import Store

POLL = 0.25
"""Seconds between two looks at who is ahead."""
BEATS = 6
"""Renewals in one lease."""


class Holding:
    """A claim of this process, kept alive by a thread."""

    def __init__(self, store: Store, lease: float) -> None:
        self._store, self._lease, self._beat = store, lease, 0
        self._renewed, self._deleted = time.monotonic(), False
        self.token = uuid.uuid4().hex
        tags = {
            "podium.claim": store.registered_model,
            "podium.holder": f"{place()} {os.getpid()}",
            "podium.token": self.token,
            "podium.beat": "0",
        }
        name = f"deciding on {store.registered_model}"
        self.claim_id = str(store.client.create_run(store.decisions_id, tags=tags, run_name=name).info.run_id)
        self._lock, self._ended = threading.Lock(), threading.Event()
        threading.Thread(target=self._keep, daemon=True).start()

    def take_ticket(self, ticket: int) -> None:
        """Stand in the line."""
        self._store.client.set_tag(self.claim_id, "podium.ticket", str(ticket))

    def require(self) -> None:
        """Return if the claim is still held, and for some seconds yet; a server that does not answer is waited for.

        Raises:
            PodiumError: it was lost, because this process or the server stood still for too long.
        """
        while not (self._deleted or self._is_late()):
            if self._renew():
                return
            time.sleep(POLL)
        raise PodiumError(
            f"{self._store.registered_model}: this decision stood still for so long that it lost its turn; "
            "nothing more is changed, run the command again"
        )

    def release(self) -> None:
        """Let the next one decide."""
        self._ended.set()
        with self._lock:
            _delete(self._store, self.claim_id)

    def _is_late(self) -> bool:
        return is_lost(self._renewed, time.monotonic(), self._lease, self._lease * MARGIN / LEASE)

    def _renew(self) -> bool:
        """Write the next beat. A server that is gone is only asked whether it is back: its client would wait longer."""
        with self._lock:
            began = time.monotonic()
            if self._deleted or not answers(self._store.uri):
                return False
            self._beat += 1
            try:
                self._store.client.set_tag(self.claim_id, "podium.beat", str(self._beat))
            except MlflowException as error:
                self._deleted = error.error_code in UNKNOWN
                return False
            self._renewed = began
            return True

    def _keep(self) -> None:
        pause = self._lease / BEATS
        while not self._ended.wait(pause):
            pause = self._lease / BEATS if self._renew() else min(POLL, self._lease / BEATS)


@contextmanager
def claimed(store: Store, patience: float, lease: float = LEASE) -> Iterator[Holding]:
    """Hold the right to decide on a registered model.

    Raises:
        PodiumError: others held it for longer than ``patience`` seconds.
    """
    holding = _stand_in_line(store, time.monotonic() + patience, lease)
    try:
        yield holding
    finally:
        holding.release()


def _stand_in_line(store: Store, deadline: float, lease: float) -> Holding:
    """Return a claim whose turn it is; one that others took for dead meanwhile stands in line again."""
    watch = Watch(lease)
    while True:
        holding = Holding(store, lease)
        try:
            if _is_my_turn(store, holding, watch, deadline):
                return holding
        except BaseException:
            holding.release()
            raise
        holding.release()


def _is_my_turn(store: Store, holding: Holding, watch: Watch, deadline: float) -> bool:
    """Wait for my turn; return whether it came, and not the end of my claim."""
    if not _took_ticket(store, holding):
        return False
    while True:
        claims = _claims(store)
        if all(c.claim_id != holding.claim_id for c in claims):
            return False
        others = _without_dead(store, claims, watch, holding)
        before = ahead(holding.claim_id, others)
        if not before:
            return True
        _wait(store, before[0], deadline)


def _took_ticket(store: Store, holding: Holding) -> bool:
    with if_there(UNKNOWN):
        holding.take_ticket(next_ticket(_claims(store)))
        return True
    return False


def _wait(store: Store, before: Claim, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise PodiumError(f"{store.registered_model}: {before.holder} has been deciding for too long; try again later")
    announce("waiting for another Podium to finish deciding", detail=before.holder)
    time.sleep(POLL)


def _without_dead(store: Store, claims: list[Claim], watch: Watch, holding: Holding) -> list[Claim]:
    """Return the claims that live, and delete the others."""
    others = [c for c in claims if c.claim_id != holding.claim_id]
    dead = {c.claim_id for c in watch.dead(others, time.monotonic())}
    dead |= {c.claim_id for c in others if _ended(c) or _is_echo(c, holding)}
    for claim_id in dead:
        _delete(store, claim_id)
    return [c for c in claims if c.claim_id not in dead]


def _is_echo(claim: Claim, holding: Holding) -> bool:
    """Whether a claim was made by the same request: its answer was lost, and MLflow's client sent it once more."""
    return claim.token == holding.token


def _ended(claim: Claim) -> bool:
    """Whether a claim is that of a process of this very place that is no more."""
    where, _, pid = claim.holder.rpartition(" ")
    return where == place() and pid.isdigit() and not is_alive(int(pid))


def _claims(store: Store) -> list[Claim]:
    wanted = f"tags.`podium.claim` = '{store.registered_model}'"
    return [_claim(run) for run in store.client.search_runs([store.decisions_id], wanted, max_results=1000)]


def _claim(run: Run) -> Claim:
    tags = run.data.tags
    ticket = tags.get("podium.ticket")
    number = int(ticket) if ticket else None
    return Claim(run.info.run_id, number, tags["podium.holder"], tags["podium.beat"], tags.get("podium.token"))


def _delete(store: Store, claim_id: str) -> None:
    with if_there(UNKNOWN):
        store.client.delete_run(claim_id)
