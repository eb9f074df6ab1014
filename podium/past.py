"""Looks back along the chain of decisions: what was in production when, and why a model was not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

from podium.candidate import in_full, names_apart
from podium.chain import Chain
from podium.decision import Decision
from podium.errors import NegativeAnswerError, UsageError
from podium.fates import Fate, Json
from podium.ranking import beyond_told
from podium.states import SWITCHING, champion_after

CARRIED_OUT = frozenset({"settled", "undone"})
"""States of decisions that changed production, be it for a moment."""
BECAME = {
    "settled": "it was promoted",
    "pending": "it would be promoted: that is recorded, and not carried out yet",
    "awaiting": "it would be promoted, and waits for approval",
    "superseded": "it would have been promoted, but others overtook the decision, which changed nothing",
}
"""What became of the model that a decision promotes, by the decision's state."""
REPLACED = {
    "settled": "was replaced",
    "undone": "was replaced, and put back",
    "pending": "would be replaced",
    "awaiting": "would be replaced",
}
"""What became of the champion that a decision replaces; in any other state it stayed."""

LOST = "a record in between was changed after it was written or cannot be read: what it did is not known"
UNBELIEVED = "the record was changed after it was written or cannot be read, and tells nothing"


@dataclass(frozen=True, slots=True)
class Past:
    """What was in production at a time: the version, by which decision, and why; all empty if nothing was.

    ``carried_out_at`` is when that was carried out, if it was interrupted and finished later.
    """

    version: str | None
    model_id: str | None = None
    decision_id: str | None = None
    decided_at: str | None = None
    reasons: tuple[str, ...] = ()
    carried_out_at: str | None = None


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
    version, by, at, lost, later = None, None, None, False, False
    followers = (*(d.content for d in chain.decisions[1:]), {})
    for decision, state, follower in zip(chain.decisions, chain.states, followers, strict=True):
        content = decision.content
        if "decided_at" not in content:
            lost = lost or not later
            continue
        if datetime.fromisoformat(content["decided_at"]) > when:
            later = True
            continue
        late = _late(chain, decision, follower)
        is_through = late is None or datetime.fromisoformat(late) <= when
        stood = content["verdict"] in SWITCHING and (state in CARRIED_OUT or _is_found(decision, follower))
        carried_out = stood and is_through
        version = champion_after(decision) if carried_out else content["champion_before"]
        by, at = (decision, late) if carried_out else (by, at)
        lost = lost and not (by and _puts(by, version))
    return _told(version, by, at, lost)


def _late(chain: Chain, decision: Decision, follower: Json) -> str | None:
    """Return when a decision was carried out, if not at once: between it and the next one, for the time is a tag."""
    late = chain.late.get(decision.decision_id, "")
    return late if decision.content["decided_at"] < late < follower.get("decided_at", "9") else None


def _is_found(decision: Decision, follower: Json) -> bool:
    """Whether the next decision found in production what this one promotes: the state is a tag, and no record.

    What waits for approval changes nothing by itself, whatever was found later.
    """
    after, content = champion_after(decision), decision.content
    found = follower.get("champion_before", content["champion_before"])
    return found == after != content["champion_before"] and not content.get("awaits_approval")


def _puts(by: Decision, version: str | None) -> bool:
    """Whether it is this decision that puts a version into production."""
    return version is not None and (by.content["promoted"] or {}).get("version") == version


def _told(version: str | None, by: Decision | None, late: str | None, lost: bool) -> Past:
    unsure = (LOST,) if lost else ()
    if version is None:
        return Past(None, reasons=unsure)
    if by is None or not _puts(by, version):
        return Past(version, reasons=unsure or ("no decision put it there: the alias was set by hand",))
    content = by.content
    name = content["promoted"]["model_id"]
    return Past(version, name, by.decision_id, content["decided_at"], (*unsure, *content["reasons"]), late)


def decision_named(chain: Chain, named: str) -> Decision:
    """Return the decision of an id, or of the beginning of one.

    Raises:
        UsageError: there is none, or more than one.
        NegativeAnswerError: its record was changed, or cannot be read.
    """
    found = [d for d in chain.decisions if d.decision_id.startswith(named)]
    if len(found) == 1 and not found[0].content:
        raise NegativeAnswerError(f"decision {found[0].decision_id}: {UNBELIEVED}; `podium history` shows the chain")
    if len(found) != 1:
        how = f"{len(found)} decisions begin so" if found else "no decision begins so; `podium history` lists them"
        raise UsageError(f"decision {named!r}: {how}")
    return found[0]


