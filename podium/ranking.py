"""Ranks candidates by the policy and decides: a total order, and a verdict that carries its reasons."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from podium.candidate import EXACT, Candidate, Evidence, Rules
from podium.guardrails import Guardrail, guardrails_of
from podium.leaks import Leak, leaks_of
from podium.metrics import AVERAGED, goodness
from podium.ties import tie_keys, tie_reasons

Verdict = Literal["promote", "keep", "refuse", "not enough data"]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate at its place. ``place`` is None for one that cannot be promoted, and ``reason`` says why."""

    place: int | None
    candidate: Candidate
    value: float | None
    reason: str
    alarms: tuple[str, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()


@dataclass(frozen=True, slots=True)
class Beyond:
    """Candidates that were measured and not looked at one by one: how many, and what none of them is better than.

    ``best`` is None if none of them has the primary metric.
    """

    candidates: int
    best: float | None

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)


def beyond_told(beyond: Mapping[str, Any]) -> str:
    """Return in words what a record knows of the candidates that it does not list."""
    best = beyond["best"]
    least = "has the primary metric" if best is None else f"measures better than {best:.4f}"
    return f"{beyond['candidates']:,} further candidates took part; none of them {least}"


@dataclass(frozen=True, slots=True)
class Selection:
    """The verdict with its ranking and its reasons in sentences. ``best`` leads the ranking, promoted or not.

    ``comparison`` are the statistics of the challengers against the champion, JSON-ready, if it came to that;
    ``confirmed`` the guardrails that were looked at right before a promotion; ``shrunken`` what the best of several is
    worth on rows that did not choose it, where there is no champion to compare with; ``beyond`` tells of those that are
    not in the ranking because they measure too little to matter; ``intervals`` say by logged model how sure the first
    numbers of the ranking are.
    """

    verdict: Verdict
    evidence: Evidence
    best: Candidate | None
    ranking: tuple[Ranked, ...]
    reasons: tuple[str, ...]
    primary: str = "f1_score"
    claimed: str = "f1_score"
    comparison: Mapping[str, Any] | None = None
    confirmed: tuple[Guardrail, ...] = ()
    shrunken: Mapping[str, Any] | None = None
    beyond: Beyond | None = None
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def promoted(self) -> Candidate | None:
        """The candidate that goes into production, if any does."""
        return self.best if self.verdict == "promote" else None

    def of(self, logged_model_id: str | None) -> Candidate | None:
        """Return the candidate of the ranking that is a logged model, if it is there."""
        found = (r.candidate for r in self.ranking)
        return next((c for c in found if c.logged_model_id == logged_model_id), None)


def choose(
    candidates: Iterable[Candidate],
    champion: str | None,
    rules: Rules,
    evidence: Evidence = "holdout",
    beyond: Beyond | None = None,
) -> Selection:
    """Return the verdict on some candidates. ``champion`` is the logged model id of the version in production.

    ``beyond`` are those that were left out because every one of them measures less than the best here. Everything fails
    closed: a candidate without a finite primary metric has no place, and a champion that cannot be compared is never
    replaced.
    """
    ranking = _doubted(rank(candidates, champion, rules, evidence), rules, beyond)
    placed = [r for r in ranking if r.place is not None]
    best = placed[0] if placed else None
    verdict, reasons = _verdict(ranking, best, champion, rules, evidence)
    first = best.candidate if best else None
    return Selection(verdict, evidence, first, ranking, reasons, rules.primary, rules.claimed, beyond=beyond)


def _doubted(ranking: tuple[Ranked, ...], rules: Rules, beyond: Beyond | None) -> tuple[Ranked, ...]:
    """Return a ranking in which those say so that others who are not in it may be ahead of."""
    if beyond is None or beyond.best is None:
        return ranking
    least = round(goodness(rules.primary, beyond.best), EXACT)
    why = "others that are not listed may be ahead of it"
    behind = (r.place is not None and r.candidate.worth(rules.primary) <= least for r in ranking)
    return tuple(replace(r, reason=why) if last else r for r, last in zip(ranking, behind, strict=True))


def rank(
    candidates: Iterable[Candidate], champion: str | None, rules: Rules, evidence: Evidence = "holdout"
) -> tuple[Ranked, ...]:
    """Return all candidates, those with a place first; the same set gives the same order whatever order it comes in."""
    everyone = list(candidates)
    current = next((c for c in everyone if c.logged_model_id == champion), None)
    keys = tie_keys(rules, champion)
    ordered = sorted(everyone, key=lambda c: (-c.worth(rules.primary), *(k(c) for k in keys)))
    judged = [_judge(c, current, rules, evidence) for c in ordered]
    good, bad = ([r for r in judged if bool(r.reason) is out] for out in (False, True))
    why = tie_reasons([r.candidate for r in good], rules, champion)
    placed = [replace(r, place=i, reason=why.get(r.candidate.logged_model_id, "")) for i, r in enumerate(good, start=1)]
    return (*placed, *bad)


def _judge(candidate: Candidate, champion: Candidate | None, rules: Rules, evidence: Evidence) -> Ranked:
    """Return a candidate without a place, and as its reason what speaks against it, if anything does."""
    rails = guardrails_of(candidate, champion, rules.rails, rules.primary)
    leaks = leaks_of(candidate, rules) if evidence == "holdout" else ()
    reason = _obstacle(candidate, rules, rails, leaks) or ""
    return Ranked(None, candidate, candidate.known(rules.primary), reason, tuple(k.sentence for k in leaks), rails)


