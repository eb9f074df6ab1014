"""What a selection leaves behind: who is in production, what was decided, and what was done about it."""

from dataclasses import dataclass
from typing import Any

from podium.decision import ranked_json
from podium.ranking import Selection
from podium.retention import Retirement


@dataclass(frozen=True, slots=True)
class Pin:
    """A champion held against automatic change: which version, by whom, and since when (ISO)."""

    version: str
    by: str
    at: str

    def sentence(self) -> str:
        """Return the pin in words."""
        return f"version {self.version} was pinned by {self.by} on {self.at[:16].replace('T', ' ')}"


@dataclass(frozen=True, slots=True)
class Production:
    """The versions that the aliases ``champion`` and ``previous`` point to, and the pin if there is one."""

    champion: str | None
    previous: str | None
    logged_model_id: str | None
    model_id: str | None
    pin: Pin | None = None


@dataclass(frozen=True, slots=True)
class SelectionOutcome:
    """What a selection decided and did. ``recorded`` is false when nothing new was known.

    ``overtaken`` says why the decision was not carried out: others changed production while it was taken.
    ``undone`` says why a promotion was taken back: what it promoted failed once it was in production.
    """

    selection: Selection
    production: Production
    decision_id: str | None = None
    recorded: bool = False
    report: str | None = None
    retired: tuple[Retirement, ...] = ()
    dry_run: bool = False
    overtaken: str | None = None
    undone: str | None = None
    awaits_approval: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium select``."""
        now, chosen = self.production, self.selection
        champion = {"version": now.champion, "model_id": now.model_id} if now.champion else None
        return {
            "verdict": chosen.verdict,
            "primary": chosen.primary,
            "claimed": chosen.claimed,
            "evidence": chosen.evidence,
            "claims": chosen.evidence == "recorded",
            "champion": champion,
            "promoted": chosen.promoted.model_id if chosen.promoted else None,
            "previous": now.previous,
            "pinned": now.pin.version if now.pin else None,
            "ranking": [ranked_json(r) for r in chosen.ranking],
            "beyond": chosen.beyond.as_json() if chosen.beyond else None,
            "comparison": chosen.comparison,
            "shrunken": chosen.shrunken,
            "confirmed": [g.as_json() for g in chosen.confirmed],
            "reasons": list(chosen.reasons),
            "decision_id": self.decision_id,
            "recorded": self.recorded,
            "report": self.report,
            "retired": [{"version": r.version, "action": r.action, "reason": r.reason} for r in self.retired],
            "undone": self.undone,
            "awaits_approval": self.awaits_approval,
            "dry_run": self.dry_run,
        }


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What an order of a person came to: who is in production now, and the decision that says so."""

    production: Production
    reasons: tuple[str, ...]
    decision_id: str | None = None
    retired: tuple[Retirement, ...] = ()
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium rollback``, ``pin`` and ``unpin``."""
        now = self.production
        return {
            "champion": {"version": now.champion, "model_id": now.model_id} if now.champion else None,
            "previous": now.previous,
            "pinned": now.pin.version if now.pin else None,
            "reasons": list(self.reasons),
            "decision_id": self.decision_id,
            "retired": [{"version": r.version, "action": r.action, "reason": r.reason} for r in self.retired],
            "dry_run": self.dry_run,
        }


@dataclass(frozen=True, slots=True)
class RetirementOutcome:
    """What happened, or in a dry run would happen, to former production versions."""

    retired: tuple[Retirement, ...]
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium retire``."""
        rows = [
            {"version": r.version, "model_id": r.model_id, "action": r.action, "reason": r.reason} for r in self.retired
        ]
        return {"retired": rows, "dry_run": self.dry_run}
