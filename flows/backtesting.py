"""Replays the recorded decisions under another policy. Reads only."""

from typing import Any

from configs.loading import load_config, load_policy
from flows.shared import question_of, rules_of
from podium.backtest import OtherPolicy, Replayed, replay
from podium.chain import Chain
from podium.scorers import require_known
from tasks.effects.records import read_chain


def backtest(policy_path: str, config_path: str | None = None) -> tuple[Chain, tuple[Replayed, ...]]:
    """Return the chain of decisions, and each recorded selection under the policy of another config file.

    Raises:
        ConfigError: the file is no configuration, or names a scorer that there is not.
    """
    config = load_config(config_path)
    other = load_policy(policy_path, config)
    require_known(other.policy.metrics)
    chain = read_chain(config.mlflow)
    evidence = other.policy.evidence
    asked = question_of(evidence) if evidence.confidence is not None else None
    policy = OtherPolicy(lambda basis: rules_of(other, basis), asked, other.policy.model_dump(mode="json"))
    return chain, replay(chain, policy)


def backtest_json(chain: Chain, found: tuple[Replayed, ...], policy: str) -> dict[str, Any]:
    """Return the JSON document of ``podium backtest``."""
    rows = [one.as_json() for one in found]
    return {"policy": policy, "decisions": rows, "unbroken": chain.unbroken, "broken_at": chain.broken_at}
