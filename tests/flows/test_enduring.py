"""A run goes on over a restart of Prefect's server, and one that somebody ended has not failed."""

import threading
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.concurrency._leases import _renew_concurrency_lease_with_retries
from prefect.exceptions import TerminationSignal

from flows.alerting import telling
from flows.enduring import ending_behind


class Restarting:
    """A server that takes no call until it was asked some times."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals

    def renew_concurrency_lease(self, lease_id: UUID, lease_duration: float) -> None:
        """Renew a turn, or refuse the connection."""
        self.refusals -= 1
        if self.refusals >= 0:
            raise httpx.ConnectError("refused")


class Patience(threading.Event):
    """An event that never comes, and notes how long somebody would have waited for it."""

    waited = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        """Return at once."""
        self.waited += timeout or 0
        return False


def test_a_turn_is_renewed_over_a_restart() -> None:
    """Prefect itself would give up, and end the run, after three tries within some seconds."""
    server, patience = Restarting(refusals=9), Patience()
    assert _renew_concurrency_lease_with_retries(cast(Any, server), uuid4(), 300, patience)
    assert 30 < patience.waited < 300


@pytest.mark.usefixtures("prefect_server")
def test_what_fails_as_somebody_ended_it_is_no_failure() -> None:
    """A task that is ended while it begins says in Prefect that it is not set: nobody is told, and the run crashed."""
    name = f"ended-{uuid4().hex[:8]}"

    def interrupted() -> None:
        fail_at_the_end_by(KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        telling(name)(interrupted)()
    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[name])))
    assert run.state_type is not None
    assert run.state_type.value == "CRASHED"


def fail_at_the_end_by(ending: BaseException) -> None:
    """Fail at what somebody's end of the process left undone."""
    try:
        raise_this(ending)
    finally:
        raise_this(ValueError("Task run is not set"))


def raise_this(error: BaseException) -> None:
    """Raise an error."""
    raise error


@pytest.mark.parametrize(
    ("before", "ends"), [(TerminationSignal(signal=15), True), (KeyboardInterrupt(), True), (OSError(), False)]
)
def test_what_came_before_an_error_tells_whether_somebody_ended_it(before: BaseException, *, ends: bool) -> None:
    """A worker's SIGTERM does as well as Ctrl-C; any other error is one."""
    with pytest.raises(ValueError, match="is not set") as met:
        fail_at_the_end_by(before)
    assert ending_behind(met.value) is (before if ends else None)
