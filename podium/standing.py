"""What stands between the evidence and production: a pin, and versions that were rolled back.

A person's rollback is not undone by the numbers it was made against. The version it left is held back until it is
measured on other rows, or until somebody says otherwise.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from podium.candidate import Candidate
from podium.outcome import Pin, Production
from podium.ranking import Selection

MOST = 3
"""Versions held back that a verdict names."""
UNREAD = "unread"
"""In the place of the digest of a holdout that could not be read: no rows are others than those."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a version is not promoted: who said so, when (ISO), why, and the holdout known at that time.

    ``what`` was done to it: it was rolled back, or rejected.
    """

    by: str
    at: str
    holdout: str | None
    reason: str
    what: str = "rolled back"

    def as_text(self) -> str:
        """Return the hold as the text of a tag."""
        return _text({"by": self.by, "at": self.at, "holdout": self.holdout, "reason": self.reason, "what": self.what})


def _text(values: dict[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def pin_text(pin: Pin) -> str:
    """Return a pin as the text of a tag."""
    return _text({"version": pin.version, "by": pin.by, "at": pin.at})


def parse_pin(text: str | None) -> Pin | None:
    """Return the pin that a tag holds. One that cannot be read still pins: it fails closed."""
    if text is None:
        return None
    known = _object(text)
    return Pin(str(known.get("version", "?")), str(known.get("by", "somebody")), str(known.get("at", "")))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def held_back(text: str | None, version: str | None, *holdout: str) -> str | None:
    """Return why a version is not promoted again, or None if nothing holds it.

    ``text`` is the tag of the version or of its logged model, which has no ``version`` while that one is deleted.
    ``holdout`` are the digests of the rows that are measured on now, none without any.
    """
    if text is None:
        return None
    known = _object(text)
    if known and holdout and known.get("holdout") not in (*holdout, UNREAD):
        return None
    until = "" if known.get("holdout") == UNREAD else "it is measured on another holdout, or "
    freed = f"`podium unpin {version or 'VERSION'}`"
    return f"{held_by(text, version)}: it is not promoted again until {until}{freed}"


def held_by(text: str, version: str | None) -> str:
    """Return in words what was done to the version of a tag that holds it, by whom and when."""
    known = _object(text)
    what, who = known.get("what", "held back"), known.get("by", "somebody")
    named = f"version {version}" if version else "a version that is deleted"
    return f"{named} was {what} by {who} on {str(known.get('at', 'an unknown day'))[:10]}"


def free_champion(candidates: Iterable[Candidate], production: Production) -> list[Candidate]:
    """Return the candidates; nothing holds back the one that is in production, however it came there."""
    champion = production.logged_model_id
    return [replace(c, held=None) if c.logged_model_id == champion else c for c in candidates]


def stood_by(selection: Selection, production: Production, known_champion: str | None) -> Selection:
    """Return a selection as it stands with pins, rollbacks and what was changed by hand.

    ``known_champion`` is the version that is in production by the last decision that was carried out.
    """
    pinned = _pinned(selection, production.pin) if production.champion else selection
    held = [r.candidate.held for r in pinned.ranking if r.candidate.held]
    missed = _missed(pinned, production.champion, known_champion)
    moved = _moved(production.champion, known_champion)
    return replace(missed, reasons=(*missed.reasons, *moved, *held[:MOST]))


def _pinned(selection: Selection, pin: Pin | None) -> Selection:
    if pin is None or selection.verdict != "promote":
        return selection
    first = f"{pin.sentence()}: it stays until `podium unpin`"
    return replace(selection, verdict="keep", reasons=(first, f"without the pin: {selection.reasons[0]}"))


def _missed(selection: Selection, champion: str | None, known: str | None) -> Selection:
    """Return a selection that promotes nobody in the place of a champion that is gone, and cannot defend itself."""
    if champion or known is None or selection.verdict != "promote":
        return selection
    first = (
        f"version {known} was decided to be in production, and its alias is gone: `podium rollback` puts it back, "
        "`podium rollback --to VERSION` another; nothing is promoted until then"
    )
    return replace(selection, verdict="refuse", reasons=(first, *selection.reasons))


def _moved(champion: str | None, known: str | None) -> tuple[str, ...]:
    if known is None or champion == known:
        return ()
    now = f"version {champion}" if champion else "none"
    return (f"the alias champion was moved by hand: decided was version {known}, in production is {now}",)


def subject_to_approval(selection: Selection, required: bool) -> Selection:
    """Return a selection with the reason why its promotion waits, if it must be approved."""
    if not required or selection.promoted is None:
        return selection
    return replace(
        selection, reasons=(*selection.reasons, "policy.approval is required: it waits for `podium approve`")
    )
