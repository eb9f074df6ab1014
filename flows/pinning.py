"""Pins the champion against automatic change, and lifts what holds a version: a pin, or a rollback."""

from configs.loading import load_config
from flows.alerting import telling
from flows.settlement import finished_order, ordering, settle_order
from flows.shared import now
from podium.orders import given_before, order, pin_reason, pin_target, unpin_target
from podium.outcome import OrderOutcome
from tasks.decisions import last_decision
from tasks.effects.code import code_version
from tasks.promotion import in_production
from tasks.standing import version_named


@telling("pin")
def pin(config_path: str | None = None, version: str | None = None, asked_by: str = "user") -> OrderOutcome:
    """Hold the champion: selections reach their verdict and report it, and change nothing.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        version: Version to hold, which must be in production; not set: the champion.
        asked_by: Who or what asks for it, for the decision record.

    Raises:
        UsageError: the named version does not exist.
        NegativeAnswerError: it is not in production, or pinned already.
    """
    config = load_config(config_path)
    with ordering(config) as (turn, finished):
        if before := given_before(finished, "pin", version):
            return finished_order(config, before)
        production, name = in_production(config.mlflow), config.mlflow.registered_model
        target = version_named(config.mlflow, pin_target(version, production, name))
        decision = order(
            "pin",
            (pin_reason(target, asked_by),),
            last_decision(config.mlflow),
            decided_at=now(),
            champion=production.champion,
            asked_by=asked_by,
            code_version=code_version(),
            pinned=target.version,
        )
        return settle_order(config, decision, turn)


@telling("unpin")
def unpin(config_path: str | None = None, version: str | None = None, asked_by: str = "user") -> OrderOutcome:
    """Let selections change the champion again, and promote a version that was rolled back, if one is named.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        version: Version that may be promoted again although it was rolled back or rejected.
        asked_by: Who or what asks for it, for the decision record.

    Raises:
        UsageError: the named version does not exist.
        NegativeAnswerError: nothing is pinned, or nothing holds the named version.
    """
    config = load_config(config_path)
    with ordering(config) as (turn, finished):
        if before := given_before(finished, "unpin", version):
            return finished_order(config, before)
        production, name = in_production(config.mlflow), config.mlflow.registered_model
        named = version_named(config.mlflow, version) if version else None
        lifted = unpin_target(named, production, name, asked_by)
        decision = order(
            "unpin",
            (lifted.reason,),
            last_decision(config.mlflow),
            decided_at=now(),
            champion=production.champion,
            asked_by=asked_by,
            code_version=code_version(),
            unpinned=lifted.pinned,
            freed=lifted.held,
        )
        return settle_order(config, decision, turn)
