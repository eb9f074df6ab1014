"""Decisions that a person asks for, or that Podium takes to undo one: chained like any other, without a ranking."""

from dataclasses import dataclass
from typing import Any, Literal

from podium.decision import Decision, Head, canonical_json, missed_by
from podium.errors import NegativeAnswerError, UsageError
from podium.outcome import Pin, Production
from podium.standing import held_by
from podium.states import logged_model_in

Order = Literal["rollback", "pin", "unpin", "approve", "reject", "adopt"]
NAMING = ("pinned", "unpinned", "freed", "approves", "rejects")
"""Fields of a record that name what an order is about."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of the registered model. ``held`` is the text of the tag that holds it back."""

    version: str
    model_id: str
    run_id: str | None = None
    logged_model_id: str | None = None
    held: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as a record names it."""
        return {"model_id": self.model_id, "version": self.version, "run_id": self.run_id}


def order(
    verdict: Order,
    reasons: tuple[str, ...],
    head: Head,
    *,
    decided_at: str,
    champion: str | None,
    asked_by: str,
    code_version: str,
    promoted: Registered | None = None,
    **details: Any,
) -> Decision:
    """Return the decision that records an order.

    ``decided_at`` is an ISO time, ``champion`` the version in production before. An order brings no evidence: it
    carries on the digest of the decision before it, so that the next selection still knows what is new.
    """
    content = {
        "sequence": head.sequence + 1,
        "previous_sha256": head.sha256,
        "decided_at": decided_at,
        "asked_by": asked_by,
        "code_version": code_version,
        "verdict": verdict,
        "reasons": list(reasons),
        "champion_before": champion,
        "best": None,
        "promoted": promoted.as_json() if promoted else None,
        "evidence": {},
        "evidence_digest": head.evidence_digest,
        **({"missed": missed} if (missed := missed_by(head, champion)) else {}),
        **details,
    }
    return Decision(canonical_json(content))


def rollback_target(
    wanted: str | None, production: Production, registered_model: str, known_champion: str | None = None
) -> str:
    """Return the version that a rollback goes to: the one named, else the one before the champion.

    ``known_champion`` is in production by the last decision: where its alias is gone, that version is gone back to.

    Raises:
        NegativeAnswerError: there is nothing to go back from or to, or a pin is in the way.
    """
    if production.champion is None and known_champion is None:
        raise NegativeAnswerError(f"{registered_model}: nothing is in production yet; run `podium select`")
    target = wanted or (production.previous if production.champion else known_champion)
    if target is None:
        raise NegativeAnswerError(f"{registered_model}: there is no version before the champion; name one with --to")
    if target == production.champion:
        raise NegativeAnswerError(f"{registered_model} version {target} is in production already")
    if production.pin and production.pin.version != target:
        raise pinned(registered_model, production.pin)
    return target


def pinned(registered_model: str, pin: Pin) -> NegativeAnswerError:
    """Return the error of an order that a pin stands in the way of."""
    return NegativeAnswerError(f"{registered_model}: {pin.sentence()}; run `podium unpin` first")


def require_not_left(target: Registered, wanted: str | None, production: Production, registered_model: str) -> None:
    """Let a rollback go to a version that a rollback left before only if it is named.

    So the same rollback asked for twice, as by somebody who does not know whether the first one arrived, is done once.

    Raises:
        NegativeAnswerError: it is not named, and was left.
    """
    if wanted is None and target.held:
        raise NegativeAnswerError(
            f"{registered_model}: version {production.champion} is in production, and the one before it is no place to "
            f"go back to: {held_by(target.held, target.version)}; name a version with --to, `podium history` shows them"
        )


def given_before(finished: tuple[Decision, ...], verdict: Order, wanted: str | None) -> Decision | None:
    """Return the order that is given now, if it was recorded before, interrupted, and has just been finished.

    ``wanted`` is the version or decision that is named, None where Podium finds it. What Podium did by itself to undo a
    decision is nobody's order.
    """
    same = (d for d in finished if d.content["verdict"] == verdict and "undoes" not in d.content)
    return next((d for d in same if _fits(d.content, wanted)), None)


def _fits(content: dict[str, Any], wanted: str | None) -> bool:
    if wanted is None:
        return content.get("unpinned", "") is not None
    return wanted in {(content["promoted"] or {}).get("version"), *(content.get(name) for name in NAMING)}


def rollback_reason(target: Registered, production: Production, asked_by: str) -> str:
    """Return a rollback in words."""
    left = f"{production.model_id or 'a model'} (version {production.champion})" if production.champion else "nothing"
    return (
        f"{target.model_id} (version {target.version}) is put back into production in place of {left}, "
        f"as {asked_by} asked"
    )


def unread_reason(problem: str) -> str:
    """Return in words what a rollback did without the rows of the holdout."""
    return f"the holdout cannot be read ({problem}): what is put back answered its own example"


def undo_reason(version: str, before: str | None, doubt: str) -> str:
    """Return in words why a promotion is taken back."""
    back = f"version {before} is in production again" if before else "nothing is in production again"
    return f"version {version} failed its verification after the switch ({doubt}): {back}"


def pin_target(wanted: str | None, production: Production, registered_model: str) -> str:
    """Return the version that is pinned, which is the champion.

    Raises:
        NegativeAnswerError: another version is named, nothing is in production, or it is pinned already.
    """
    if production.champion is None:
        raise NegativeAnswerError(f"{registered_model}: nothing is in production yet; run `podium select`")
    if wanted is not None and wanted != production.champion:
        raise NegativeAnswerError(
            f"{registered_model} version {wanted} is not in production, version {production.champion} is; "
            f"run `podium rollback --to {wanted}` first"
        )
    if production.pin and production.pin.version == production.champion:
        raise NegativeAnswerError(f"{registered_model}: {production.pin.sentence()} already")
    return production.champion


def pin_reason(target: Registered, asked_by: str) -> str:
    """Return a pin in words."""
    return f"{target.model_id} (version {target.version}) stays in production until it is unpinned, as {asked_by} asked"


@dataclass(frozen=True, slots=True)
class Lifted:
    """What an unpin lifts: the pinned version, the version that a rollback holds back, and both in words."""

    pinned: str | None
    held: str | None
    reason: str


def unpin_target(named: Registered | None, production: Production, registered_model: str, asked_by: str) -> Lifted:
    """Return what an unpin lifts: the pin, or of a named version whatever holds it.

    Raises:
        NegativeAnswerError: there is nothing to lift.
    """
    pin = production.pin
    pinned = pin.version if pin and (named is None or named.version == pin.version) else None
    held = named.version if named and named.held else None
    if pinned is None and held is None:
        about = f" version {named.version}" if named else ""
        raise NegativeAnswerError(f"{registered_model}{about}: neither a pin nor a rollback holds it")
    found = {"the pin of version": pinned, "what held back version": held}
    parts = [f"{what} {version}" for what, version in found.items() if version]
    return Lifted(pinned, held, f"{' and '.join(parts)} is lifted, as {asked_by} asked")


def adoption_reason(target: Registered) -> str:
    """Return in words why a version becomes the champion that no decision made."""
    return f"{target.model_id} (version {target.version}) is adopted: MLflow's stage says that it is in production"


def waiting_for(decision_id: str, waiting: Decision | None) -> Decision:
    """Return the decision that waits for approval, which must be the one that was named.

    Raises:
        UsageError: it is another, or none.
    """
    if waiting is not None and waiting.decision_id == decision_id:
        return waiting
    there = f"decision {waiting.decision_id} does" if waiting else "none does"
    raise UsageError(f"no decision {decision_id!r} waits for approval; {there}")


def registered_in(decision: Decision) -> Registered:
    """Return the version that a decision promotes, with its logged model where the evidence names that."""
    named = decision.content["promoted"]
    logged = logged_model_in(decision, named["version"])
    return Registered(named["version"], named["model_id"], named["run_id"], logged)


def settled_reason(waiting: Decision, what: str, asked_by: str) -> str:
    """Return in words what became of a promotion that waited."""
    target = registered_in(waiting)
    return f"{target.model_id} (version {target.version}) is {what} by {asked_by}: decision {waiting.decision_id}"
