"""The candidates that a selection looks at: the best of all, as many as the policy needs, and some beside them.

A server sorts, and gives the best page by page. What it cuts is never a tie: of those that measure the same either all
are looked at or none, so that the order in which they arrived decides nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from podium.candidate import Candidate
from podium.metrics import goodness
from podium.ranking import Beyond, Selection
from podium.scanned import Scanned


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of an experiment: what is remembered of it, and the candidates that have no holdout metrics.

    With no holdout the latter are all there are.
    """

    scanned: Scanned
    lacking: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Candidates, of all that there are.

    ``leading`` are the best in the server's order, down to where it was asked; ``others`` are looked at whatever they
    measure. ``measured`` counts all that were measured; ``more`` is the server's mark of where its list goes on, None
    at the end of it.
    """

    leading: tuple[Candidate, ...]
    others: tuple[Candidate, ...] = ()
    measured: int = 0
    more: str | None = None

    @property
    def told(self) -> str:
        """How many there are, in words."""
        looked_at = len({c.logged_model_id for c in (*self.leading, *self.others)})
        return f"{looked_at} candidates" + (f" of {self.measured:,}" if self.more else "")

    def floor(self, metric: str) -> float:
        """Return the worth above which every candidate is looked at; minus infinity if all are that have the metric.

        A server lists those without it last.
        """
        worths = [c.worth(metric) for c in self.leading]
        if self.more is None or (worths and worths[-1] == -math.inf):
            return -math.inf
        return min((worth for worth in worths if worth > -math.inf), default=math.inf)

    def certain(self, metric: str) -> tuple[Candidate, ...]:
        """Return the leading candidates but for those whose ties may lie beyond."""
        if self.more is None:
            return self.leading
        floor = self.floor(metric)
        return tuple(c for c in self.leading if c.worth(metric) > floor)

    def candidates(self, metric: str) -> list[Candidate]:
        """Return everyone that is looked at, once."""
        known = {c.logged_model_id: c for c in (*self.others, *self.certain(metric))}
        return list(known.values())

    def beyond(self, metric: str) -> Beyond | None:
        """Return what is known of the others, None if there are none."""
        if self.more is None:
            return None
        count = self.measured - sum(bool(c.metrics) for c in self.candidates(metric))
        floor = self.floor(metric)
        return Beyond(max(count, 1), goodness(metric, floor) if math.isfinite(floor) else None)

    def grown(self, further: Sequence[Candidate], more: str | None) -> "Shortlist":
        """Return it with the next of the server's list."""
        seen = {c.logged_model_id for c in self.leading}
        new = tuple(c for c in further if c.logged_model_id not in seen)
        return replace(self, leading=(*self.leading, *new), more=more)

    def joined(self, others: Sequence[Candidate]) -> "Shortlist":
        """Return it with some who are looked at whatever they measure."""
        return replace(self, others=(*self.others, *others))

    def changed(self, candidates: Sequence[Candidate]) -> "Shortlist":
        """Return it with some of its candidates as they are now."""
        now = {c.logged_model_id: c for c in candidates}
        leading, others = (tuple(now.get(c.logged_model_id, c) for c in part) for part in (self.leading, self.others))
        return replace(self, leading=leading, others=others)

    def has_enough(self, selection: Selection, champion: str | None, wanted: int) -> bool:
        """Whether nobody beyond can change a verdict: ``champion`` is the logged model in production, if any is.

        Somebody must have a place for certain. Those beyond must be worse than the champion, or ``wanted`` others be
        there to be compared with it.
        """
        if self.more is None:
            return True
        metric, floor = selection.primary, self.floor(selection.primary)
        sure = [r for r in selection.ranking if r.place is not None and r.candidate.worth(metric) > floor]
        current = selection.of(champion)
        is_behind = champion is None or (current is not None and current.worth(metric) > floor)
        return bool(sure) and (is_behind or len(sure) >= wanted)
