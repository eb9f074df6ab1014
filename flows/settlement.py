"""What the flows that decide have in common: one at a time, what was interrupted first, and recorded before visible."""

from collections.abc import Iterator
from contextlib import contextmanager

from configs.schema import PodiumConfig
from flows.carrying_out import carry_out, exported
from flows.rechecking import missing, rechecked
from flows.shared import now
from podium.decision import Decision
from podium.errors import NegativeAnswerError, PodiumError
from podium.notes import render_note
from podium.outcome import OrderOutcome
from podium.progress import announce
from podium.states import champion_after, to_be_verified, unbelieved
from tasks.decisions import close_decision, is_any_pending, note_late, pending_decisions, write_decision
from tasks.effects.locks import Turn, one_decision
from tasks.promotion import in_production


@contextmanager
def deciding(config: PodiumConfig) -> Iterator[Turn]:
    """Let nobody else decide meanwhile, and finish first what was recorded and interrupted."""
    with ordering(config) as (turn, _):
        yield turn


@contextmanager
def ordering(config: PodiumConfig) -> Iterator[tuple[Turn, tuple[Decision, ...]]]:
    """Do the same for an order, which may be among what was finished first: then it is not given a second time."""
    with one_decision(config.mlflow) as turn:
        yield turn, finish_interrupted(config, turn)
        if problem := exported(config):
            name = config.mlflow.registered_model
            raise PodiumError(f"{name}: decided, but not exported: {problem}; the next command tries that again")


def resume_interrupted(config: PodiumConfig) -> None:
    """Finish what was recorded and interrupted, if there is any such thing."""
    if is_any_pending(config.mlflow):
        with deciding(config):
            pass


def settle_order(config: PodiumConfig, decision: Decision, turn: Turn) -> OrderOutcome:
    """Record an order, carry it out, and return who is in production then.

    Raises:
        PodiumError: production was changed by others meanwhile.
        NegativeAnswerError: what was promoted failed and was taken back.
    """
    turn.require()
    write_decision(config.mlflow, decision, render_note(decision), turn)
    done = carry_out(config, decision, turn)
    if done.overtaken:
        raise overtaken(config, f"the {decision.content['verdict']}", done.overtaken)
    reasons = tuple(decision.content["reasons"])
    outcome = OrderOutcome(in_production(config.mlflow), reasons, decision.decision_id, done.retired)
    if done.undone:
        raise NegativeAnswerError(f"{config.mlflow.registered_model}: {done.undone}", outcome)
    return outcome


def finished_order(config: PodiumConfig, decision: Decision) -> OrderOutcome:
    """Return what came of an order that was interrupted, asked for again, and finished instead."""
    reasons = ("it had been recorded and interrupted, and is finished now", *decision.content["reasons"])
    return OrderOutcome(in_production(config.mlflow), reasons, decision.decision_id)


def overtaken(config: PodiumConfig, what: str, why: str) -> PodiumError:
    """Return the error of a decision that others overtook, which changed nothing."""
    return PodiumError(
        f"{config.mlflow.registered_model}: {what} was overtaken and changed nothing: {why}; run it again"
    )


def finish_interrupted(config: PodiumConfig, turn: Turn) -> tuple[Decision, ...]:
    """Carry out what was recorded last and then interrupted, unless production has changed since; return it."""
    finished, undone = [], set[str]()
    for decision in pending_decisions(config.mlflow):
        if decision.decision_id in undone:
            continue
        if doubt := _doubt(config, decision):
            announce("left undone", detail=doubt)
            close_decision(config.mlflow, decision.decision_id, "superseded")
            continue
        undone.add(decision.content.get("undoes", ""))
        if champion_after(decision) != in_production(config.mlflow).champion:
            note_late(config.mlflow, decision.decision_id, now())
        done = carry_out(config, decision, turn)
        if not (done.overtaken or done.undone):
            finished.append(decision)
    return tuple(finished)


def _doubt(config: PodiumConfig, decision: Decision) -> str | None:
    """Return why an interrupted decision is not carried out after all: it, or what it promotes, is not trusted."""
    if changed := unbelieved(decision):
        return changed
    version = to_be_verified(decision, in_production(config.mlflow).champion)
    return rechecked(config, decision) if version else missing(config, decision)
