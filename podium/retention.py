"""Which former production versions stay, and which go."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Version = str


@dataclass(frozen=True, slots=True)
class Held:
    """A version of the registered model. ``promoted_at`` is an ISO time, empty if it was never in production.

    ``kept`` is why it stays whatever its age: a tag, a pin, a decision that waits for it.
    """

    version: Version
    model_id: str
    stage: str
    promoted_at: str = ""
    aliases: tuple[str, ...] = ()
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Keeping:
    """What stays: the newest ``previous`` former production versions, and all promoted in or after ``since`` (ISO)."""

    previous: int = 3
    delete_older: bool = False
    since: str = ""


def keeping(previous: int, delete_older: bool, days: int, now: datetime) -> Keeping:
    """Return the rule as of a point in time."""
    since = (now - timedelta(days=days)).astimezone(UTC).isoformat(timespec="milliseconds") if days else ""
    return Keeping(previous, delete_older, since)


@dataclass(frozen=True, slots=True)
class Retirement:
    """What happens to one version, and why."""

    version: Version
    model_id: str
    action: str
    reason: str


def retire(versions: Iterable[Held], champion: Version, rule: Keeping) -> tuple[Retirement, ...]:
    """Return what happens to former production versions once ``champion`` is in production.

    All of them are archived. Those that the rule does not keep are deleted if it says so; one that any alias points to,
    or that is kept for a reason of its own, never is.
    """
    former = [v for v in versions if v.promoted_at and v.version != champion]
    former.sort(key=lambda v: (v.promoted_at, int(v.version)), reverse=True)
    actions = [_fate(held, place, rule) for place, held in enumerate(former, start=1)]
    return tuple(action for action in actions if action is not None)


def _fate(held: Held, place: int, rule: Keeping) -> Retirement | None:
    if rule.delete_older and place > rule.previous and not held.aliases and not held.kept and not _young(held, rule):
        reason = f"older than the last {rule.previous} in production"
        return Retirement(held.version, held.model_id, "delete", reason)
    if held.stage == "archived":
        return None
    return Retirement(held.version, held.model_id, "archive", "no longer in production")


def _young(held: Held, rule: Keeping) -> bool:
    return bool(rule.since) and held.promoted_at >= rule.since


def sentence(keep_previous: int, delete_older: bool, keep_days: float | None = None) -> str:
    """Return the retention rule in words."""
    fate = "deleted from the registry" if delete_older else "archived too, and none is deleted"
    young = f" and all younger than {keep_days:g} days" if keep_days else ""
    return f"The last {keep_previous} former production versions{young} stay loadable; older ones are {fate}."
