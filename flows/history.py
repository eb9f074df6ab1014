"""Reads the history of decisions and checks that its chain is unbroken."""

from dataclasses import asdict
from typing import Any

from configs.loading import load_config
from flows.alerting import alert_outcome
from podium.chain import Chain
from podium.events import broken
from podium.fates import fate_of
from podium.past import champion_at, decision_named, parse_time, why_not
from tasks.effects.events import project_of, tell
from tasks.effects.records import read_chain


def history(config_path: str | None = None) -> Chain:
    """Return every decision, oldest first; whoever is to be told of a broken chain is, and others hear of it."""
    config = load_config(config_path)
    chain = read_chain(config.mlflow)
    alert_outcome(config, "history", chain, and_owed=False)
    if not chain.unbroken:
        tell(broken(project_of(config.mlflow), chain))
    return chain


def chain_json(chain: Chain) -> dict[str, Any]:
    """Return the JSON document of ``podium history``."""
    told = zip(chain.decisions, chain.states, strict=True)
    rows = [{"decision_id": d.decision_id, "sha256": d.sha256, "state": state, **d.content} for d, state in told]
    return {"decisions": rows, "unbroken": chain.unbroken, "broken_at": chain.broken_at}


def past_json(chain: Chain, at: str) -> dict[str, Any]:
    """Return the JSON document of ``podium history --at``.

    Raises:
        UsageError: it is no time.
    """
    when = parse_time(at)
    found = asdict(champion_at(chain, when))
    return {"at": when.isoformat(), **found, "unbroken": chain.unbroken, "broken_at": chain.broken_at}


def explained_json(chain: Chain, decision_id: str, model_id: str | None) -> dict[str, Any]:
    """Return the JSON document of ``podium explain-decision``.

    Raises:
        UsageError: there is no such decision, or no such model took part in it.
        NegativeAnswerError: its record was changed, or cannot be read.
    """
    decision = decision_named(chain, decision_id)
    content, fate = decision.content, fate_of(chain, decision)
    told = {"decision_id": decision.decision_id, "verdict": content["verdict"], "state": fate.state}
    models = {name: list(said) for name, said in why_not(decision, fate, model_id).items()}
    whole = {"unbroken": chain.unbroken, "broken_at": chain.broken_at}
    return told | {"reasons": content["reasons"], "models": models} | whole
