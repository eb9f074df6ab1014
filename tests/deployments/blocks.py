"""Whom a Prefect server that tests share can tell."""

from prefect.client.orchestration import SyncPrefectClient

from deployments.automating import notification_blocks


def forget_blocks(client: SyncPrefectClient) -> None:
    """Delete every notification block: from then on nobody is told."""
    for block in notification_blocks(client).values():
        client.delete_block_document(block)
