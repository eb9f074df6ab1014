"""Which former production versions stay, and which go."""

from collections.abc import Iterable
from dataclasses import dataclass

Version = str


@dataclass(frozen=True, slots=True)
class Held:
    """A version of the registered model. ``promoted_at`` is an ISO time, empty if it was never in production."""

    version: Version
    model_id: str
    stage: str
    promoted_at: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Retirement:
    """What happens to one version, and why."""

    version: Version
    model_id: str
    action: str
    reason: str


def retire(
    versions: Iterable[Held], champion: Version, keep_previous: int, delete_older: bool
) -> tuple[Retirement, ...]:
    """Return what happens to former production versions once ``champion`` is in production.

    All of them are archived. Beyond the newest ``keep_previous`` they are deleted if the rule says so. A version that
    any alias points to is never deleted.
    """
    former = [v for v in versions if v.promoted_at and v.version != champion]
    former.sort(key=lambda v: (v.promoted_at, int(v.version)), reverse=True)
    kept = [_archived(v) for v in former[:keep_previous]]
    older = [_older(v, keep_previous, delete_older) for v in former[keep_previous:]]
    return tuple(r for r in (*kept, *older) if r is not None)


def _archived(held: Held) -> Retirement | None:
    if held.stage == "archived":
        return None
    return Retirement(held.version, held.model_id, "archive", "no longer in production")


def _older(held: Held, keep_previous: int, delete_older: bool) -> Retirement | None:
    if not delete_older or held.aliases:
        return _archived(held)
    return Retirement(held.version, held.model_id, "delete", f"older than the last {keep_previous} in production")


def sentence(keep_previous: int, delete_older: bool) -> str:
    """Return the retention rule in words."""
    fate = "deleted from the registry" if delete_older else "archived too, and none is deleted"
    return (
        f"The version before becomes previous and is archived. The last {keep_previous} former production versions "
        f"stay loadable; older ones are {fate}."
    )
