"""Prepares the stack's Prefect server before its worker starts: old runs settled, the project registered.

A process of its own, so that the supervisor stays small and needs no Prefect.
"""

import json
import sys
from datetime import datetime
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Crashed

from deployments.projects import Project
from deployments.registering import register
from podium.errors import PodiumError

UNDER_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
PAGE = 200


def settle_runs(client: SyncPrefectClient, pool: str, before: datetime) -> int:
    """Mark as crashed what an earlier stack left under way, which would block its queue, and return how many.

    None of them lives: the supervisor has ended every process of earlier starts ``before`` this one.
    """
    settled = 0
    while left := _under_way(client, pool, before):
        for run in left:
            gone: State[Any] = Crashed(message="The stack that ran it has ended.")
            client.set_flow_run_state(run.id, gone, force=True)
        settled += len(left)
    return settled


def _under_way(client: SyncPrefectClient, pool: str, before: datetime) -> list[FlowRun]:
    found = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY))),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        limit=PAGE,
    )
    return [run for run in found if run.state and run.state.timestamp < before]


def main() -> None:
    """Settle and register; print what was done as one JSON document."""
    project, before = Project(**json.loads(sys.argv[1])), datetime.fromisoformat(sys.argv[2])
    replace = "--replace" in sys.argv[3:]
    try:
        with get_client(sync_client=True) as client:
            settled = settle_runs(client, project.pool, before)
        document: dict[str, Any] = {**register(project, replace=replace).as_json(), "settled_runs": settled}
    except PodiumError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    sys.stdout.write(json.dumps(document))


if __name__ == "__main__":
    main()
