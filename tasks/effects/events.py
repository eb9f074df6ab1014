"""Tells Prefect's server what happened, in one request that it answers: nothing is lost when the process ends then.

Prefect's own ``emit_event`` hands an event to a thread and says nothing of what became of it. An event is news and no
part of what it tells of: a server that is not there or does not take it changes nothing but a line in the log.
"""

import logging
import os
from typing import Any

from configs.loading import EVENTS
from configs.schema import MlflowSection
from podium.errors import PodiumError, first_line
from podium.events import Event, Project

LOG = logging.getLogger("podium")
PATIENCE = 5.0
"""Seconds to wait for an answer."""
TRIES_AGAIN = 1


class UntoldError(PodiumError):
    """An event did not reach Prefect's server."""


def project_of(section: MlflowSection) -> Project:
    """Return the names that a configuration's events carry."""
    return Project(section.experiment, section.registered_model)


def tell(event: Event | None) -> bool:
    """Tell an event, if there is one and a server that hears it; return whether that server took it.

    Never fails: what happened has happened, and who missed it is told by a schedule.
    """
    if event is None or os.environ.get(EVENTS) == "off":
        return False
    try:
        return _sent(event)
    except UntoldError as error:
        LOG.warning("%s", error)
        return False


def tell_or_fail(event: Event) -> None:
    """Tell an event.

    Raises:
        UntoldError: it did not reach a server.
    """
    if not _sent(event):
        raise UntoldError(f"{event.name}: no Prefect server is named that could hear it; set PREFECT_API_URL")


def _sent(event: Event) -> bool:
    """Send an event; return False if no server is named, to which Prefect would answer by starting one."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    if not PREFECT_API_URL.value():
        return False
    try:
        with (
            temporary_settings({PREFECT_CLIENT_MAX_RETRIES: TRIES_AGAIN}),
            get_client(httpx_settings={"timeout": PATIENCE}, sync_client=True) as client,
        ):
            client.request("POST", "/events", json=[_as_prefect(event)])
    except Exception as error:
        # Whatever is wrong with the way to the server is no reason to undo what the event tells of.
        raise UntoldError(f"{event.name} was not delivered to Prefect: {first_line(error)}") from error
    return True


def _as_prefect(event: Event) -> dict[str, Any]:
    from prefect.events import Event as PrefectEvent

    resource = {"prefect.resource.id": event.resource, **event.labels}
    told = PrefectEvent.model_validate(
        {
            "event": event.name,
            "id": event.id,
            "resource": resource,
            "payload": dict(event.payload),
            "related": _flow_run(),
        }
    )
    return told.model_dump(mode="json")


def _flow_run() -> list[dict[str, str]]:
    """Return the flow run that this happens in, as Prefect relates its own events to it."""
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None:
        return []
    named = {"prefect.resource.name": run.name} if run.name else {}
    return [{"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.role": "flow-run", **named}]
