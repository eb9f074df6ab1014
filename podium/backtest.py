"""Replays recorded decisions under another policy: what would have been promoted when, and what it would have scored.

Only what is on record is used. A person's orders are not replayed; what they left is the champion that the record says.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from podium.candidate import Candidate, Evidence, Rules
from podium.decision import Decision
from podium.ranking import Selection, choose
from podium.shown import Asked
from podium.states import champion_after

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One selection as it was, and as it would have been.

    ``champion`` and ``other_champion`` are model ids, in production after it and after the same under the other policy;
    ``value`` and ``other_value`` what they measure by the other policy's primary metric, None if that is not on record.
    ``basis`` is what the other verdict rests on: the recorded comparison, or numbers alone.
    """

    decision_id: str
    decided_at: str
    verdict: str
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


def replay(
    decisions: Iterable[Decision], rules_of: Callable[[Evidence], Rules], asked: Asked | None
) -> tuple[Replayed, ...]:
    """Return every recorded selection under other rules, oldest first; the champion carries on from one to the next.

    ``asked`` is what the policy asks of a comparison, None if numbers decide.
    """
    found: list[Replayed] = []
    champion: str | None = None
    for decision in decisions:
        if rows := (decision.content.get("evidence") or {}).get("ranking"):
            replayed, champion = _replayed(decision, rows, champion, rules_of, asked)
            found.append(replayed)
    return tuple(found)


def _replayed(
    decision: Decision,
    rows: Iterable[Row],
    champion: str | None,
    rules_of: Callable[[Evidence], Rules],
    asked: Asked | None,
) -> tuple[Replayed, str | None]:
    content, candidates = decision.content, [_candidate(row) for row in rows]
    basis: Evidence = content["evidence"]["basis"]
    rows_held = (content["evidence"].get("holdout") or {}).get("rows", 0)
    rules = replace(rules_of(basis), holdout_rows=rows_held)
    chosen = choose(candidates, champion, rules, basis)
    winner, rests_on, reason = _winner(chosen, content["evidence"], champion, rules, asked)
    rests_on += _limits(content["evidence"], len(candidates))
    after = winner.logged_model_id if winner else champion
    names = {c.logged_model_id: c for c in candidates}
    other, then = names.get(after or ""), _in_version(candidates, champion_after(decision))
    verdict = chosen.verdict if winner or chosen.verdict != "promote" else "keep"
    return Replayed(
        decision.decision_id,
        content["decided_at"],
        content["verdict"],
        then.model_id if then else None,
        then.known(rules.primary) if then else None,
        verdict,
        other.model_id if other else None,
        other.known(rules.primary) if other else None,
        rests_on,
        reason,
    ), after


def _limits(evidence: Row, listed: int) -> str:
    """Return in words that a record does not list everyone who took part: by another metric another may lead."""
    beyond = evidence.get("beyond")
    return f", of the {listed} listed of {listed + beyond['candidates']:,}" if beyond else ""


def _winner(
    chosen: Selection, evidence: Row, champion: str | None, rules: Rules, asked: Asked | None
) -> tuple[Candidate | None, str, str]:
    """Return who would have been promoted, what that rests on, and why."""
    if chosen.promoted is None or champion is None or asked is None:
        return chosen.promoted, "numbers", chosen.reasons[0]
    compared = evidence.get("comparison")
    if not compared or not _is_about(compared, evidence, champion, rules, asked):
        return chosen.promoted, "numbers: no such comparison is on record", chosen.reasons[0]
    better = {c["candidate"]: c["reason"] for c in compared["challengers"] if c["verdict"] == "better"}
    placed = (r.candidate for r in chosen.ranking if r.place is not None)
    winner = next((c for c in placed if c.model_id in better), None)
    return winner, "comparison", better[winner.model_id] if winner else "nobody was shown to be better"


def _is_about(compared: Row, evidence: Row, champion: str, rules: Rules, asked: Asked) -> bool:
    """Whether a recorded comparison is the one that the policy would have asked for."""
    involved = {c["candidate"] for c in compared["challengers"]}
    against = next((r for r in evidence["ranking"] if r["logged_model_id"] == champion), None)
    same = (compared["metric"], compared["confidence"], compared["minimum_improvement"])
    wanted = (rules.primary, asked.confidence, asked.minimum_improvement)
    return same == wanted and against is not None and against["model_id"] not in involved


def _in_version(candidates: Iterable[Candidate], version: str | None) -> Candidate | None:
    return next((c for c in candidates if version is not None and c.version == version), None)


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
