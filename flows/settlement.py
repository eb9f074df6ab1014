"""What the flows that decide have in common: one at a time, what was interrupted first, and recorded before visible."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from configs.schema import PodiumConfig
from podium.decision import Decision, is_stale
from podium.errors import PodiumError
from podium.notes import render_note
from podium.outcome import OrderOutcome, Pin
from podium.progress import announce
from podium.retention import Retirement
from podium.standing import Hold
from tasks.decisions import (
    close_decision,
    forget_unwritten,
    is_any_pending,
    last_decision,
    pending_decisions,
    write_decision,
)
from tasks.effects.locks import Turn, one_decision
from tasks.promotion import in_production, retire_versions, switch_champion
from tasks.standing import free_version, hold_version, lift_pin, set_pin

Retired = tuple[Retirement, ...]


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What became of a recorded decision: the versions it retired, or why it was overtaken and changed nothing."""

    retired: tuple[Retirement, ...] = ()
    overtaken: str | None = None


@contextmanager
def deciding(config: PodiumConfig) -> Iterator[Turn]:
    """Let nobody else decide meanwhile, and finish first what was recorded and interrupted."""
    with one_decision(config.mlflow) as turn:
        finish_interrupted(config, turn)
        yield turn


def resume_interrupted(config: PodiumConfig) -> None:
    """Finish what was recorded and interrupted, if there is any such thing."""
    if is_any_pending(config.mlflow):
        with deciding(config):
            pass


def now() -> str:
    """Return the time of a decision."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def settle_order(config: PodiumConfig, decision: Decision, turn: Turn) -> OrderOutcome:
    """Record an order, carry it out, and return who is in production then.

    Raises:
        PodiumError: production was changed by others meanwhile.
    """
    turn.require()
    write_decision(config.mlflow, decision, render_note(decision))
    done = carry_out(config, decision, turn)
    if done.overtaken:
        raise overtaken(config, f"the {decision.content['verdict']}", done.overtaken)
    reasons = tuple(decision.content["reasons"])
    return OrderOutcome(in_production(config.mlflow), reasons, decision.decision_id, done.retired)


def overtaken(config: PodiumConfig, what: str, why: str) -> PodiumError:
    """Return the error of a decision that others overtook, which changed nothing."""
    return PodiumError(
        f"{config.mlflow.registered_model}: {what} was overtaken and changed nothing: {why}; run it again"
    )


def finish_interrupted(config: PodiumConfig, turn: Turn) -> None:
    """Carry out what was recorded last and then interrupted, unless production has changed since."""
    forget_unwritten(config.mlflow)
    for decision in pending_decisions(config.mlflow):
        carry_out(config, decision, turn)


def carry_out(config: PodiumConfig, decision: Decision, turn: Turn) -> CarriedOut:
    """Make visible what a recorded decision says; doing it twice is doing it once.

    Right before, it is compared with what it was taken from: a stale one changes nothing.
    """
    announce("carrying out", detail=f"{decision.content['verdict']} {decision.decision_id}")
    turn.require()
    stale = is_stale(decision, in_production(config.mlflow).champion, last_decision(config.mlflow))
    if stale:
        close_decision(config.mlflow, decision, "superseded")
        return CarriedOut(overtaken=stale)
    retired = CHANGES[decision.content["verdict"]](config, decision)
    close_decision(config.mlflow, decision, "settled")
    return CarriedOut(retired)


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


CHANGES: dict[str, Callable[[PodiumConfig, Decision], Retired]] = {
    "promote": _promoted,
    "rollback": _rolled_back,
    "pin": _pinned,
    "unpin": _unpinned,
}
