"""Who may decide next, among several that share nothing but a store without compare-and-swap.

Lamport's bakery (A New Solution of Dijkstra's Concurrent Programming Problem, 1974): a claim is announced, then takes a
ticket above all that it sees, and waits for every claim that is still choosing or has a smaller ticket. That needs
nothing but reads and writes that are seen in order.

A claim lives as long as its beat changes. Whoever waits judges that by its own steady clock alone: a beat that it has
seen unchanged for a whole lease is that of a dead claim. No time of one machine is ever compared with that of another,
so that skewed clocks change nothing. The holder gives itself up ``MARGIN`` before anybody may take it for dead.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

LEASE = 60.0
"""Seconds without a beat after which a claim is dead."""
MARGIN = 15.0
"""Seconds before that in which its holder does nothing any more."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim as it was read. ``ticket`` is None while it is choosing; ``holder`` is a place and a process id.

    ``token`` is of the attempt that made it: two of the same are one claim whose making was sent twice.
    """

    claim_id: str
    ticket: int | None
    holder: str
    beat: str
    token: str | None = None


def next_ticket(claims: Iterable[Claim]) -> int:
    """Return a ticket above all others."""
    return 1 + max((c.ticket or 0 for c in claims), default=0)


def ahead(own: str, claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Return the claims that the claim ``own``, which has a ticket, must wait for."""
    known = {c.claim_id: c for c in claims}
    mine = known[own].ticket or 0
    others = (c for c in known.values() if c.claim_id != own)
    return tuple(c for c in others if c.ticket is None or (c.ticket, c.claim_id) < (mine, own))


@dataclass(slots=True)
class Watch:
    """What one waiter has seen of the others' beats, in seconds of its own steady clock."""

    lease: float = LEASE
    _seen: dict[str, tuple[str, float]] = field(default_factory=dict)

    def dead(self, claims: Iterable[Claim], now: float) -> tuple[Claim, ...]:
        """Return the claims whose beat has not changed for a whole lease before my eyes."""
        return tuple(claim for claim in claims if now - self._since(claim, now) >= self.lease)

    def _since(self, claim: Claim, now: float) -> float:
        beat, since = self._seen.get(claim.claim_id, ("", now))
        if beat != claim.beat:
            since = now
        self._seen[claim.claim_id] = (claim.beat, since)
        return since


def is_lost(renewed: float, now: float, lease: float = LEASE, margin: float = MARGIN) -> bool:
    """Whether a holder must give itself up, which began its last successful renewal at ``renewed`` (seconds)."""
    return now - renewed > lease - margin
