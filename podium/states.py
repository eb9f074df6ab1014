"""What becomes of a recorded decision: in which state it begins, and whether it may still be carried out."""

from typing import Any

from podium.candidate import Candidate
from podium.decision import Decision, Head, digest_of

UNCHANGING = frozenset({"keep", "refuse", "not enough data"})
"""Verdicts that change nothing, so that they are settled once they are recorded."""
SWITCHING = frozenset({"promote", "rollback", "approve", "adopt"})
"""Verdicts that put another version, or none, into production."""


def first_state(decision: Decision) -> str:
    """Return the state in which a decision is recorded: what changes nothing is settled at once."""
    if decision.content["verdict"] in UNCHANGING:
        return "settled"
    return "awaiting" if decision.content.get("awaits_approval") else "pending"


def is_same_wait(waiting: Decision | None, decision: Decision) -> bool:
    """Whether a decision would only say again what already waits for approval."""
    if waiting is None:
        return False
    known, new = waiting.content, decision.content
    return all(known[name] == new[name] for name in ("promoted", "champion_before", "evidence_digest"))


def promotes(decision: Decision, candidate: Candidate) -> bool:
    """Whether a decision is about the promotion of a candidate."""
    promoted = decision.content["promoted"]
    return promoted is not None and promoted["version"] == candidate.version


def left_by(decision: Decision) -> str | None:
    """Return the version that a decision takes out of production, be it one whose alias was gone already."""
    left: str | None = decision.content["champion_before"] or decision.content.get("missed")
    return None if left == (decision.content["promoted"] or {}).get("version") else left


def logged_model_in(decision: Decision, version: str) -> str | None:
    """Return the logged model of a version, if a decision has evidence of it."""
    ranking = decision.content.get("evidence", {}).get("ranking", ())
    return next((row["logged_model_id"] for row in ranking if row["version"] == version), None)


def champion_after(decision: Decision) -> str | None:
    """Return the version that is in production once a decision is carried out."""
    content = decision.content
    if content["verdict"] in SWITCHING:
        return content["promoted"]["version"] if content["promoted"] else None
    found: str | None = content["champion_before"]
    return found


def holdout_of(decision: Decision) -> str | None:
    """Return the digest of the rows that a decision was taken from, if it was taken from any.

    An order carries on that of the decision that it is about.
    """
    found = decision.content["evidence"].get("holdout") or {}
    return found.get("rows_digest") or found.get("digest") or decision.content.get("holdout")


def moved_since(decision: Decision, holdout: str | None, policy: dict[str, Any]) -> str | None:
    """Return what is not any more as it was when a decision was taken, None if all is, or if it rests on no evidence.

    ``holdout`` is the digest of what is measured now, ``policy`` the policy as a record holds it.
    """
    evidence = decision.content["evidence"]
    if not evidence:
        return None
    if (evidence["holdout"] or {}).get("digest") != holdout:
        return "it was decided on another holdout"
    known = evidence.get("policy_digest")
    return "it was decided by another policy" if known and known != digest_of(policy) else None


def to_be_verified(decision: Decision, champion: str | None) -> str | None:
    """Return the version that must pass before an interrupted decision is carried out, if there is one.

    None is needed if it is in production already, or if the decision takes back what failed there.
    """
    content = decision.content
    version: str | None = (content["promoted"] or {}).get("version")
    return None if version == champion or "undoes" in content else version


def unbelieved(decision: Decision) -> str | None:
    """Return why a recorded decision is never carried out, None if its record is what was written."""
    if not decision.is_changed:
        return None
    return (
        f"decision {decision.decision_id}: its record was changed after it was written or cannot be read; "
        "`podium verify` checks what is in production, `podium select` decides anew"
    )


def is_stale(decision: Decision, champion: str | None, head: Head) -> str | None:
    """Return why a recorded decision may not be carried out: since it was taken, production or the chain moved on."""
    if head.sha256 != decision.sha256:
        return f"decision {head.decision_id} was taken after it"
    if can_resume(decision, champion):
        return None
    before = decision.content["champion_before"]
    return f"in production was version {before or 'none'} when it was taken, and now is {champion or 'none'}"


def can_resume(decision: Decision, champion: str | None) -> bool:
    """Whether a recorded decision that was interrupted may still be carried out.

    It may as long as nobody else changed production since: the champion is the one it was decided against, or already
    the one it chose.
    """
    content = decision.content
    return champion in (content["champion_before"], (content["promoted"] or {}).get("version"))
