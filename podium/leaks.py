"""Signs that a model has seen what it is measured on, each with what the policy says of it: a warning, or a refusal."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from podium.candidate import Candidate, Response, Rules
from podium.metrics import AT_MOST_ONE, ERRORS, LOWER_IS_BETTER, PROFIT, SEEN

TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Leak:
    """One sign of a leak, in words that follow the model's name."""

    sentence: str
    response: Response


def leaks_of(candidate: Candidate, rules: Rules) -> tuple[Leak, ...]:
    """Return the signs of a leak of a measured candidate."""
    return (
        *_claims(candidate, rules),
        *_training_rows(candidate, rules),
        *_identifiers(candidate, rules),
        *_too_good(candidate, rules),
    )


def _claims(candidate: Candidate, rules: Rules) -> Iterator[Leak]:
    """Give what was claimed far above what is measured: the highest of any average, for no claim says by which.

    An error has a unit, so that it is the share by which the claimed one is smaller that counts.
    """
    claim, measured = candidate.claim(rules), _most_measured(candidate, rules)
    if measured is None or not math.isfinite(claim) or rules.claimed in (LOWER_IS_BETTER - ERRORS) | {PROFIT}:
        return
    of_error = rules.claimed in ERRORS
    above = (measured - claim) / max(measured, TINY) if of_error else claim - measured
    if above > rules.leaks.tolerance:
        told = f"claims {rules.claimed} {claim:.4f} but measures {measured:.4f}: leaked or training-set score"
        yield Leak(told, rules.leaks.claims)


def _most_measured(candidate: Candidate, rules: Rules) -> float | None:
    names = (rules.claimed, rules.primary, *(f"{rules.claimed}_{average}" for average in ("macro", "binary")))
    return max((value for name in names if (value := candidate.known(name)) is not None), default=None)


def _training_rows(candidate: Candidate, rules: Rules) -> Iterator[Leak]:
    """Give the rows of the holdout that the model's own record says it was trained on."""
    seen = candidate.known(SEEN)
    if seen is None:
        return
    if seen < 0:
        told = "has a record of its training rows that cannot be compared with the holdout"
        yield Leak(told, rules.leaks.training_rows)
    elif seen > rules.leaks.training_rows_above * rules.holdout_rows:
        told = f"was trained on {seen:,.0f} of the holdout's {rules.holdout_rows:,} rows, by its own record"
        yield Leak(told, rules.leaks.training_rows)


def _identifiers(candidate: Candidate, rules: Rules) -> Iterator[Leak]:
    if candidate.identifiers:
        named = ", ".join(candidate.identifiers[:3])
        yield Leak(f"learned from {named}, which tells the rows apart and no more", rules.leaks.identifier)


def _too_good(candidate: Candidate, rules: Rules) -> Iterator[Leak]:
    limit, value = rules.leaks.too_good_above, candidate.known(rules.primary)
    if limit is None or value is None or value <= limit or rules.claimed not in AT_MOST_ONE:
        return
    told = f"measures {rules.primary} {value:.4f}, above {limit:g}: too good to be true; is the target in a column?"
    yield Leak(told, rules.leaks.too_good)
