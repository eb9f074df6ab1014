"""Prints comparisons: what is compared, both sides, their ratio, and the goal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

HEADER = f"{'figure (A / B)':52} {'A':>9} {'B':>9} {'ratio':>8}  goal"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure: what two sides took, and the goal for the ratio of their medians, A over B.

    ``unit`` is seconds, or megabytes as ``M``.
    """

    what: str
    a: Sequence[float]
    b: Sequence[float]
    goal: float
    at_most: bool = False
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """How many times as much A takes as B."""
        return median(self.a) / median(self.b)

    @property
    def met(self) -> bool:
        """Whether the ratio meets the goal."""
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def show(comparisons: Iterable[Comparison]) -> None:
    """Print comparisons as a table of medians."""
    print(HEADER)
    for found in comparisons:
        sides = f"{median(found.a):8.3f}{found.unit} {median(found.b):8.3f}{found.unit} {found.ratio:8.3g}"
        goal = f"{'at most' if found.at_most else 'at least'} {found.goal:g}: {'met' if found.met else 'NOT MET'}"
        print(f"{found.what:52} {sides}  {goal}", flush=True)
