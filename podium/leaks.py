"""Signs that a model has seen what it is measured on, each with what the policy says of it: a warning, or a refusal."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from podium.candidate import Candidate, Response, Rules
from podium.metrics import (
    AT_MOST_ONE,
    ERRORS,
    LOWER_IS_BETTER,
    PROFIT,
    SCORER,
    SEEN,
    claims_of,
    goodness,
    metric_key,
)

TINY = 1e-300
FLAWLESS = ("f1_score", "roc_auc", "r2")
"""Metrics that tell of a model that is too good, whatever ranks."""
OF_ONE_ROW = frozenset({"max_error"})
"""Metrics that grow with the rows they are taken of: what others measured on fewer says nothing."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One sign of a leak, in words that follow the model's name."""

    sentence: str
    response: Response


@dataclass(frozen=True, slots=True)
class Claimed:
    """A metric that a model both claims and was measured by."""

    metric: str
    claim: float
    measured: float

    @property
    def above(self) -> float:
        """By how much better the claim is.

        What has a unit is compared as a share: of errors and profits, and of numbers beyond 1.
        """
        better = goodness(self.metric, self.claim) - goodness(self.metric, self.measured)
        if self.metric in ERRORS:
            return better / max(abs(self.measured), TINY)
        if self.metric == PROFIT:
            return better / max(abs(self.claim), abs(self.measured), TINY)
        return better / max(abs(self.measured), 1.0)


def leaks_of(candidate: Candidate, rules: Rules) -> tuple[Leak, ...]:
    """Return the signs of a leak of a measured candidate."""
    return (
        *_claims(candidate, rules),
        *_training_rows(candidate, rules),
        *_identifiers(candidate, rules),
        *_too_good(candidate, rules),
    )


def _claims(candidate: Candidate, rules: Rules) -> Iterator[Leak]:
    """Give the claim that is furthest above what is measured, whichever metric it is about."""
    widest = max(_compared(candidate), key=lambda c: (c.above, c.metric == rules.claimed, c.metric), default=None)
    if widest is not None and widest.above > rules.leaks.tolerance:
        told = f"claims {widest.metric} {widest.claim:.4f} but measures {widest.measured:.4f}"
        yield Leak(f"{told}: leaked or training-set score", rules.leaks.claims)


def _compared(candidate: Candidate) -> Iterator[Claimed]:
    """Give what was claimed with what is measured: the highest of any average, for no claim says by which."""
    for metric, claim in _claimed(candidate.recorded).items():
        found = max(_averages(candidate, metric).values(), default=None)
        if found is not None and math.isfinite(claim) and metric not in OF_ONE_ROW:
            # Scikit-learn's scorers give losses with a minus, and some record them so under the plain name.
            yield Claimed(metric, abs(claim) if metric in LOWER_IS_BETTER else claim, found)


def _claimed(recorded: Mapping[str, float]) -> dict[str, float]:
    """Return by metric what is claimed about new rows; scorers and profit have no other names than their own."""
    named = {name: value for name, value in recorded.items() if name.startswith(SCORER) or name == PROFIT}
    return claims_of(recorded) | named


def _averages(candidate: Candidate, metric: str) -> dict[str, float]:
    """Return what is measured of a metric under any average, by its key; of one that has none there is one at most."""
    keys = (metric_key(metric, average) for average in ("weighted", "macro", "binary"))
    return {key: value for key in keys if (value := candidate.known(key)) is not None}


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
    """Give the first number that is too good: by the primary metric, or by those that tell whatever ranks."""
    limit = rules.leaks.too_good_above
    above = ((n, v) for n, v in _flawless(candidate, rules) if limit is not None and v is not None and v > limit)
    for name, value in list(above)[:1]:
        told = f"measures {name} {value:.4f}, above {limit:g}: too good to be true; is the target in a column?"
        yield Leak(told, rules.leaks.too_good)


def _flawless(candidate: Candidate, rules: Rules) -> Iterator[tuple[str, float | None]]:
    if rules.claimed in AT_MOST_ONE:
        yield rules.primary, candidate.known(rules.primary)
    for metric in FLAWLESS:
        # The lowest of any average: where one class is rare, calling all rows the other one is nearly flawless by some.
        yield min(_averages(candidate, metric).items(), key=lambda found: found[1], default=(metric, None))
