"""Looks back along the chain of decisions: what was in production when, and why a model was not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from podium.decision import Chain, Decision
from podium.errors import UsageError
from podium.states import SWITCHING, champion_after

CARRIED_OUT = frozenset({"settled", "undone"})
"""States of decisions that changed production, be it for a moment."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was in production at a time: the version, by which decision, and why; all empty if nothing was."""

    version: str | None
    model_id: str | None = None
    decision_id: str | None = None
    decided_at: str | None = None
    reasons: tuple[str, ...] = ()


def parse_time(text: str) -> datetime:
    """Return an ISO time; without an offset it is UTC, and a date alone is its beginning.

    Raises:
        UsageError: it is no such time.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text!r}: not an ISO time such as 2026-03-01 or '2026-03-01 12:00+01:00'") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def champion_at(chain: Chain, when: datetime) -> Past:
    """Return what was in production at a time, by what the decisions until then say."""
    version, by = None, None
    for decision, state in zip(chain.decisions, chain.states, strict=True):
        content = decision.content
        if "decided_at" not in content or datetime.fromisoformat(content["decided_at"]) > when:
            continue
        carried_out = content["verdict"] in SWITCHING and state in CARRIED_OUT
        version = champion_after(decision) if carried_out else content["champion_before"]
        by = decision if carried_out else by
    return _told(version, by)


def _told(version: str | None, by: Decision | None) -> Past:
    if version is None:
        return Past(None)
    if by is None or (by.content["promoted"] or {}).get("version") != version:
        return Past(version, reasons=("no decision put it there: the alias was set by hand",))
    content = by.content
    name = content["promoted"]["model_id"]
    return Past(version, name, by.decision_id, content["decided_at"], tuple(content["reasons"]))


def decision_named(chain: Chain, named: str) -> Decision:
    """Return the decision of an id, or of the beginning of one.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [d for d in chain.decisions if d.decision_id.startswith(named)]
    if len(found) != 1:
        how = f"{len(found)} decisions begin so" if found else "no decision begins so; `podium history` lists them"
        raise UsageError(f"decision {named!r}: {how}")
    return found[0]


def why_not(decision: Decision, model_id: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return by model id in sentences why each was not promoted, or was, from the record alone.

    Raises:
        UsageError: the named model took no part in the decision.
    """
    content = decision.content
    rows = {str(row["model_id"]): row for row in (content.get("evidence") or {}).get("ranking", ())}
    if model_id is not None and model_id not in rows:
        raise UsageError(f"decision {decision.decision_id}: {_unlisted(content, model_id, rows)}")
    wanted = rows if model_id is None else {model_id: rows[model_id]}
    return {name: tuple(_sentences(content, row)) for name, row in wanted.items()}


def _unlisted(content: Mapping[str, Any], model_id: str, rows: Mapping[str, Any]) -> str:
    """Return in words why a decision says nothing of a model."""
    near = get_close_matches(model_id, rows, n=3)
    hint = f"near are {', '.join(near)}" if near else f"it was decided among {len(rows)} models"
    beyond = (content.get("evidence") or {}).get("beyond")
    if beyond is None:
        return f"no model {model_id!r} took part; {hint}"
    count, best = beyond["candidates"], beyond["best"]
    return (
        f"no model {model_id!r} is among the {len(rows)} that it lists; {count:,} others took part, none of which "
        f"measures better than {best:.4f}; {hint}"
    )


def _sentences(content: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[str]:
    promoted = content["promoted"] or {}
    if row["version"] is not None and promoted.get("version") == row["version"]:
        yield "it was promoted"
    elif row["version"] is not None and content["champion_before"] == row["version"]:
        yield "it was in production already" + (" and stayed" if not promoted else " and was replaced")
    elif row["place"] is None:
        yield f"it could not be promoted: {row['reason']}"
    else:
        yield from _behind(content, row)
    yield from (f"it {alarm}" for alarm in row["alarms"])


def _behind(content: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[str]:
    """Say how far a model with a place was from the first, and what the comparison with the champion came to."""
    first = next(r for r in content["evidence"]["ranking"] if r["place"] == 1)
    if row["place"] > 1:
        yield f"place {row['place']}: it measures {row['value']:.4f}, {first['model_id']} {first['value']:.4f}"
    if row["reason"]:
        yield row["reason"]
    compared = (content["evidence"].get("comparison") or {}).get("challengers", ())
    yield from (c["reason"] for c in compared if c["candidate"].split(" ")[0] == row["model_id"])
    if row["place"] == 1 and not compared:
        yield content["reasons"][0]