def why_not(decision: Decision, fate: Fate, model_id: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return by model in sentences why each was not promoted, or was, and what became of that.

    Of several models with one id each is called ``id (logged model)``, and the id alone asks for all of them.

    Raises:
        UsageError: the named model took no part in the decision.
    """
    content = decision.content
    rows = _by_name((content.get("evidence") or {}).get("ranking", ()))
    wanted = {name: row for name, row in rows.items() if model_id in (None, row["model_id"], in_full(*_ids(row)))}
    if model_id is not None and not wanted:
        raise UsageError(f"decision {decision.decision_id}: {_unlisted(content, model_id, rows)}")
    compared = compared_in(content) if wanted else {}
    return {name: _once(_sentences(content, row, rows, fate, compared)) for name, row in wanted.items()}


def _by_name(ranking: Iterable[Json]) -> dict[str, Json]:
    """Return the rows of a ranking by a name that no other of them has."""
    rows = list(ranking)
    return dict(zip(names_apart([_ids(row) for row in rows]), rows, strict=True))


def _ids(row: Json) -> tuple[str, str]:
    return row["model_id"], row["logged_model_id"]


def compared_in(content: Json) -> dict[str, Json]:
    """Return what the recorded comparison with the champion says of each challenger, by logged model.

    It calls one by its id, or in full where several challengers have that id (``podium.evidence.names_of``).
    """
    said = {c["candidate"]: c for c in (content["evidence"].get("comparison") or {}).get("challengers", ())}
    found: dict[str, Json] = {}
    for row in _challengers(content):
        name = next((n for n in (in_full(*_ids(row)), row["model_id"]) if n in said), None)
        if name is not None:
            found[row["logged_model_id"]] = said.pop(name)
    return found


def _challengers(content: Json) -> Iterator[Json]:
    """Give the rows of those that could be compared with the champion, in the order of the ranking."""
    champion = champion_row(content)
    measured = (r for r in content["evidence"]["ranking"] if r["value"] is not None and not r["unmeasured"])
    yield from (row for row in measured if row is not champion)


def champion_row(content: Json) -> Json | None:
    """Return the row of the version that was in production before a decision, if the record lists it."""
    before = content["champion_before"]
    return next((r for r in content["evidence"]["ranking"] if before is not None and r["version"] == before), None)


def _unlisted(content: Json, model_id: str, rows: Json) -> str:
    """Return in words why a decision says nothing of a model."""
    near = get_close_matches(model_id, rows, n=3)
    hint = f"near are {', '.join(near)}" if near else f"it was decided among {len(rows)} models"
    beyond = (content.get("evidence") or {}).get("beyond")
    if beyond is None:
        return f"no model {model_id!r} took part; {hint}"
    return f"no model {model_id!r} is among the {len(rows)} that it lists; {beyond_told(beyond)}; {hint}"


def _once(sentences: Iterable[str]) -> tuple[str, ...]:
    """Return sentences without those that an earlier one contains."""
    told: list[str] = []
    for sentence in sentences:
        if not any(sentence in earlier for earlier in told):
            told.append(sentence)
    return tuple(told)


def _sentences(
    content: Json, row: Json, rows: Mapping[str, Json], fate: Fate, compared: Mapping[str, Json]
) -> Iterator[str]:
    yield from _first_said(content, row, rows, fate)
    if row["place"] == 1 or _wins(content, row):
        yield content["reasons"][0]
    yield row["reason"]
    if row["logged_model_id"] in compared:
        yield compared[row["logged_model_id"]]["reason"]
    yield from (f"it {alarm}" for alarm in row["alarms"])


def _wins(content: Json, row: Json) -> bool:
    return row["version"] is not None and row["version"] == (content["promoted"] or {}).get("version")


def _first_said(content: Json, row: Json, rows: Mapping[str, Json], fate: Fate) -> Iterator[str]:
    """Say where a model came out; of the first, if it was not promoted, the decision's own reason is all there is."""
    if _wins(content, row):
        yield from _became(fate)
    elif row is champion_row(content):
        became = REPLACED.get(fate.final, "stayed") if content["promoted"] else "stayed"
        yield f"it was in production already and {became}"
    elif row["place"] is None:
        yield f"it could not be promoted: {row['reason']}"
    elif row["place"] > 1:
        yield _behind(row, rows)


def _became(fate: Fate) -> Iterator[str]:
    """Say what became of the model that a decision promotes."""
    if fate.state in ("approved", "rejected"):
        yield f"it was {fate.state} by {fate.by.get('asked_by', 'somebody')}"
        if fate.state == "approved" and fate.further:
            yield from _became(fate.further)
    elif fate.state == "undone":
        yield ": ".join(["it was promoted and taken back", *fate.by.get("reasons", ())[:1]])
    else:
        yield BECAME.get(fate.state, "it would be promoted, and what became of that is not on record")


def _behind(row: Json, rows: Mapping[str, Json]) -> str:
    """Say how far a model with a place was from the first."""
    name, first = next((name, r) for name, r in rows.items() if r["place"] == 1)
    return f"place {row['place']}: it measures {row['value']:.4f}, {name} {first['value']:.4f}"
