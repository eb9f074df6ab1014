"""The decision record: a verdict with all that it was decided from, immutable, chained to the one before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.candidate import Candidate
from podium.ranking import Ranked, Selection

GENESIS = "0" * 64
"""What the first decision of a chain names as the one before it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it is stored: its canonical text, and the sha256 of that text in hex.

    ``noted`` is the digest that was noted beside a stored one when it was written. One whose text is not that any more
    is still called by what was noted, and nothing of what it says now is believed.
    """

    text: str
    noted: str | None = None

    @property
    def sha256(self) -> str:
        """The digest that the next decision refers to."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    @property
    def decision_id(self) -> str:
        """The short name of the decision: the first 12 digits of its digest."""
        return (self.noted or self.sha256)[:12]

    @property
    def is_changed(self) -> bool:
        """Whether its text is another than the one that was written."""
        return self.noted is not None and self.noted != self.sha256

    @property
    def content(self) -> dict[str, Any]:
        """The record as an object; empty if it was changed or cannot be read, which no chain accepts."""
        if self.is_changed:
            return {}
        try:
            loaded = json.loads(self.text)
        except ValueError:
            return {}
        return loaded if isinstance(loaded, dict) else {}


@dataclass(frozen=True, slots=True)
class Head:
    """The last decision of a chain, and the version that is in production by the last one that was carried out.

    ``missed`` says that the last one found that version's alias gone.
    """

    sequence: int
    sha256: str
    evidence_digest: str
    decision_id: str | None
    champion: str | None = None
    missed: bool = False


EMPTY = Head(0, GENESIS, "", None)


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN, non-ASCII kept."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Any) -> str:
    """Return the sha256, in hex, of a JSON-ready value."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def evidence_of(selection: Selection, holdout: Mapping[str, Any] | None, policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a verdict was decided from, JSON-ready: holdout, policy, and each candidate with its numbers.

    ``beyond`` is there if some candidates are not in the ranking: how many, and the number that none of them exceeds,
    None if none of them has it.
    """
    ranked = [ranked_json(r) | _sure(r, selection) for r in selection.ranking]
    told: dict[str, Any] = {"basis": selection.evidence, "holdout": holdout, "policy": dict(policy), "ranking": ranked}
    told["policy_digest"] = digest_of(told["policy"])
    if selection.beyond:
        told["beyond"] = selection.beyond.as_json()
    if selection.comparison:
        told["comparison"] = selection.comparison
    if selection.shrunken:
        told["shrunken"] = dict(selection.shrunken)
    if selection.confirmed:
        told["confirmed"] = [g.as_json() for g in selection.confirmed]
    return told


def _sure(ranked: Ranked, selection: Selection) -> dict[str, Any]:
    ends = selection.intervals.get(ranked.candidate.logged_model_id)
    return {"interval": list(ends)} if ends else {}


def stable_digest(evidence: Mapping[str, Any]) -> str:
    """Return a digest that is the same as long as nothing new is known, whoever is champion."""
    rows = [
        {
            "id": r["logged_model_id"],
            "metrics": r["metrics"],
            "recorded": r["recorded"],
            "failed": bool(r["unmeasured"]),
        }
        for r in evidence["ranking"]
    ]
    rows.sort(key=lambda r: str(r["id"]))
    known = {k: v for k, v in evidence.items() if k not in {"comparison", "confirmed", "shrunken"}}
    return digest_of({**known, "ranking": rows})


def record(
    selection: Selection,
    evidence: Mapping[str, Any],
    *,
    sequence: int,
    before: str,
    decided_at: str,
    champion: str | None,
    asked_by: str,
    code_version: str,
    previous: str | None = None,
    awaits_approval: bool = False,
    missed: str | None = None,
) -> Decision:
    """Return the decision that records a verdict.

    ``before`` is the sha256 of the previous decision, ``decided_at`` an ISO time, ``champion`` the version in
    production before this decision, and ``previous`` the one before that; ``missed`` the one that was decided to be
    in production, and whose alias is gone.
    """
    content = {
        "sequence": sequence,
        "previous_sha256": before,
        "decided_at": decided_at,
        "asked_by": asked_by,
        "code_version": code_version,
        "verdict": selection.verdict,
        "reasons": list(selection.reasons),
        "champion_before": champion,
        "previous_before": previous,
        "best": _named(selection.best),
        "promoted": _named(selection.promoted),
        "awaits_approval": awaits_approval,
        "evidence": dict(evidence),
        "evidence_digest": stable_digest(evidence),
        **({"missed": missed} if missed else {}),
    }
    return Decision(canonical_json(content))


def missed_by(last: Head, champion: str | None) -> str | None:
    """Return the version that was decided to be in production, if there is none: its alias is gone."""
    return last.champion if champion is None else None


def _named(candidate: Candidate | None) -> dict[str, Any] | None:
    if candidate is None:
        return None
    return {"model_id": candidate.model_id, "version": candidate.version, "run_id": candidate.run_id}


def is_news(selection: Selection, evidence: Mapping[str, Any], last: Head, champion: str | None = None) -> bool:
    """Whether a verdict is worth a record.

    It is if it changes production, was decided from something new, or finds a champion that no decision made.
    """
    known = last.missed and champion is None
    moved = last.champion is not None and champion != last.champion and not known
    return moved or selection.verdict == "promote" or stable_digest(evidence) != last.evidence_digest


def candidate_json(candidate: Candidate) -> dict[str, Any]:
    """Return the JSON-ready description of a candidate."""
    return {
        "model_id": candidate.model_id,
        "logged_model_id": candidate.logged_model_id,
        "run_id": candidate.run_id,
        "version": candidate.version,
        "model_type": candidate.model_type,
        "trained_at": candidate.trained_at.isoformat(),
        "bytes": candidate.size,
        "metrics": dict(candidate.metrics),
        "recorded": dict(candidate.recorded),
        "fingerprint": candidate.tags.get("podium.fingerprint") or candidate.tags.get("podium.files_sha256"),
        "unmeasured": candidate.unmeasured,
        "held": candidate.held,
        "tags": {name: value for name, value in candidate.tags.items() if not name.startswith("podium.")},
        "identifiers": list(candidate.identifiers),
    }


def ranked_json(ranked: Ranked) -> dict[str, Any]:
    """Return the JSON-ready description of a candidate at its place."""
    return {
        "place": ranked.place,
        "value": ranked.value,
        "reason": ranked.reason,
        "alarms": list(ranked.alarms),
        "guardrails": [g.as_json() for g in ranked.guardrails],
        **candidate_json(ranked.candidate),
    }
