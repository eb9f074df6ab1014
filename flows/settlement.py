"""What the flows that decide have in common: one at a time, what was interrupted first, and recorded before visible."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from configs.schema import PodiumConfig
from podium.decision import Decision, can_resume
from podium.notes import render_note
from podium.outcome import OrderOutcome, Pin
from podium.retention import Retirement
from podium.standing import Hold
from tasks.decisions import close_decision, pending_decisions, write_decision
from tasks.effects.locks import one_writer
from tasks.promotion import in_production, retire_versions, switch_champion
from tasks.standing import free_version, hold_version, lift_pin, set_pin

Retired = tuple[Retirement, ...]


@contextmanager
def deciding(config: PodiumConfig) -> Iterator[None]:
    """Let nobody else decide meanwhile, and finish first what was recorded and interrupted."""
    with one_writer(config.mlflow.registered_model):
        finish_interrupted(config)
        yield


def now() -> str:
    """Return the time of a decision."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def settle_order(config: PodiumConfig, decision: Decision) -> OrderOutcome:
    """Record an order, carry it out, and return who is in production then."""
    write_decision(config.mlflow, decision, render_note(decision))
    retired = carry_out(config, decision)
    reasons = tuple(decision.content["reasons"])
    return OrderOutcome(in_production(config.mlflow), reasons, decision.decision_id, retired)


def finish_interrupted(config: PodiumConfig) -> None:
    """Carry out what was recorded last and then interrupted, unless production has changed since."""
    for decision in pending_decisions(config.mlflow):
        if can_resume(decision, in_production(config.mlflow).champion):
            carry_out(config, decision)
        else:
            close_decision(config.mlflow, decision, "superseded")


def carry_out(config: PodiumConfig, decision: Decision) -> Retired:
    """Make visible what a recorded decision says; doing it twice is doing it once."""
    retired = CARRIED_OUT[decision.content["verdict"]](config, decision)
    close_decision(config.mlflow, decision, "settled")
    return retired


def _promoted(config: PodiumConfig, decision: Decision) -> Retired:
    content = decision.content
    version = content["promoted"]["version"]
    switch_champion(config.mlflow, version, content["champion_before"], content["decided_at"])
    return retire_versions(config.mlflow, config.retention, version)


def _rolled_back(config: PodiumConfig, decision: Decision) -> Retired:
    content = decision.content
    hold = Hold(content["asked_by"], content["decided_at"], content["holdout"], content["reasons"][0])
    hold_version(config.mlflow, content["champion_before"], hold)
    free_version(config.mlflow, content["promoted"]["version"])
    return _promoted(config, decision)


def _pinned(config: PodiumConfig, decision: Decision) -> Retired:
    content = decision.content
    set_pin(config.mlflow, Pin(content["pinned"], content["asked_by"], content["decided_at"]))
    return ()


def _unpinned(config: PodiumConfig, decision: Decision) -> Retired:
    """Lift the pin, and what holds back the version that was named."""
    if decision.content["freed"]:
        free_version(config.mlflow, decision.content["freed"])
    if decision.content["unpinned"]:
        lift_pin(config.mlflow)
    return ()


CARRIED_OUT: dict[str, Callable[[PodiumConfig, Decision], Retired]] = {
    "promote": _promoted,
    "rollback": _rolled_back,
    "pin": _pinned,
    "unpin": _unpinned,
}
