"""Selects the production model: discover, measure, rank, decide, confirm, record, promote, retire."""

from dataclasses import replace
from typing import Any

from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.adoption import adopt_production
from flows.alerting import telling
from flows.reporting import curves_of, matrices_of, publish, with_intervals
from flows.settlement import CarriedOut, carry_out, deciding, now, overtaken, resume_interrupted
from flows.shared import question_of, started_by_hand
from flows.shortlisting import measure_news, measured, previewed, ranked, shortlisted
from podium.candidate import Candidate
from podium.checks import Verification
from podium.decision import evidence_of, is_news, missed_by, record, stable_digest
from podium.errors import NegativeAnswerError
from podium.events import asker
from podium.evidence import asked_of, challengers_in, champion_in, chosen_among, placed_in, shown
from podium.guardrails import Guardrail, latency
from podium.measurement import Holdout
from podium.outcome import Production, SelectionOutcome
from podium.plans import Planned
from podium.progress import announce
from podium.ranking import Selection, not_comparable
from podium.shortlist import Shortlist
from podium.standing import stood_by, subject_to_approval
from podium.states import is_same_wait, promotes
from tasks.candidates import register
from tasks.comparison import compare_with_champion, shrink_first
from tasks.decisions import close_decision, last_decision, waiting_decision
from tasks.effects.code import code_version
from tasks.effects.locks import Turn, one_measuring
from tasks.measurement import Confirmation, confirm, load_holdout
from tasks.promotion import in_production
from tasks.signatures import compare_signatures
from tasks.verification import canary, prepare_canary


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
    resume_interrupted(config)
    if holdout:
        with one_measuring(config.mlflow):
            measure_news(config, holdout)
    with deciding(config) as turn:
        adopt_production(config, turn)
        outcome = _decided(config, holdout, asked_by, turn)
        if outcome.overtaken:
            announce("deciding again", detail=outcome.overtaken)
            outcome = _decided(config, holdout, asked_by, turn)
    if outcome.overtaken:
        raise overtaken(config, "a selection", outcome.overtaken)
    return outcome


def _decided(
    config: PodiumConfig, holdout: Holdout | None, asked_by: str, turn: Turn, planned: Planned | None = None
) -> SelectionOutcome:
    found = measured(config, holdout)
    production = in_production(config.mlflow)
    listed = shortlisted(config, holdout, found, production)
    listed = listed.changed(register(config.mlflow, listed.leading))
    selection, seen = _choose(config, holdout, listed, production)
    if planned:
        stands = stood_by(selection, production, last_decision(config.mlflow).champion)
        planned.require(stands, _evidence(config, holdout, stands), production, config.mlflow.registered_model)
    must_wait = config.policy.approval == "required" and planned is None
    return _settle(config, holdout, selection, seen, production, asked_by, turn, must_wait)


def preview(config: PodiumConfig, holdout: Holdout | None) -> tuple[SelectionOutcome, dict[str, Any]]:
    """Return the verdict on what is already measured, and its evidence; measuring writes, so a dry run does not."""
    production = in_production(config.mlflow, or_by_stage=True)
    listed = shortlisted(config, holdout, previewed(config, holdout), production)
    selection, _ = _choose(config, holdout, listed, production)
    stands = stood_by(selection, production, last_decision(config.mlflow).champion)
    return SelectionOutcome(stands, production, dry_run=True), _evidence(config, holdout, stands)


def _evidence(config: PodiumConfig, holdout: Holdout | None, selection: Selection) -> dict[str, Any]:
    return evidence_of(selection, holdout.as_json() if holdout else None, config.policy.model_dump(mode="json"))


def _choose(
    config: PodiumConfig, holdout: Holdout | None, listed: Shortlist, production: Production
) -> tuple[Selection, Confirmation | None]:
    """Return the verdict, and what was seen of the one to be promoted.

    That one is loaded and measured once more: its files may be gone, and its numbers may have been logged by anyone. If
    it fails, the next best is considered.
    """
    while True:
        announce("deciding", detail=listed.told)
        numbers, listed = ranked(config, holdout, listed, production)
        if numbers.promoted is None:
            return numbers, None
        is_new = _is_new(config, holdout, numbers)
        selection = _shown(config, holdout, numbers, production, anew=is_new)
        if selection.promoted is None or (not is_new and _stays(config, selection, production)):
            return selection, None
        if not is_new:
            selection = _shown(config, holdout, numbers, production, anew=True)
        if selection.promoted is None:
            return selection, None
        seen = _seen(config, holdout, selection.promoted, selection.of(production.logged_model_id))
        if seen.doubt is None:
            return replace(selection, confirmed=seen.guardrails), seen
        listed = listed.changed([selection.promoted.without_measurement(seen.doubt)])


