"""Rolls back: choose the version to go back to, see that it loads, record, switch, retire."""

from dataclasses import dataclass, replace

from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.alerting import telling
from flows.settlement import finished_order, ordering, settle_order
from flows.shared import now
from podium.decision import missed_by
from podium.errors import ConfigError, NegativeAnswerError
from podium.orders import (
    Registered,
    given_before,
    order,
    require_not_left,
    rollback_reason,
    rollback_target,
    unread_reason,
)
from podium.outcome import OrderOutcome, Production
from podium.progress import announce
from podium.standing import UNREAD
from tasks.decisions import last_decision, logged_model_decided
from tasks.effects.code import code_version
from tasks.effects.locks import Turn
from tasks.measurement import load_holdout, load_version
from tasks.promotion import in_production
from tasks.standing import version_named
from tasks.verification import prepare_canary, verify_switched


@telling("rollback")
def rollback(
    config_path: str | None = None, to: str | None = None, dry_run: bool = False, asked_by: str = "user"
) -> OrderOutcome:
    """Put the version before the champion, or the one named, back into production.

    The version that is left is not promoted again before it is measured on another holdout.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        to: Version to go back to; not set: the one before the champion.
        dry_run: Only say what would be done, and write nothing.
        asked_by: Who or what asks for it, for the decision record.

    Raises:
        UsageError: the named version does not exist.
        NegativeAnswerError: there is nothing to go back to, it does not load, or a pin is in the way.
    """
    config = load_config(config_path)
    if not dry_run:
        prepare_canary()
    given = _given(config)
    if dry_run:
        target, production = _target(given.config, to)
        reasons = rollback_reason(target, production, asked_by), *given.notes
        return OrderOutcome(production, reasons, dry_run=True)
    with ordering(given.config) as (turn, finished):
        if before := given_before(finished, "rollback", to):
            return finished_order(given.config, before)
        outcome = _rolled_back(given, to, asked_by, turn)
    return _verified(given.config, outcome)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a rollback goes by: the configuration, the digest of its holdout's rows, and what is to be said of them."""

    config: PodiumConfig
    rows: str | None
    notes: tuple[str, ...] = ()


def _given(config: PodiumConfig) -> _Given:
    """Return what a rollback goes by, without the holdout if it cannot be read.

    Production must go back whatever became of a file; the target then answers its own example.
    """
    try:
        holdout = load_holdout(config)
    except ConfigError as error:
        return _Given(config.model_copy(update={"holdout": None}), UNREAD, (unread_reason(str(error)),))
    return _Given(config, holdout.rows_digest if holdout else None)


def _verified(config: PodiumConfig, outcome: OrderOutcome) -> OrderOutcome:
    """Return what a rollback came to with what a service would miss there: a person's word stands, and is no proof."""
    version = outcome.production.champion
    doubt = verify_switched(config, version).doubt if version else None
    if doubt is None:
        return outcome
    said = f"version {version} is in production and does not pass its verification: {doubt}; see `podium verify`"
    return replace(outcome, reasons=(*outcome.reasons, said))


def _rolled_back(given: _Given, to: str | None, asked_by: str, turn: Turn) -> OrderOutcome:
    section = given.config.mlflow
    target, production = _target(given.config, to)
    last = last_decision(section)
    missed = missed_by(last, production.champion)
    decision = order(
        "rollback",
        (rollback_reason(target, production, asked_by), *given.notes),
        last,
        decided_at=now(),
        champion=production.champion,
        promoted=target,
        asked_by=asked_by,
        code_version=code_version(),
        holdout=given.rows,
        # Its version may be deleted, and not only its alias: then it is held back by this alone.
        **({"logged_model_id": logged_model_decided(section, missed)} if missed else {}),
    )
    return settle_order(given.config, decision, turn)


def _target(config: PodiumConfig, to: str | None) -> tuple[Registered, Production]:
    """Return the version to go back to, which loads, and what is in production now."""
    production, name = in_production(config.mlflow), config.mlflow.registered_model
    known = last_decision(config.mlflow).champion
    target = version_named(config.mlflow, rollback_target(to, production, name, known))
    require_not_left(target, to, production, name)
    announce("loading", detail=f"{target.model_id} (version {target.version})")
    if doubt := load_version(config, target.version):
        raise NegativeAnswerError(f"{name} version {target.version} stays out of production: {doubt}")
    return target, production
