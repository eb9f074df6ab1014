"""Selects the production model: discover, measure, rank, decide, confirm, record, promote, retire."""

from dataclasses import replace
from typing import Any

from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.adoption import adopt_production, goes_by_stage
from flows.alerting import telling
from flows.carrying_out import CarriedOut, carry_out
from flows.choosing import chosen, evidence
from flows.reporting import curves_of, matrices_of, publish, with_intervals
from flows.settlement import deciding, overtaken, resume_interrupted
from flows.shared import now, started_by_hand
from flows.shortlisting import measure_news, measured, previewed, shortlisted
from podium.decision import is_news, missed_by, record
from podium.errors import NegativeAnswerError
from podium.events import asker
from podium.measurement import Holdout
from podium.outcome import Production, SelectionOutcome
from podium.plans import Planned
from podium.progress import announce
from podium.ranking import Selection
from podium.standing import stood_by, subject_to_approval
from podium.states import is_same_wait
from tasks.candidates import register
from tasks.decisions import close_decision, last_decision, waiting_decision
from tasks.effects.code import code_version
from tasks.effects.locks import Turn, one_measuring
from tasks.measurement import Confirmation, load_holdout
from tasks.promotion import in_production


@telling("select")
def select(
    config_path: str | None = None, dry_run: bool = False, asked_by: str = "user", model_id: str | None = None
) -> SelectionOutcome:
    """Measure every candidate of the experiment that is not yet measured, and put the best into production.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        dry_run: Only say what would be done, and write nothing.
        asked_by: Who or what asks for it, for the decision record.
        model_id: The model whose event asks for it, for the decision record; every other candidate counts as well.

    Raises:
        NegativeAnswerError: nothing can be promoted, or what was promoted failed and was taken back; its answer is the
            outcome.
    """
    config = load_config(config_path)
    holdout = load_holdout(config)
    asking = asker(asked_by, model_id, started_by_hand())
    outcome = _as_it_would_be(config, preview(config, holdout)[0]) if dry_run else _selected(config, holdout, asking)
    return _answered(config, outcome)


def _as_it_would_be(config: PodiumConfig, found: SelectionOutcome) -> SelectionOutcome:
    """Return a preview that says whether its promotion would wait for approval."""
    must_wait = config.policy.approval == "required"
    would = subject_to_approval(found.selection, must_wait)
    return replace(found, selection=would, awaits_approval=must_wait and would.promoted is not None)


def select_as_planned(config: PodiumConfig, planned: Planned, asked_by: str) -> SelectionOutcome:
    """Select once, provided that everything is as it was when a plan was made.

    Raises:
        NegativeAnswerError: something is not, or what was promoted was taken back.
        PodiumError: others changed production meanwhile.
    """
    holdout = load_holdout(config)
    _measure_first(config, holdout)
    with deciding(config) as turn:
        adopt_production(config, turn)
        outcome = _decided(config, holdout, asked_by, turn, planned)
    if outcome.overtaken:
        raise overtaken(config, f"the plan {planned.file}", outcome.overtaken)
    return _answered(config, outcome)


def _answered(config: PodiumConfig, outcome: SelectionOutcome) -> SelectionOutcome:
    if outcome.selection.verdict == "refuse":
        raise NegativeAnswerError(f"{config.mlflow.registered_model}: {outcome.selection.reasons[0]}", outcome)
    if outcome.undone:
        raise NegativeAnswerError(f"{config.mlflow.registered_model}: {outcome.undone}", outcome)
    return outcome


def _selected(config: PodiumConfig, holdout: Holdout | None, asked_by: str) -> SelectionOutcome:
    """Measure what is new, which nobody who decides has to wait for, and then decide on all of it."""
    _measure_first(config, holdout)
    with deciding(config) as turn:
        adopt_production(config, turn)
        outcome = _decided(config, holdout, asked_by, turn)
        if outcome.overtaken:
            announce("deciding again", detail=outcome.overtaken)
            outcome = _decided(config, holdout, asked_by, turn)
    if outcome.overtaken:
        raise overtaken(config, "a selection", outcome.overtaken)
    return outcome


