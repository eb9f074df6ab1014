"""What a test leaves on a Prefect server that others share: nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings


@contextmanager
def leaving_nothing(server: str) -> Iterator[SyncPrefectClient]:
    """A client of a server, on which no automation and no deployment that is made meanwhile outlives it.

    Left there, they would make runs by schedule and at the events of whatever tests follow, which find it busy.
    """
    with temporary_settings({PREFECT_API_URL: server}), get_client(sync_client=True) as client:
        before = _automations(client) | _deployments(client)
        try:
            yield client
        finally:
            for automation in _automations(client) - before:
                client.delete_automation(automation)
            for deployment in _deployments(client) - before:
                client.delete_deployment(deployment)


def _automations(client: SyncPrefectClient) -> set[UUID]:
    return {found.id for found in client.read_automations(limit=200)}


def _deployments(client: SyncPrefectClient) -> set[UUID]:
    return {found.id for found in client.read_deployments(limit=200)}
