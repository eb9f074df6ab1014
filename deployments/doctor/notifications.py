"""Looks whether Prefect's automations of a project tell anybody."""

import json
from typing import Any

from deployments.doctor.asking import get, prefect_headers
from deployments.telling import BLOCK, MEND, UNTOLD
from podium.health import Health

FIRST = "a run failed"
"""The automation that is looked at: all that tell are registered with the same block."""


def told(api: str, project: str) -> list[Health]:
    """Look whether a project that is registered has somebody to tell; nothing if it is not registered."""
    found = _first_action(api, project)
    if found is None:
        return []
    if block := found.get("block_document_id"):
        return [_block(api, str(block))]
    return [Health("notifications", "warn", UNTOLD, MEND)]


def _first_action(api: str, project: str) -> dict[str, Any] | None:
    """Return what is done when a run of a project failed."""
    asked = {"automations": {"name": {"any_": [f"{project}: {FIRST}"]}}}
    headers = {**prefect_headers(), "Content-Type": "application/json"}
    found = get(f"{api.rstrip('/')}/automations/filter", headers, json.dumps(asked).encode())
    try:
        automations = json.loads(found.body)
        return dict(automations[0]["actions"][0])
    except (ValueError, TypeError, LookupError):
        return None


def _block(api: str, block: str) -> Health:
    """Look for a block that automations were registered with."""
    found = get(f"{api.rstrip('/')}/block_documents/{block}", prefect_headers())
    if found.status == 404:
        return Health("notifications", "warn", f"{UNTOLD}: their block {BLOCK} is gone", MEND)
    return Health("notifications", "pass", f"Prefect's automations tell the block {BLOCK}")
