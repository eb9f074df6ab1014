"""The guardrails: conditions that a candidate must meet however good its number is. What nobody can measure fails."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from podium.candidate import EXACT, Candidate, Rails
from podium.metrics import goodness
from podium.slices import slice_values

Status = Literal["pass", "fail", "not measurable"]


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One guardrail with what became of it. ``value`` is None where nothing could be measured."""

    name: str
    status: Status
    value: float | None
    limit: float | None
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready object."""
        return asdict(self)


def guardrails_of(
    candidate: Candidate, champion: Candidate | None, rails: Rails, primary: str
) -> tuple[Guardrail, ...]:
    """Return every guardrail of a policy as a candidate meets it. ``champion`` is None if nothing is in production."""
    return (
        *(_at_least(candidate, name, floor) for name, floor in sorted(rails.minimum.items())),
        *(_at_most(candidate, name, top) for name, top in sorted(rails.maximum.items())),
        *_slices(candidate, champion, rails, primary),
        *(_fairness(candidate, name, gap, rails.slices) for name, gap in sorted(rails.fairness_gap.items())),
        *_size(candidate, rails),
        *(_tag(candidate, name, value) for name, value in sorted(rails.required_tags.items())),
    )


def _judged(name: str, met: bool, value: float, limit: float, told: str) -> Guardrail:
    sentence = f"guardrail {name} {'holds' if met else 'fails'}: {told}"
    return Guardrail(name, "pass" if met else "fail", value, limit, sentence)


def not_measurable(name: str, limit: float | None, why: str = "") -> Guardrail:
    """Return a guardrail that could not be measured, and why."""
    told = f"guardrail {name} is not measurable" + (f": {why}" if why else "")
    return Guardrail(name, "not measurable", None, limit, told)


def _at_least(candidate: Candidate, metric: str, floor: float) -> Guardrail:
    name, value = f"{metric} >= {floor:g}", candidate.known(metric)
    if value is None:
        return not_measurable(name, floor)
    return _judged(name, value >= floor, value, floor, f"{value:.4f}")


def _at_most(candidate: Candidate, metric: str, top: float) -> Guardrail:
    name, value = f"{metric} <= {top:g}", candidate.known(metric)
    if value is None:
        return not_measurable(name, top)
    return _judged(name, value <= top, value, top, f"{value:.4f}")


def _slices(candidate: Candidate, champion: Candidate | None, rails: Rails, primary: str) -> Iterator[Guardrail]:
    if rails.slice_regression is None:
        return
    name, limit = f"no slice loses more than {rails.slice_regression:g} {primary}", rails.slice_regression
    if champion is None:
        yield Guardrail(name, "pass", None, limit, f"guardrail {name} holds: nothing is in production to compare with")
        return
    values = slice_values(champion.metrics, primary)
    own, theirs = _flat(slice_values(candidate.metrics, primary)), _flat(values)
    unseen = [f"{column} has no slice" for column in rails.slices if column not in values]
    if not theirs or unseen or theirs.keys() - own.keys():
        lacking = [*unseen, *sorted(theirs.keys() - own.keys())][:3]
        yield not_measurable(name, limit, ", ".join(lacking) or "the champion was measured on no slice")
        return
    lost = {of: goodness(primary, theirs[of]) - goodness(primary, own[of]) for of in theirs}
    worst = max(sorted(lost), key=lambda of: lost[of])
    told = f"{worst} goes from {theirs[worst]:.4f} to {own[worst]:.4f}"
    yield _judged(name, round(lost[worst] - limit, EXACT) <= 0, max(lost[worst], 0.0), limit, told)


def _flat(values: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {f"{column}={of}": value for column, found in values.items() for of, value in found.items()}


def _fairness(candidate: Candidate, metric: str, limit: float, wanted: Sequence[str]) -> Guardrail:
    """Judge the largest difference of a rate between two slices of the same column, whichever column it is.

    Each of the ``wanted`` columns must have two: fairness towards those of one that has not is nothing that was seen.
    """
    name, found = f"{metric} differs by at most {limit:g}", slice_values(candidate.metrics, metric)
    columns = {column: values for column, values in found.items() if len(values) > 1}
    unseen = [column for column in wanted if column not in columns]
    if not columns or unseen:
        return not_measurable(name, limit, f"{', '.join(unseen[:3]) or 'no column'} has fewer than two slices")
    gaps = {column: max(values.values()) - min(values.values()) for column, values in columns.items()}
    worst = max(sorted(gaps), key=lambda column: gaps[column])
    low, *_, high = sorted(columns[worst], key=lambda value: columns[worst][value])
    told = f"{worst} {high} has {columns[worst][high]:.4f}, {low} has {columns[worst][low]:.4f}"
    return _judged(name, round(gaps[worst] - limit, EXACT) <= 0, gaps[worst], limit, told)


def latency(value: float, limit: float) -> Guardrail:
    """Return the guardrail of the 95th percentile of a one-row prediction, in ms; 0 is none that was measured."""
    name = f"latency <= {limit:g} ms"
    if value <= 0:
        return not_measurable(name, limit)
    return _judged(name, value <= limit, value, limit, f"{value:.1f} ms")


def _size(candidate: Candidate, rails: Rails) -> Iterator[Guardrail]:
    if rails.size_mb is None:
        return
    name = f"size <= {rails.size_mb:g} MB"
    if candidate.size is None:
        yield not_measurable(name, rails.size_mb, "it does not say how large it is")
        return
    megabytes = candidate.size / 1e6
    yield _judged(name, megabytes <= rails.size_mb, megabytes, rails.size_mb, f"{megabytes:.3g} MB")


def _tag(candidate: Candidate, tag: str, wanted: str | None) -> Guardrail:
    """Judge a required tag; one that is missing fails."""
    name = f"tag {tag}" + (f" = {wanted}" if wanted is not None else "")
    found = candidate.tags.get(tag)
    met = found is not None and wanted in (None, found)
    told = "it has no such tag" if found is None else f"it is {found!r}"
    sentence = f"guardrail {name} {'holds' if met else 'fails'}: {told}"
    return Guardrail(name, "pass" if met else "fail", None, None, sentence)