def _obstacle(candidate: Candidate, rules: Rules, rails: Sequence[Guardrail], leaks: Sequence[Leak]) -> str | None:
    if candidate.unmeasured or candidate.held:
        return candidate.unmeasured or candidate.held
    if candidate.known(rules.primary) is None:
        return f"it has no finite {rules.primary}"
    broken = [g.sentence for g in rails if g.status != "pass"]
    refused = [f"refused by policy.leaks: it {leak.sentence}" for leak in leaks if leak.response == "refuse"]
    return next(iter((*broken, *refused)), None)


def _verdict(
    ranking: Sequence[Ranked], best: Ranked | None, champion: str | None, rules: Rules, evidence: Evidence
) -> tuple[Verdict, tuple[str, ...]]:
    if best is None:
        return "refuse", (f"none of {len(ranking)} candidates can be promoted",)
    if evidence == "recorded" and rules.without_holdout == "refuse":
        return "refuse", (
            "no holdout is configured: these numbers are claims, and nothing is promoted on claims",
            "set holdout.path to measure, or policy.evidence.without_holdout: promote to accept claims",
        )
    if champion is None:
        return "promote", _why_best(best, ranking, rules, evidence)
    current = next((r for r in ranking if r.candidate.logged_model_id == champion), None)
    return _against(best, current, ranking, rules, evidence)


def _against(
    best: Ranked, current: Ranked | None, ranking: Sequence[Ranked], rules: Rules, evidence: Evidence
) -> tuple[Verdict, tuple[str, ...]]:
    if current is None or current.value is None or current.candidate.unmeasured:
        return "refuse", (_not_compared(current.reason if current else "it is not among the candidates"),)
    if best.candidate.logged_model_id == current.candidate.logged_model_id:
        return "keep", (
            f"the champion {best.candidate.model_id} is still the best",
            *_why_best(best, ranking, rules, evidence),
        )
    gain = goodness(rules.primary, best.value or 0.0) - goodness(rules.primary, current.value)
    if defends(current) and (kept := _too_little(best, current, gain, rules)):
        return "keep", (kept,)
    change = f"{best.candidate.model_id} replaces {current.candidate.model_id}: {rules.primary} {gain:+.4f}"
    if not defends(current):
        change += f"; {current.candidate.model_id} need not be beaten: {current.reason}"
    return "promote", (change, *_why_best(best, ranking, rules, evidence))


def _not_compared(why: str) -> str:
    return f"the champion cannot be compared ({why}); it stays until it can"


def not_comparable(selection: Selection, why: str) -> Selection:
    """Return a selection that replaces nobody, because of what was found when the champion was asked."""
    return replace(selection, verdict="refuse", reasons=(_not_compared(why), *selection.reasons[1:]))


def _too_little(best: Ranked, current: Ranked, gain: float, rules: Rules) -> str | None:
    """Return why a gain over a champion that must be beaten is too little; as good as the champion is no better."""
    first = best.candidate.model_id
    if round(gain, EXACT) <= 0:
        return f"{current.candidate.model_id} stays: {first} is no better, {gain:+.4f} {rules.primary}"
    if round(gain - rules.minimum_improvement, EXACT) < 0:
        asked = f"policy.evidence.minimum_improvement asks for {rules.minimum_improvement:.4f}"
        return f"{first} is better by {gain:.4f} {rules.primary}; {asked}"
    return None


def defends(champion: Ranked) -> bool:
    """Whether a champion must be beaten.

    One that fails a guardrail, or that the policy refuses as leaked, may not be in production, and has nothing to
    defend. One of which a guardrail cannot be measured does: what is not known never lets a challenger win.
    """
    status = {guardrail.status for guardrail in champion.guardrails}
    return champion.place is not None or ("not measurable" in status and "fail" not in status)


def _why_best(best: Ranked, ranking: Sequence[Ranked], rules: Rules, evidence: Evidence) -> tuple[str, ...]:
    basis = "measured on the holdout" if evidence == "holdout" else "as its own metadata CLAIMS, not measured"
    name = f"{rules.primary} (weighted)" if rules.primary in AVERAGED else rules.primary
    among = " of those that can be promoted" if _is_beaten(best, ranking, rules) else ""
    first = f"{best.candidate.model_id} has the best {name}{among}, {best.value:.4f}, {basis}"
    tie = (best.reason,) if best.reason else ()
    return (first, *tie, *_claimed_winner(best, ranking, rules, evidence))


def _is_beaten(best: Ranked, ranking: Sequence[Ranked], rules: Rules) -> bool:
    """Whether one that cannot be promoted measures more."""
    worth = goodness(rules.primary, best.value or 0.0)
    return any(r.place is None and r.value is not None and goodness(rules.primary, r.value) > worth for r in ranking)


def _claimed_winner(best: Ranked, ranking: Sequence[Ranked], rules: Rules, evidence: Evidence) -> tuple[str, ...]:
    """Return a sentence on the model that would have won by its claim, if that is not the one that did."""
    claims = [r for r in ranking if math.isfinite(r.candidate.claim(rules))]
    if evidence == "recorded" or not claims:
        return ()
    top = max(claims, key=lambda r: (goodness(rules.claimed, r.candidate.claim(rules)), r.candidate.model_id))
    if top.candidate.logged_model_id == best.candidate.logged_model_id:
        return ()
    claim = top.candidate.claim(rules)
    claimed = f"{top.candidate.model_id} claims the best {rules.claimed}, {claim:.4f}"
    if top.value is None:
        return (f"{claimed}, but could not be measured on the same rows",)
    if top.place is None:
        return (f"{claimed}, and measures {top.value:.4f} on the same rows, but cannot be promoted: {top.reason}",)
    holds = "but" if goodness(rules.claimed, top.value) < goodness(rules.claimed, claim) else "and"
    return (f"{claimed}, {holds} measures {top.value:.4f} on the same rows",)