def _is_new(config: PodiumConfig, holdout: Holdout | None, selection: Selection) -> bool:
    """Whether anything is known that the last decision was not taken from. If nothing is, no model need be loaded."""
    return stable_digest(_evidence(config, holdout, selection)) != last_decision(config.mlflow).evidence_digest


def _stays(config: PodiumConfig, selection: Selection, production: Production) -> bool:
    """Whether what a selection promotes was looked at before, and changes nothing: by a pin, or as it waits."""
    waiting = waiting_decision(config.mlflow)
    same = waiting is not None and selection.promoted is not None and promotes(waiting, selection.promoted)
    return production.pin is not None or same


def _shown(
    config: PodiumConfig, holdout: Holdout | None, selection: Selection, production: Production, *, anew: bool
) -> Selection:
    """Return a selection that promotes over a champion only who is shown to be better than that one.

    Where there is none, the best is promoted, and it is said what that is worth on rows that did not choose it.
    ``anew`` says that the champion is asked once more, and what was kept of its answers not believed.
    """
    champion = champion_in(selection, production.logged_model_id)
    if holdout is None or selection.promoted is None:
        return selection
    if config.policy.evidence.confidence is None:
        return _by_numbers(config, holdout, selection, champion) if champion and anew else selection
    asking = question_of(config.policy.evidence)
    if champion is None:
        candidates, asked = asked_of(placed_in(selection), asking, selection.beyond)
        found = shrink_first(config, holdout, candidates, asked, selection.primary)
        return chosen_among(selection, found, asked.among, len(holdout.truth))
    challengers, asked = asked_of(challengers_in(selection, champion), asking, selection.beyond)
    announce("comparing with the champion", detail=champion.model_id)
    compared = compare_with_champion(config, holdout, champion, challengers, asked, selection.primary, anew)
    return shown(selection, compared, champion, challengers)


def _by_numbers(config: PodiumConfig, holdout: Holdout, selection: Selection, champion: Candidate) -> Selection:
    """Return a selection by numbers alone, if the champion's are what it does: they, too, were logged by anyone."""
    announce("asking the champion", detail=champion.model_id)
    doubt = confirm(config, holdout, champion).doubt
    return selection if doubt is None else not_comparable(selection, doubt)


def _seen(
    config: PodiumConfig, holdout: Holdout | None, candidate: Candidate, champion: Candidate | None
) -> Confirmation:
    """Return what is seen of a candidate before its promotion: measured in the sandbox, used in a fresh process."""
    prepare_canary()
    seen = confirm(config, holdout, candidate)
    if seen.doubt or candidate.version is None:
        return seen
    found = canary(config, candidate.version)
    if found.doubt:
        return replace(seen, doubt=f"it does not pass as a canary: {found.doubt}")
    rails = (*_latency(config, found), *_signature(config, holdout, candidate, champion))
    return replace(seen, doubt=next((g.sentence for g in rails if g.status != "pass"), None), guardrails=rails)


def _latency(config: PodiumConfig, found: Verification) -> tuple[Guardrail, ...]:
    limit = config.policy.guardrails.latency_ms
    return () if limit is None else (latency(found.latency_ms, limit),)


def _signature(
    config: PodiumConfig, holdout: Holdout | None, candidate: Candidate, champion: Candidate | None
) -> tuple[Guardrail, ...]:
    if champion is None or not config.policy.guardrails.signature:
        return ()
    return (compare_signatures(config, holdout, candidate, champion),)


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
    if not is_news(selection, _evidence(config, holdout, selection), last, production.champion):
        return SelectionOutcome(selection, production, last.decision_id)
    selection = with_intervals(config, holdout, selection)
    decision = record(
        selection,
        _evidence(config, holdout, selection),
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
    if waiting and is_same_wait(waiting, decision):
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
