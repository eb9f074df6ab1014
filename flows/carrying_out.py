"""Carries out what was recorded: each kind of decision, made visible so that doing it twice is doing it once."""

from collections.abc import Callable
from dataclasses import dataclass

from mlflow.exceptions import MlflowException

from configs.schema import PodiumConfig
from flows.shared import now
from podium.decision import Decision
from podium.errors import PodiumError, first_line
from podium.events import carried_out
from podium.notes import render_note
from podium.orders import order, undo_reason
from podium.outcome import Pin
from podium.progress import announce
from podium.retention import Retirement
from podium.standing import Hold
from podium.states import holdout_of, is_stale, left_by
from tasks.decisions import close_decision, last_decision, write_decision
from tasks.effects.code import code_version
from tasks.effects.events import project_of, tell
from tasks.effects.locks import Turn
from tasks.exporting import export_champion
from tasks.promotion import disown, in_production, retire_versions, set_previous, switch_champion, vacate
from tasks.standing import free_version, hold_version, lift_pin, set_pin, version_there
from tasks.verification import verify_switched


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What became of a recorded decision.

    ``retired`` are the versions it retired, ``overtaken`` is why it changed nothing, ``undone`` why it was taken back.
    """

    retired: tuple[Retirement, ...] = ()
    overtaken: str | None = None
    undone: str | None = None


def exported(config: PodiumConfig) -> str | None:
    """Export what is in production, and return why that failed: it must keep nobody from deciding, least a rollback."""
    if config.export.directory is None:
        return None
    try:
        export_champion(config.mlflow, config.export.directory, last_decision(config.mlflow).champion)
    except (PodiumError, OSError, MlflowException) as error:
        problem = first_line(error, 200)
        announce("not exported", detail=problem)
        return problem
    return None


def carry_out(config: PodiumConfig, decision: Decision, turn: Turn) -> CarriedOut:
    """Make visible what a recorded decision says; doing it twice is doing it once.

    Right before, it is compared with what it was taken from: a stale one changes nothing.
    """
    announce("carrying out", detail=f"{decision.content['verdict']} {decision.decision_id}")
    turn.require()
    stale = is_stale(decision, in_production(config.mlflow).champion, last_decision(config.mlflow))
    if stale:
        close_decision(config.mlflow, decision.decision_id, "superseded")
        return CarriedOut(overtaken=stale)
    turn.require()
    done = CHANGES[decision.content["verdict"]](config, decision, turn)
    exported(config)
    if not done.undone:
        # Before the decision is closed: one that a kill interrupts here is finished later, and told the same then.
        tell(carried_out(project_of(config.mlflow), decision))
        close_decision(config.mlflow, decision.decision_id, "settled")
    return done


def _promoted(config: PodiumConfig, decision: Decision, turn: Turn) -> CarriedOut:
    """Switch, verify what is in production now, and retire what was; what fails there is taken back."""
    version = _switched(config, decision)
    announce("verifying what is in production now", detail=f"version {version}")
    if doubt := verify_switched(config, version).doubt:
        return _undone(config, decision, turn, doubt)
    return CarriedOut(retire_versions(config.mlflow, config.retention, version))


def _switched(config: PodiumConfig, decision: Decision) -> str:
    version = str(decision.content["promoted"]["version"])
    switch_champion(config.mlflow, version, left_by(decision), now())
    return version


def _undone(config: PodiumConfig, decision: Decision, turn: Turn, doubt: str) -> CarriedOut:
    """Go back to what was in production before a promotion, if that is still there, as a decision of its own."""
    before, version = decision.content["champion_before"], decision.content["promoted"]["version"]
    target = version_there(config.mlflow, before) if before else None
    reason = undo_reason(version, target.version if target else None, doubt)
    announce("rolling back", detail=reason)
    back = order(
        "rollback",
        (reason,),
        last_decision(config.mlflow),
        decided_at=now(),
        champion=version,
        promoted=target,
        asked_by="podium",
        code_version=code_version(),
        holdout=holdout_of(decision),
        undoes=decision.decision_id,
        previous_before=decision.content.get("previous_before"),
    )
    turn.require()
    write_decision(config.mlflow, back, render_note(back), turn)
    carry_out(config, back, turn)
    return CarriedOut(undone=reason)


def _rolled_back(config: PodiumConfig, decision: Decision, turn: Turn) -> CarriedOut:
    """Switch, and hold back what is left; where nothing was in production before, nothing is again."""
    content, promoted = decision.content, decision.content["promoted"]
    if promoted:
        free_version(config.mlflow, _switched(config, decision))
    else:
        vacate(config.mlflow, content["champion_before"])
    hold = Hold(content["asked_by"], content["decided_at"], content["holdout"], content["reasons"][0])
    if left := left_by(decision):
        hold_version(config.mlflow, left, hold, content.get("logged_model_id"))
    if "undoes" in content:
        # What failed is nothing to go back to; what was before it is again what it was.
        disown(config.mlflow, content["champion_before"])
        set_previous(config.mlflow, content.get("previous_before"))
        close_decision(config.mlflow, content["undoes"], "undone")
    return CarriedOut(retire_versions(config.mlflow, config.retention, promoted["version"]) if promoted else ())


def _approved(config: PodiumConfig, decision: Decision, turn: Turn) -> CarriedOut:
    done = _promoted(config, decision, turn)
    close_decision(config.mlflow, decision.content["approves"], "approved")
    return done


def _rejected(config: PodiumConfig, decision: Decision, turn: Turn) -> CarriedOut:
    """Hold back what was rejected, so that the same evidence does not ask again."""
    content = decision.content
    why = Hold(content["asked_by"], content["decided_at"], content["holdout"], content["reasons"][0], "rejected")
    hold_version(config.mlflow, content["version"], why, content.get("logged_model_id"))
    close_decision(config.mlflow, content["rejects"], "rejected")
    return CarriedOut()


def _adopted(config: PodiumConfig, decision: Decision, turn: Turn) -> CarriedOut:
    _switched(config, decision)
    return CarriedOut()


def _pinned(config: PodiumConfig, decision: Decision, turn: Turn) -> CarriedOut:
    content = decision.content
    set_pin(config.mlflow, Pin(content["pinned"], content["asked_by"], content["decided_at"]))
    return CarriedOut()


def _unpinned(config: PodiumConfig, decision: Decision, turn: Turn) -> CarriedOut:
    """Lift the pin, and what holds back the version that was named."""
    if decision.content["freed"]:
        free_version(config.mlflow, decision.content["freed"])
    if decision.content["unpinned"]:
        lift_pin(config.mlflow)
    return CarriedOut()


CHANGES: dict[str, Callable[[PodiumConfig, Decision, Turn], CarriedOut]] = {
    "promote": _promoted,
    "rollback": _rolled_back,
    "approve": _approved,
    "reject": _rejected,
    "adopt": _adopted,
    "pin": _pinned,
    "unpin": _unpinned,
}
