"""The queue of a project's writers on a server: made with the project, and removed with it once nothing is in it."""

from collections.abc import Iterable
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkQueueFilter,
    WorkQueueFilterId,
)
from prefect.client.schemas.objects import TERMINAL_STATES, StateType
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from deployments.projects import Project

UNFINISHED = [state for state in StateType if state not in TERMINAL_STATES]


def ensure_queue(client: SyncPrefectClient, project: Project) -> None:
    """Let the writers of a project run one at a time: the server hands out no second run of their queue."""
    try:
        client.read_work_pool(project.pool)
    except ObjectNotFound:
        _unless_there(client.create_work_pool, WorkPoolCreate(name=project.pool, type="process"))
    try:
        queue = client.read_work_queue_by_name(project.queue, work_pool_name=project.pool)
        if queue.concurrency_limit != 1:
            client.update_work_queue(queue.id, concurrency_limit=1)
    except ObjectNotFound:
        _unless_there(client.create_work_queue, project.queue, concurrency_limit=1, work_pool_name=project.pool)


def _unless_there(create: Any, *arguments: Any, **named: Any) -> None:
    try:
        create(*arguments, **named)
    except ObjectAlreadyExists:
        return


def remove_queue(client: SyncPrefectClient, project: Project, pools: Iterable[str]) -> None:
    """Remove the queue of a project's writers from some pools, unless a run or somebody's deployment is in it."""
    for pool in pools:
        try:
            queue = client.read_work_queue_by_name(project.queue, work_pool_name=pool)
        except ObjectNotFound:
            continue
        here = WorkQueueFilter(id=WorkQueueFilterId(any_=[queue.id]))
        unfinished = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNFINISHED)))
        runs = client.read_flow_runs(flow_run_filter=unfinished, work_queue_filter=here, limit=1)
        if not runs and not client.read_deployments(work_queue_filter=here, limit=1):
            client.delete_work_queue_by_id(queue.id)
