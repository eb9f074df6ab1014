"""Replays recorded decisions under another policy: what would have been promoted when, and what it would have scored.

Only what is on record is used. A person's orders are not replayed; what they left is the champion that the record says.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from podium.candidate import Candidate, Evidence, Rules
from podium.chain import Chain
from podium.decision import Decision
from podium.fates import Fate, fates, version_after
from podium.metrics import PROFIT
from podium.past import champion_row, compared_in
from podium.ranking import Selection, choose
from podium.recompared import shown_better
from podium.shown import Asked
from podium.slices import PREFIX, slice_values

Row = Mapping[str, Any]
UNKNOWN = "not replayable"
"""The other verdict where nobody has the metric that it would be by."""


@dataclass(frozen=True, slots=True)
class OtherPolicy:
    """The policy that decisions are replayed under: its rules by what they judge, and all of it as a record holds it.

    ``asked`` is what it asks of a comparison, None if numbers decide.
    """

    rules_of: Callable[[Evidence], Rules]
    asked: Asked | None
    content: Row


@dataclass(frozen=True, slots=True)
class Replayed:
    """One selection as it was, and as it would have been.

    ``state`` is what became of it. ``champion`` and ``other_champion`` are model ids, in production after it and after
    the same under the other policy; one that the record does not list is called by its version. ``value`` and
    ``other_value`` are what they measure by the other policy's primary metric, None if that is not on record. ``basis``
    is what the other verdict rests on, the recorded comparison or numbers alone, and what is not replayed.
    """

    decision_id: str
    decided_at: str
    verdict: str
    state: str
    champion: str | None
    value: float | None
    other_verdict: str
    other_champion: str | None
    other_value: float | None
    basis: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)


def replay(chain: Chain, other: OtherPolicy) -> tuple[Replayed, ...]:
    """Return every recorded selection under another policy, oldest first; each hands its champion on to the next."""
    found: list[Replayed] = []
    champion: Candidate | None = None
    pinned = False
    for decision, fate in zip(chain.decisions, fates(chain), strict=True):
        pinned = _is_pinned(decision.content, fate, pinned)
        if (decision.content.get("evidence") or {}).get("ranking"):
            replayed, champion = _replayed(decision, fate, champion, other, pinned)
            found.append(replayed)
    return tuple(found)


def _is_pinned(content: Row, fate: Fate, before: bool) -> bool:
    """Whether a pin stands once a decision is carried out."""
    if fate.state != "settled" or content.get("verdict") not in ("pin", "unpin"):
        return before
    return content["verdict"] == "pin" or (before and not content["unpinned"])


def _replayed(
    decision: Decision, fate: Fate, champion: Candidate | None, other: OtherPolicy, pinned: bool
) -> tuple[Replayed, Candidate | None]:
    """Return one selection replayed, and who is in production after it."""
    content = decision.content
    evidence, candidates = content["evidence"], _candidates(content["evidence"], other.content)
    rules, lacking = _on_record(_rules(evidence, other), [c.metrics for c in candidates])
    chosen = choose(candidates, champion.logged_model_id if champion else None, rules, evidence["basis"])
    winner, rests_on, reason = _winner(chosen, content, champion, rules, other.asked)
    after = winner or champion
    return Replayed(
        decision.decision_id,
        content["decided_at"],
        content["verdict"],
        fate.state,
        *_then(candidates, version_after(decision, fate), rules.primary),
        _verdict(chosen, winner, rules.primary in lacking),
        *_instead(candidates, after, rules.primary),
        rests_on + _limits(evidence) + _not_replayed(evidence, other.content, pinned, lacking),
        f"no model has {rules.primary} on record" if rules.primary in lacking else reason,
    ), after


def _verdict(chosen: Selection, winner: Candidate | None, is_lacking: bool) -> str:
    if is_lacking:
        return UNKNOWN
    return chosen.verdict if winner or chosen.verdict != "promote" else "keep"


def _on_record(rules: Rules, metrics: Iterable[Mapping[str, float]]) -> tuple[Rules, tuple[str, ...]]:
    """Return rules without the guardrails of which nothing was recorded, and the names of these.

    The primary metric is named too if nobody has it; it stays.
    """
    known = set[str]().union(*metrics)
    of_slices = {name.split(".", 2)[2] for name in known if name.startswith(PREFIX)}
    rails, primary = rules.rails, rules.primary
    asked = {primary, *rails.minimum, *rails.maximum} - known
    rates = set(rails.fairness_gap) - of_slices
    sliced = rails.slice_regression is None or any(slice_values(dict.fromkeys(known, 0.0), primary))
    found = replace(
        rails,
        minimum=_only(rails.minimum, known),
        maximum=_only(rails.maximum, known),
        fairness_gap=_only(rails.fairness_gap, of_slices),
        slice_regression=rails.slice_regression if sliced else None,
    )
    lacking = (*sorted(asked), *(f"slices by {name}" for name in sorted(rates | (set() if sliced else {primary}))))
    return replace(rules, rails=found), lacking


def _only(limits: Mapping[str, float], known: Collection[str]) -> dict[str, float]:
    return {name: limit for name, limit in limits.items() if name in known}


def _rules(evidence: Row, other: OtherPolicy) -> Rules:
    return replace(other.rules_of(evidence["basis"]), holdout_rows=(evidence.get("holdout") or {}).get("rows", 0))


def _then(candidates: Iterable[Candidate], version: str | None, metric: str) -> tuple[str | None, float | None]:
    """Return what was in production after a selection, and what that measures."""
    if version is None:
        return None, None
    found = next((c for c in candidates if c.version == version), None)
    return (found.model_id, found.known(metric)) if found else (f"version {version}", None)


def _instead(
    candidates: Iterable[Candidate], champion: Candidate | None, metric: str
) -> tuple[str | None, float | None]:
    """Return what would have been in production, and what that measures on the rows of this selection."""
    if champion is None:
        return None, None
    found = next((c for c in candidates if c.logged_model_id == champion.logged_model_id), None)
    return champion.model_id, found.known(metric) if found else None


def _limits(evidence: Row) -> str:
    """Return in words that a record does not list everyone who took part: by another metric another may lead."""
    beyond, listed = evidence.get("beyond"), len(evidence["ranking"])
    return f", of the {listed} listed of {listed + beyond['candidates']:,}" if beyond else ""


def _not_replayed(evidence: Row, other: Row, pinned: bool, lacking: Sequence[str]) -> str:
    """Return in words what a selection is decided by, then or under the other policy, that no record can replay."""
    policies = (other, evidence.get("policy") or {})
    rails = [policy.get("guardrails") or {} for policy in policies]
    earned = any(PROFIT in row["metrics"] for row in evidence["ranking"])
    found = {
        "another profit": earned and _is_another_profit(evidence, other),
        "latency": any(rail.get("latency_ms") is not None for rail in rails),
        "signature": any(rail.get("signature") for rail in rails),
        "approval": any(policy.get("approval") == "required" for policy in policies),
        "the pin": pinned,
        "what holds models back": any(row.get("held") for row in evidence["ranking"]),
    }
    names = [*(name for name, there in found.items() if there), *(f"{name} (not on record)" for name in lacking)]
    return f"; not replayed: {', '.join(names)}" if names else ""


def _is_another_profit(evidence: Row, other: Row) -> bool:
    """Whether what rows earned then is not what they earn under the other policy, if they earn anything there."""
    then, now = (evidence.get("policy") or {}).get("profit"), other.get("profit")
    return now is not None and now != then


def _winner(
    chosen: Selection, content: Row, champion: Candidate | None, rules: Rules, asked: Asked | None
) -> tuple[Candidate | None, str, str]:
    """Return who would have been promoted, what that rests on, and why."""
    if chosen.promoted is None or champion is None or asked is None:
        return chosen.promoted, "numbers", chosen.reasons[0]
    better = _better(content, champion, rules, asked)
    if better is None:
        return chosen.promoted, "numbers: no such comparison is on record", chosen.reasons[0]
    placed = (r.candidate for r in chosen.ranking if r.place is not None)
    winner = next((c for c in placed if c.logged_model_id in better), None)
    return winner, "comparison", better[winner.logged_model_id] if winner else "nobody was shown to be better"


def _better(content: Row, champion: Candidate, rules: Rules, asked: Asked) -> dict[str, str] | None:
    """Return who would have been shown to be better than this champion, with the reason, None if that is not known."""
    compared, against = content["evidence"].get("comparison"), champion_row(content)
    if not compared or against is None or against["logged_model_id"] != champion.logged_model_id:
        return None
    return shown_better(compared, compared_in(content), rules.primary, asked)


def _candidates(evidence: Row, other: Row) -> list[Candidate]:
    """Return the candidates of a record: what they would have earned by another profit is not on it."""
    found = [_candidate(row) for row in evidence["ranking"]]
    if not _is_another_profit(evidence, other):
        return found
    return [replace(c, metrics={k: v for k, v in c.metrics.items() if k != PROFIT}) for c in found]


def _candidate(row: Row) -> Candidate:
    return Candidate(
        model_id=row["model_id"],
        logged_model_id=row["logged_model_id"],
        run_id=row["run_id"],
        version=row["version"],
        model_type=row["model_type"],
        trained_at=datetime.fromisoformat(row["trained_at"]),
        size=row["bytes"],
        metrics=row["metrics"],
        recorded=row["recorded"],
        unmeasured=row["unmeasured"],
        tags=row.get("tags", {}),
        identifiers=tuple(row.get("identifiers", ())),
    )
