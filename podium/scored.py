"""What asking the champion about a file of rows came to: the values alone, for those who tell of it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from podium.errors import UsageError

ANSWER, VERSION, ROW = "prediction", "model_version", "row"
CHANCE = "probability_"
"""What a column of probabilities is called before the name of its class."""
MOST_CELLS, MOST_ROWS, FEWEST_ROWS = 5_000_000, 100_000, 1_000


@dataclass(frozen=True, slots=True)
class Scored:
    """Which version answered how many rows, and where its answers are. ``seconds`` is how long it took altogether."""

    version: str
    model_id: str
    rows: int
    seconds: float
    input: str
    output: str
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium score``."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows in their order: the number of the block, of its first row, and how many they are."""

    number: int
    first: int
    rows: int

    def __str__(self) -> str:
        """Name the rows for a person, who counts from one."""
        return f"rows {self.first + 1:,} to {self.first + self.rows:,}"


def rows_at_once(columns: int) -> int:
    """Return how many rows a model is asked about at once: fewer of wide ones, so that a block always fits."""
    return max(FEWEST_ROWS, min(MOST_ROWS, MOST_CELLS // max(1, columns)))


def named_by(identifiers: Iterable[str], columns: Iterable[str]) -> tuple[str, ...]:
    """Return the identifier columns that the rows have; answers carry these, so that they can be joined.

    Raises:
        UsageError: one is called like a column of the answers.
    """
    there = set(columns)
    found = tuple(name for name in identifiers if name in there)
    for name in found:
        if name in {ANSWER, VERSION} or name.startswith(CHANCE):
            raise UsageError(f"holdout.id_columns: {name} is what a column of the answers is called: rename it")
    return found


def are_whole(labels: Iterable[str]) -> bool:
    """Whether all labels are whole numbers, and may be written as such."""
    return all(label.removeprefix("-").isdigit() and len(label) < 18 for label in labels)
