"""Settles a promotion that waits for approval: approve it, and it goes into production; reject it, and it does not."""

from prefect import flow

from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.alerting import telling
from flows.rechecking import rechecked
from flows.settlement import finished_order, ordering, settle_order
from flows.shared import now
from podium.decision import Decision
from podium.errors import NegativeAnswerError
from podium.orders import given_before, order, pinned, registered_in, settled_reason, waiting_for
from podium.outcome import OrderOutcome, Production
from podium.states import holdout_of
from tasks.asking import answer_about
from tasks.decisions import close_decision, last_decision, waiting_decision
from tasks.effects.code import code_version
from tasks.promotion import in_production


@telling("approve")
def approve(config_path: str | None = None, decision_id: str = "", asked_by: str = "user") -> OrderOutcome:
    """Carry out a promotion that waits, if production is still what it was decided against.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        decision_id: The decision that waits.
        asked_by: Who or what asks for it, for the decision record.

    Raises:
        UsageError: no decision of that name waits.
        NegativeAnswerError: production has changed since, or the model does not pass any more.
    """
    config = load_config(config_path)
    with ordering(config) as (turn, finished):
        if before := given_before(finished, "approve", decision_id):
            return finished_order(config, before)
        waiting = waiting_for(decision_id, waiting_decision(config.mlflow))
        production = in_production(config.mlflow)
        _require_current(config, waiting, production)
        decision = order(
            "approve",
            (settled_reason(waiting, "approved", asked_by),),
            last_decision(config.mlflow),
            decided_at=now(),
            champion=production.champion,
            promoted=registered_in(waiting),
            asked_by=asked_by,
            code_version=code_version(),
            approves=waiting.decision_id,
            previous_before=production.previous,
            holdout=holdout_of(waiting),
        )
        return settle_order(config, decision, turn)


@telling("reject")
def reject(config_path: str | None = None, decision_id: str = "", asked_by: str = "user") -> OrderOutcome:
    """Settle a promotion that waits without carrying it out; the same evidence does not ask again.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        decision_id: The decision that waits.
        asked_by: Who or what asks for it, for the decision record.

    Raises:
        UsageError: no decision of that name waits.
    """
    config = load_config(config_path)
    with ordering(config) as (turn, finished):
        if before := given_before(finished, "reject", decision_id):
            return finished_order(config, before)
        waiting = waiting_for(decision_id, waiting_decision(config.mlflow))
        target = registered_in(waiting)
        decision = order(
            "reject",
            (settled_reason(waiting, "rejected", asked_by),),
            last_decision(config.mlflow),
            decided_at=now(),
            champion=in_production(config.mlflow).champion,
            asked_by=asked_by,
            code_version=code_version(),
            rejects=waiting.decision_id,
            version=target.version,
            logged_model_id=target.logged_model_id,
            holdout=holdout_of(waiting),
        )
        return settle_order(config, decision, turn)


@flow(name="review", validate_parameters=False)
def review(config_path: str | None = None) -> OrderOutcome | None:
    """Ask in Prefect about the promotion that waits, if there is one, and settle it as a person answers.

    The run is suspended until then. Its second beginning finds the answer, unless another decision waits by now.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.

    Raises:
        UsageError: it does not run as a deployment.
        NegativeAnswerError: production has changed since, or the model does not pass any more.
    """
    waiting = waiting_decision(load_config(config_path).mlflow)
    if waiting is None:
        return None
    answer = answer_about(waiting)
    settle = approve if answer.approve else reject
    return settle(config_path, waiting.decision_id, asked_by=answer.asked_by)


def _require_current(config: PodiumConfig, waiting: Decision, production: Production) -> None:
    """Refuse what was decided against another champion, while one is pinned, or on what is not so any more."""
    name, before, champion = config.mlflow.registered_model, waiting.content["champion_before"], production.champion
    if production.pin:
        raise pinned(name, production.pin)
    if champion != before:
        close_decision(config.mlflow, waiting.decision_id, "superseded")
        raise NegativeAnswerError(
            f"{name}: decision {waiting.decision_id} was taken against version {before or 'none'}, and now version "
            f"{champion or 'none'} is in production; run `podium select`"
        )
    if doubt := rechecked(config, waiting):
        raise NegativeAnswerError(
            f"{name}: decision {waiting.decision_id} does not stand any more: {doubt}; run `podium select`"
        )
