"""What became of a message: on a channel, and of a test message on every one."""

from dataclasses import asdict, dataclass
from typing import Any

from podium.alerts import Outcome, Severity


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message. ``problem`` is what went wrong, in one line without secrets.

    A message that was told may have a problem too: not everybody whom it was for took it.
    """

    outcome: Outcome
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whether a channel took a test message. ``source`` is where its address comes from, ``problem`` why it did not."""

    channel: str
    source: str
    minimum: Severity
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What became of a test message on every channel."""

    deliveries: tuple[Delivery, ...]
    dry_run: bool = False

    @property
    def missed(self) -> tuple[str, ...]:
        """The channels that did not take it."""
        return tuple(found.channel for found in self.deliveries if found.problem)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium alerts test``."""
        return {"channels": [asdict(found) for found in self.deliveries], "dry_run": self.dry_run}
