"""Reads the history of decisions and checks that its chain is unbroken."""

from typing import Any

from configs.loading import load_config
from podium.decision import Chain
from tasks.effects.records import read_chain


def history(config_path: str | None = None) -> Chain:
    """Return every decision, oldest first."""
    return read_chain(load_config(config_path).mlflow)


def chain_json(chain: Chain) -> dict[str, Any]:
    """Return the JSON document of ``podium history``."""
    told = zip(chain.decisions, chain.states, strict=True)
    rows = [{"decision_id": d.decision_id, "sha256": d.sha256, "state": state, **d.content} for d, state in told]
    return {"decisions": rows, "unbroken": chain.unbroken, "broken_at": chain.broken_at}
