"""The chain of decision records: each names the digest of the one before it, so that a changed or lost one shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from podium.decision import GENESIS, Decision


@dataclass(frozen=True, slots=True)
class Chain:
    """Decisions, oldest first, what became of each, and the place where the chain breaks, if it does.

    ``late`` is when (ISO) those were carried out, by their ids, that were interrupted and finished later.
    """

    decisions: tuple[Decision, ...]
    states: tuple[str, ...]
    broken_at: str | None
    late: Mapping[str, str] = field(default_factory=dict)

    @property
    def unbroken(self) -> bool:
        """Whether every decision refers to the digest of the one before it."""
        return self.broken_at is None


@dataclass(frozen=True, slots=True)
class Stored:
    """A decision as it was found, with the digest that was noted beside it when it was written.

    ``state`` is what became of it since, ``late`` when it was carried out, if not at once: no parts of the record,
    which never changes.
    """

    text: str
    noted_sha256: str
    name: str
    state: str = ""
    late: str = ""


def check_chain(stored: Sequence[Stored], newest: tuple[int, str] | None = None) -> Chain:
    """Return the chain of some stored decisions, oldest first; one changed byte in any of them is found.

    ``newest`` is the number and the digest of a decision that was noted elsewhere when it was recorded: no end of the
    chain may be gone.
    """
    before, decisions = GENESIS, []
    broken: str | None = None
    for position, entry in enumerate(stored, start=1):
        decision = Decision(entry.text, entry.noted_sha256)
        broken = broken or _break_in(decision, entry, before, position)
        before = entry.noted_sha256
        decisions.append(decision)
    broken = broken or _end_is_gone(stored, newest)
    late = {decision.decision_id: entry.late for decision, entry in zip(decisions, stored, strict=True) if entry.late}
    return Chain(tuple(decisions), tuple(entry.state for entry in stored), broken, late)


def _end_is_gone(stored: Sequence[Stored], newest: tuple[int, str] | None) -> str | None:
    if newest is None:
        return None
    number, digest = newest
    if number > len(stored):
        return f"the end of the chain: {number} decisions were recorded, and {len(stored)} are there"
    there = stored[number - 1].noted_sha256
    return None if there == digest else f"{stored[number - 1].name}: another decision was recorded as number {number}"


def _break_in(decision: Decision, entry: Stored, before: str, position: int) -> str | None:
    if decision.is_changed:
        return f"{entry.name}: the record was changed after it was written"
    if decision.content.get("previous_sha256") != before:
        return f"{entry.name}: it does not follow the decision before it"
    if decision.content.get("sequence") != position:
        return f"{entry.name}: it is number {decision.content.get('sequence')} but stands at {position}"
    return None
