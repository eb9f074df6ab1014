"""What the statistics allow: turns the verdict of the numbers into that of the evidence.

The numbers name the candidate that did best on the holdout. It replaces the champion only if the rows show that it is
better, with everyone who was in the running accounted for; of several that are, the one the policy ranks first.
"""

from collections.abc import Sequence
from dataclasses import replace

from podium.candidate import Candidate, names_apart
from podium.multiplicity import Shrunken
from podium.ranking import Beyond, Selection, Verdict, defends
from podium.shown import Asked, Superiority
from podium.superiority import MINIMUM_ROWS

MOST = 200
"""Challengers that are compared by resampling; beyond them the bounds are Bonferroni's for all there are."""


def names_of(candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    """Return candidates by a name that a person knows and no other of them has."""
    names = names_apart([(c.model_id, c.logged_model_id) for c in candidates])
    return dict(zip(names, candidates, strict=True))


def champion_in(selection: Selection, logged_model_id: str | None) -> Candidate | None:
    """Return the champion that a promotion must be shown to be better than.

    There is none if the champion fails a guardrail: anyone with a place is better then (``ranking.defends``).
    """
    ranked = (r for r in selection.ranking if r.candidate.logged_model_id == logged_model_id)
    return next((r.candidate for r in ranked if defends(r)), None)


def challengers_in(selection: Selection, champion: Candidate) -> list[Candidate]:
    """Return everyone else that was measured, those with a place first, each part best first.

    Those that a guardrail keeps out were in the running on the same rows: who is left is one chosen among all of them.
    """
    measured = (r for r in selection.ranking if r.value is not None and not r.candidate.unmeasured)
    return [r.candidate for r in measured if r.candidate != champion]


def placed_in(selection: Selection) -> list[Candidate]:
    """Return everyone with a place, best first."""
    return [r.candidate for r in selection.ranking if r.place is not None]


def asked_of(
    challengers: Sequence[Candidate], asked: Asked, beyond: Beyond | None = None
) -> tuple[list[Candidate], Asked]:
    """Return the challengers that are compared, and what is asked of them so that all there are count."""
    others = beyond.candidates if beyond and beyond.best is not None else 0
    return list(challengers[:MOST]), replace(asked, among=len(challengers) + others)


def shown(selection: Selection, found: Superiority, champion: Candidate, compared: Sequence[Candidate]) -> Selection:
    """Return a selection as the statistics leave it. ``compared`` are the challengers that were compared, best first.

    What the numbers alone said first, that the leading one replaces the champion, gives way to what was shown.
    """
    placed = {c.logged_model_id for c in placed_in(selection)}
    eligible = {name: c for name, c in names_of(compared).items() if c.logged_model_id in placed}
    shown_better = {c.candidate: c.reason for c in found.challengers if c.verdict == "better"}
    better = [(c, shown_better[name]) for name, c in eligible.items() if name in shown_better]
    told = found.as_json()
    rest = (*(_shrunken(found) if found.leading in eligible else ()), *selection.reasons[1:])
    if not better:
        # Of those that may be promoted the one that gains most, whoever gains more and may not be.
        leading = next((c for c in found.challengers if c.candidate in eligible), found)
        verdict: Verdict = "not enough data" if leading.verdict == "not enough data" else "keep"
        reasons = (f"{champion.model_id} stays: {leading.reason}", *rest)
        return replace(selection, verdict=verdict, reasons=reasons, comparison=told)
    winner, why = better[0]
    reasons = (f"{winner.model_id} replaces {champion.model_id}: {why}", *rest)
    return replace(selection, best=winner, reasons=reasons, comparison=told)


def chosen_among(selection: Selection, found: Shrunken | None, among: int, rows: int) -> Selection:
    """Return the selection of a first champion with what it is worth on rows that did not choose it."""
    if selection.promoted is None:
        return selection
    first, *rest = selection.reasons
    few = f"the holdout has {rows} rows; below {MINIMUM_ROWS} which one is best is largely chance"
    told = [few] if rows < MINIMUM_ROWS else []
    if found is None:
        return replace(selection, reasons=(first, *told, *rest))
    told.append(
        f"chosen as the best of {among}, {selection.promoted.model_id} is estimated to measure {found.estimate:.4f} "
        f"{selection.primary} on rows that did not choose it"
    )
    return replace(selection, reasons=(first, *told, *rest), shrunken=found.as_json())


def _shrunken(found: Superiority) -> tuple[str, ...]:
    """Return what the lead of the leading challenger is worth on rows that did not choose it, in words."""
    if found.shrunken is None:
        return ()
    return (
        f"chosen as the best of {len(found.challengers)}, {found.leading} is estimated to gain "
        f"{found.shrunken.estimate:+.4f} on rows that did not choose it",
    )
