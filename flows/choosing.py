"""Chooses whom a selection promotes: ranks, compares with the champion, and looks at the winner itself at last."""

from dataclasses import replace
from typing import Any

from configs.schema import PodiumConfig
from flows.shared import question_of
from flows.shortlisting import ranked
from podium.candidate import Candidate
from podium.checks import Verification
from podium.decision import evidence_of, stable_digest
from podium.evidence import asked_of, challengers_in, champion_in, chosen_among, placed_in, shown
from podium.guardrails import Guardrail, latency
from podium.measurement import Holdout
from podium.outcome import Production
from podium.progress import announce
from podium.ranking import Selection, not_comparable
from podium.shortlist import Shortlist
from podium.states import promotes
from tasks.comparison import compare_with_champion, shrink_first
from tasks.decisions import last_decision, waiting_decision
from tasks.measurement import Confirmation, confirm
from tasks.signatures import compare_signatures
from tasks.verification import canary, prepare_canary


def evidence(config: PodiumConfig, holdout: Holdout | None, selection: Selection) -> dict[str, Any]:
    """Return what a verdict is taken from: the same evidence, rows and policy give the same verdict."""
    return evidence_of(selection, holdout.as_json() if holdout else None, config.policy.model_dump(mode="json"))


def chosen(
    config: PodiumConfig, holdout: Holdout | None, listed: Shortlist, production: Production, must_wait: bool
) -> tuple[Selection, Confirmation | None]:
    """Return the verdict, and what was seen of the one to be promoted, which may have to wait for approval.

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
        if selection.promoted is None or (not is_new and _stays(config, selection, production, must_wait)):
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
    return stable_digest(evidence(config, holdout, selection)) != last_decision(config.mlflow).evidence_digest


def _stays(config: PodiumConfig, selection: Selection, production: Production, must_wait: bool) -> bool:
    """Whether what a selection promotes was looked at before, and changes nothing: by a pin, or as it waits."""
    waiting = waiting_decision(config.mlflow) if must_wait else None
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
    if isinstance(compared, str):
        return not_comparable(selection, compared)
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
