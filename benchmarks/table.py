"""Prints comparisons: what is compared, both sides, their ratio, and the goal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

HEADER = f"{'figure (A / B)':52} {'A':>9} {'B':>9} {'ratio':>8}  goal"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure: what two sides took, and the goal for the ratio of their medians, A over B.

    Without a goal it is a bound that others are to be seen by. ``unit`` is seconds, or megabytes as ``M``.
    """

    what: str
    a: Sequence[float]
    b: Sequence[float]
    goal: float | None = None
    at_most: bool = False
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """How many times as much A takes as B."""
        return median(self.a) / median(self.b)

    def verdict(self) -> str:
        """Return the goal, and whether the ratio meets it; nothing if there is none."""
        if self.goal is None:
            return ""
        met = self.ratio <= self.goal if self.at_most else self.ratio >= self.goal
        return f"{'at most' if self.at_most else 'at least'} {self.goal:g}: {'met' if met else 'NOT MET'}"


def show(comparisons: Iterable[Comparison]) -> None:
    """Print comparisons as a table of medians."""
    print(HEADER)
    for found in comparisons:
        sides = f"{median(found.a):8.3f}{found.unit} {median(found.b):8.3f}{found.unit} {found.ratio:8.3g}"
        print(f"{found.what:52} {sides}  {found.verdict()}".rstrip(), flush=True)