def _measure_first(config: PodiumConfig, holdout: Holdout | None) -> None:
    """Finish what was interrupted, and measure what is new: who has to roll back waits for neither."""
    resume_interrupted(config)
    if holdout:
        with one_measuring(config.mlflow):
            measure_news(config, holdout)


def _decided(
    config: PodiumConfig, holdout: Holdout | None, asked_by: str, turn: Turn, planned: Planned | None = None
) -> SelectionOutcome:
    found = measured(config, holdout)
    production = in_production(config.mlflow)
    listed = shortlisted(config, holdout, found, production)
    listed = listed.changed(register(config.mlflow, listed.leading))
    must_wait = config.policy.approval == "required" and planned is None
    selection, seen = chosen(config, holdout, listed, production, must_wait)
    if planned:
        stands = stood_by(selection, production, last_decision(config.mlflow).champion)
        planned.require(stands, evidence(config, holdout, stands), production, config.mlflow.registered_model)
    return _settle(config, holdout, selection, seen, production, asked_by, turn, must_wait)


def preview(config: PodiumConfig, holdout: Holdout | None) -> tuple[SelectionOutcome, dict[str, Any]]:
    """Return the verdict on what is already measured, and its evidence; measuring writes, so a dry run does not."""
    production = in_production(config.mlflow, or_by_stage=goes_by_stage(config))
    listed = shortlisted(config, holdout, previewed(config, holdout), production)
    selection, _ = chosen(config, holdout, listed, production, config.policy.approval == "required")
    stands = stood_by(selection, production, last_decision(config.mlflow).champion)
    return SelectionOutcome(stands, production, dry_run=True), evidence(config, holdout, stands)


def _settle(
    config: PodiumConfig,
    holdout: Holdout | None,
    selection: Selection,
    seen: Confirmation | None,
    production: Production,
    asked_by: str,
    turn: Turn,
    must_wait: bool,
) -> SelectionOutcome:
    """Record what is news, carry out a promotion, and return what was decided and done.

    ``must_wait`` says that a promotion is only recorded: who carries out a plan approves it.
    """
    last = last_decision(config.mlflow)
    selection = subject_to_approval(stood_by(selection, production, last.champion), must_wait)
    if not is_news(selection, evidence(config, holdout, selection), last, production.champion):
        return SelectionOutcome(selection, production, last.decision_id)
    selection = with_intervals(config, holdout, selection)
    decision = record(
        selection,
        evidence(config, holdout, selection),
        sequence=last.sequence + 1,
        before=last.sha256,
        decided_at=now(),
        champion=production.champion,
        asked_by=asked_by,
        code_version=code_version(),
        previous=production.previous,
        awaits_approval=must_wait and selection.promoted is not None,
        missed=missed_by(last, production.champion),
    )
    waiting = waiting_decision(config.mlflow)
    if waiting and must_wait and is_same_wait(waiting, decision):
        return SelectionOutcome(selection, production, waiting.decision_id, awaits_approval=True)
    matrices = matrices_of(config, holdout, selection, production, seen)
    turn.require()
    if waiting:
        close_decision(config.mlflow, waiting.decision_id, "superseded")
    report = publish(config, decision, matrices, curves_of(config, holdout, selection, production), turn)
    if decision.content["awaits_approval"]:
        return SelectionOutcome(selection, production, decision.decision_id, True, report, awaits_approval=True)
    done = carry_out(config, decision, turn) if selection.promoted else CarriedOut()
    settled = in_production(config.mlflow)
    outcome = SelectionOutcome(selection, settled, decision.decision_id, True, report, done.retired)
    return replace(outcome, overtaken=done.overtaken, undone=done.undone)
