"""Adopts a production model that only MLflow's deprecated stage marks, as registries from before aliases have it."""

from configs.schema import PodiumConfig
from flows.settlement import settle_order
from flows.shared import now
from podium.errors import NegativeAnswerError
from podium.orders import adoption_reason, order
from tasks.decisions import last_decision
from tasks.effects.code import code_version
from tasks.effects.locks import Turn
from tasks.measurement import load_version
from tasks.promotion import back_version, in_production, production_by_stage
from tasks.standing import version_named


def goes_by_stage(config: PodiumConfig) -> bool:
    """Whether a stage may say what is in production: where a decided champion is missed, it is what was before that."""
    return last_decision(config.mlflow).champion is None


def adopt_production(config: PodiumConfig, turn: Turn) -> None:
    """Make the version of the stage Production the champion, if there is one and no champion was ever decided.

    Raises:
        NegativeAnswerError: it does not load.
    """
    if in_production(config.mlflow).champion is not None or not goes_by_stage(config):
        return
    version = production_by_stage(config.mlflow)
    if version is None:
        return
    if doubt := load_version(config, version):
        name = config.mlflow.registered_model
        raise NegativeAnswerError(
            f"{name} version {version} is in production by its stage, and does not load: {doubt}; mend it, or take it "
            "out of the stage"
        )
    back_version(config.mlflow, version)
    target = version_named(config.mlflow, version)
    decision = order(
        "adopt",
        (adoption_reason(target),),
        last_decision(config.mlflow),
        decided_at=now(),
        champion=None,
        promoted=target,
        asked_by="podium",
        code_version=code_version(),
    )
    settle_order(config, decision, turn)
