"""Ranks candidates by the policy and decides: a total order, and a verdict that carries its reasons."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

Verdict = Literal["promote", "keep", "refuse", "not enough data"]
Evidence = Literal["holdout", "recorded"]
EXACT = 9
"""Decimals within which two metric values are an exact tie: beyond the noise of summation order."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The part of the policy that ranking and choosing need.

    ``primary`` is the ranking metric with its average; ``claimed`` is the same without, as metadata names it.
    """

    primary: str = "f1_score"
    claimed: str = "f1_score"
    minimum: Mapping[str, float] = field(default_factory=dict)
    ties: tuple[str, ...] = ("champion", "roc_auc", "smaller", "older")
    minimum_improvement: float = 0.0
    without_holdout: Literal["refuse", "promote"] = "refuse"
    claim_tolerance: float = 0.05


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of the experiment with what is known of it.

    ``size`` is in bytes, None if unknown; ``metrics`` are those of the evidence, ``recorded`` those it claims;
    ``held`` is why it is not promoted again though it is measured.
    """

    model_id: str
    logged_model_id: str
    run_id: str | None
    version: str | None
    model_type: str
    trained_at: datetime
    size: int | None
    metrics: Mapping[str, float]
    recorded: Mapping[str, float] = field(default_factory=dict)
    unmeasured: str | None = None
    held: str | None = None

    def without_measurement(self, reason: str) -> "Candidate":
        """Return the same candidate, marked as one that has no holdout metrics and why."""
        return replace(self, unmeasured=reason)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate at its place. ``place`` is None for one that cannot be promoted, and ``reason`` says why."""

    place: int | None
    candidate: Candidate
    value: float | None
    reason: str
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """The verdict with its ranking and its reasons in sentences. ``best`` leads the ranking, promoted or not.

    ``comparison`` are the statistics of the challengers against the champion, JSON-ready, if it came to that.
    """

    verdict: Verdict
    evidence: Evidence
    best: Candidate | None
    ranking: tuple[Ranked, ...]
    reasons: tuple[str, ...]
    primary: str = "f1_score"
    claimed: str = "f1_score"
    comparison: Mapping[str, Any] | None = None

    @property
    def promoted(self) -> Candidate | None:
        """The candidate that goes into production, if any does."""
        return self.best if self.verdict == "promote" else None


def choose(
    candidates: Iterable[Candidate], champion: str | None, rules: Rules, evidence: Evidence = "holdout"
) -> Selection:
    """Return the verdict on some candidates. ``champion`` is the logged model id of the version in production.

    Everything fails closed: a candidate without a finite primary metric has no place, and a champion that cannot be
    compared is never replaced.
    """
    ranking = rank(candidates, champion, rules, evidence)
    placed = [r for r in ranking if r.place is not None]
    best = placed[0] if placed else None
    verdict, reasons = _verdict(ranking, best, champion, rules, evidence)
    first = best.candidate if best else None
    return Selection(verdict, evidence, first, ranking, reasons, rules.primary, rules.claimed)


def rank(
    candidates: Iterable[Candidate], champion: str | None, rules: Rules, evidence: Evidence = "holdout"
) -> tuple[Ranked, ...]:
    """Return all candidates, those with a place first; the same set gives the same order whatever order it comes in."""
    keys = _tie_keys(rules, champion)
    ordered = sorted(candidates, key=lambda c: (-_value(c, rules.primary), *(k(c) for k in keys)))
    good = [c for c in ordered if _obstacle(c, rules) is None]
    bad = [c for c in ordered if _obstacle(c, rules) is not None]
    placed = [_placed(i, good, rules, champion, evidence) for i in range(len(good))]
    out = [
        Ranked(None, c, _known(c, rules.primary), _obstacle(c, rules) or "", _alarms(c, rules, evidence)) for c in bad
    ]
    return tuple(placed + out)


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
        why = current.reason if current else "it is not among the candidates"
        return "refuse", (f"the champion cannot be compared ({why}); it stays until it can",)
    if best.candidate.logged_model_id == current.candidate.logged_model_id:
        return "keep", (
            f"the champion {best.candidate.model_id} is still the best",
            *_why_best(best, ranking, rules, evidence),
        )
    gain = (best.value or 0.0) - current.value
    if current.place is not None and round(gain - rules.minimum_improvement, EXACT) < 0:
        return "keep", (
            f"{best.candidate.model_id} is better by {gain:.4f} {rules.primary}; "
            f"policy.evidence.minimum_improvement asks for {rules.minimum_improvement:.4f}",
        )
    change = f"{best.candidate.model_id} replaces {current.candidate.model_id}: {rules.primary} {gain:+.4f}"
    return "promote", (change, *_why_best(best, ranking, rules, evidence))


def _why_best(best: Ranked, ranking: Sequence[Ranked], rules: Rules, evidence: Evidence) -> tuple[str, ...]:
    basis = "measured on the holdout" if evidence == "holdout" else "as its own metadata CLAIMS, not measured"
    name = f"{rules.primary} (weighted)" if rules.primary in {"f1_score", "precision", "recall"} else rules.primary
    first = f"{best.candidate.model_id} has the best {name}, {best.value:.4f}, {basis}"
    tie = (best.reason,) if best.reason else ()
    return (first, *tie, *_claimed_winner(best, ranking, rules, evidence))


def _claimed_winner(best: Ranked, ranking: Sequence[Ranked], rules: Rules, evidence: Evidence) -> tuple[str, ...]:
    """Return a sentence on the model that would have won by its claim, if that is not the one that did."""
    claims = [r for r in ranking if math.isfinite(_claim(r.candidate, rules))]
    if evidence == "recorded" or not claims:
        return ()
    top = max(claims, key=lambda r: (_claim(r.candidate, rules), r.candidate.model_id))
    if top.candidate.logged_model_id == best.candidate.logged_model_id:
        return ()
    measured = "could not be measured" if top.value is None else f"measures {top.value:.4f}"
    claim = _claim(top.candidate, rules)
    return (f"{top.candidate.model_id} claims the best {rules.claimed}, {claim:.4f}, but {measured} on the same rows",)


def _placed(i: int, good: Sequence[Candidate], rules: Rules, champion: str | None, evidence: Evidence) -> Ranked:
    candidate = good[i]
    return Ranked(
        i + 1,
        candidate,
        _known(candidate, rules.primary),
        _tie_reason(candidate, good, rules, champion),
        _alarms(candidate, rules, evidence),
    )


def _tie_reason(candidate: Candidate, good: Sequence[Candidate], rules: Rules, champion: str | None) -> str:
    value = _value(candidate, rules.primary)
    tied = [c for c in good if c is not candidate and _value(c, rules.primary) == value]
    if not tied:
        return ""
    names = (*rules.ties, "model_id")
    rule = next(
        (n for n, k in zip(names, _tie_keys(rules, champion), strict=True) if _splits(k, candidate, tied)), "model_id"
    )
    return f"exact tie on {rules.primary} with {', '.join(c.model_id for c in tied[:3])}; ordered by {rule}"


def _splits(key: "Callable[[Candidate], Any]", candidate: Candidate, tied: Sequence[Candidate]) -> bool:
    return any(key(other) != key(candidate) for other in tied)


def _obstacle(candidate: Candidate, rules: Rules) -> str | None:
    if candidate.unmeasured:
        return candidate.unmeasured
    if candidate.held:
        return candidate.held
    if _known(candidate, rules.primary) is None:
        return f"it has no finite {rules.primary}"
    for name, floor in sorted(rules.minimum.items()):
        value = _known(candidate, name)
        if value is None:
            return f"guardrail {name} >= {floor:g} is not measurable"
        if value < floor:
            return f"guardrail {name} >= {floor:g} fails: {value:.4f}"
    return None


def _alarms(candidate: Candidate, rules: Rules, evidence: Evidence) -> tuple[str, ...]:
    measured, claim = _most_measured(candidate, rules), _claim(candidate, rules)
    if evidence == "recorded" or measured is None or not math.isfinite(claim):
        return ()
    if claim - measured <= rules.claim_tolerance:
        return ()
    return (f"claims {rules.claimed} {claim:.4f} but measures {measured:.4f}: leaked or training-set score",)


def _most_measured(candidate: Candidate, rules: Rules) -> float | None:
    """Return the highest that was measured under any average: what a claim was averaged by is not known."""
    names = (rules.claimed, rules.primary, *(f"{rules.claimed}_{average}" for average in ("macro", "binary")))
    known = [value for name in names if (value := _known(candidate, name)) is not None]
    return max(known, default=None)


def _known(candidate: Candidate, metric: str) -> float | None:
    value = candidate.metrics.get(metric)
    return value if value is not None and math.isfinite(value) else None


def _claim(candidate: Candidate, rules: Rules) -> float:
    return candidate.recorded.get(rules.claimed, math.nan)


def _value(candidate: Candidate, metric: str) -> float:
    known = _known(candidate, metric)
    return -math.inf if known is None else round(known, EXACT)


def _tie_keys(rules: Rules, champion: str | None) -> list[Callable[[Candidate], Any]]:
    return [*(_tie_key(rule, champion) for rule in rules.ties), lambda c: (c.model_id, c.logged_model_id)]


def _tie_key(rule: str, champion: str | None) -> Callable[[Candidate], Any]:
    """Return the sort key of a tie rule, smallest first."""
    named: dict[str, Callable[[Candidate], Any]] = {
        "champion": lambda c: c.logged_model_id != champion,
        "smaller": lambda c: (c.size is None, c.size or 0),
        "older": lambda c: c.trained_at,
    }
    return named.get(rule) or (lambda c: -_value(c, rule))
