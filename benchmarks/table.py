"""Prints a comparison: what, both sides, the ratio, and the goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure: seconds of a baseline and of Podium, and the ratio that is claimed."""

    what: str
    baseline: Sequence[float]
    podium: Sequence[float]
    goal: float
    at_most: bool = False

    @property
    def ratio(self) -> float:
        """How many times the baseline is of Podium, or Podium of the baseline where the goal is a ceiling."""
        ours, theirs = median(self.podium), median(self.baseline)
        return ours / theirs if self.at_most else theirs / ours

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def show(*comparisons: Comparison) -> None:
    """Print comparisons as a table; seconds are medians."""
    print(f"{'figure':58} {'baseline':>10} {'podium':>10} {'ratio':>8}  goal")
    for c in comparisons:
        goal = f"{'at most' if c.at_most else 'at least'} {c.goal:g}: {'met' if c.met else 'NOT MET'}"
        print(f"{c.what:58} {median(c.baseline):9.3f}s {median(c.podium):9.3f}s {c.ratio:8.1f}  {goal}")
