"""What became of recorded decisions, read from the chain: a decision may be settled by another that comes later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from podium.chain import Chain
from podium.decision import Decision
from podium.states import champion_after

Json = Mapping[str, Any]
NAMED_BY = {"approved": "approves", "rejected": "rejects", "undone": "undoes"}
"""The field in which another decision names the one that it brought into a state."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a decision: its state, and the record of the decision that brought it there, if another did.

    ``further`` is what became of that one.
    """

    state: str
    by: Json = field(default_factory=dict)
    further: "Fate | None" = None

    @property
    def final(self) -> str:
        """The state that tells what production came to: of what was approved it is that of the approval."""
        return self.further.final if self.state == "approved" and self.further else self.state


def fates(chain: Chain) -> tuple[Fate, ...]:
    """Return what became of each decision of a chain."""
    states = {d.decision_id: state for d, state in zip(chain.decisions, chain.states, strict=True)}
    brought = _brought(chain)
    return tuple(_fate(d.decision_id, states, brought) for d in chain.decisions)


def _brought(chain: Chain) -> dict[tuple[str, str], Decision]:
    """Return the decisions that brought others into a state, by the field and what it names; the last one counts."""
    read = ((d, d.content) for d in chain.decisions)
    return {(name, content[name]): d for d, content in read for name in NAMED_BY.values() if name in content}


def _fate(decision_id: str, states: Mapping[str, str], brought: Mapping[tuple[str, str], Decision]) -> Fate:
    state = states[decision_id]
    by = brought.get((NAMED_BY.get(state, ""), decision_id))
    return Fate(state, by.content, _fate(by.decision_id, states, brought)) if by else Fate(state)


def fate_of(chain: Chain, decision: Decision) -> Fate:
    """Return what became of one decision of a chain."""
    return fates(chain)[chain.decisions.index(decision)]


def version_after(decision: Decision, fate: Fate) -> str | None:
    """Return the version that a decision left in production: the one before, unless it was carried out and stood."""
    before: str | None = decision.content["champion_before"]
    return champion_after(decision) if fate.final == "settled" else before
