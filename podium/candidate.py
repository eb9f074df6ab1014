"""A candidate as a selection sees it, and the rules that it is judged by."""

import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from podium.metrics import goodness

Evidence = Literal["holdout", "recorded"]
Response = Literal["warn", "refuse"]
EXACT = 9
"""Decimals within which two metric values are an exact tie: beyond the noise of summation order."""
INFINITE = sys.float_info.max
"""What MLflow stores in the place of infinity on databases that cannot hold it."""


@dataclass(frozen=True, slots=True)
class Rails:
    """The guardrails of a policy; what is empty or None is not asked for.

    ``slice_regression`` is in the unit of the primary metric, ``size_mb`` in 10^6 bytes; ``slices`` are the columns, as
    metrics name them, whose slices are to be measured.
    """

    minimum: Mapping[str, float] = field(default_factory=dict)
    maximum: Mapping[str, float] = field(default_factory=dict)
    slice_regression: float | None = None
    fairness_gap: Mapping[str, float] = field(default_factory=dict)
    size_mb: float | None = None
    required_tags: Mapping[str, str | None] = field(default_factory=dict)
    slices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeakRules:
    """What is done about signs that a model saw what it is measured on. No ``too_good_above``: nothing is too good."""

    tolerance: float = 0.05
    claims: Response = "warn"
    identifier: Response = "warn"
    too_good_above: float | None = None
    too_good: Response = "warn"
    training_rows: Response = "warn"
    training_rows_above: float = 0.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The part of the policy that ranking and choosing need.

    ``primary`` is the ranking metric with its average; ``claimed`` is the same without, as metadata names it;
    ``holdout_rows`` is how many rows there are to measure on.
    """

    primary: str = "f1_score"
    claimed: str = "f1_score"
    rails: Rails = Rails()
    leaks: LeakRules = LeakRules()
    ties: tuple[str, ...] = ("champion", "roc_auc", "smaller", "older")
    minimum_improvement: float = 0.0
    without_holdout: Literal["refuse", "promote"] = "refuse"
    holdout_rows: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of the experiment with what is known of it.

    ``size`` is in bytes, None if unknown; ``metrics`` are those of the evidence, ``recorded`` those it claims;
    ``held`` is why it is not promoted again though it is measured; ``identifiers`` are columns that tell rows apart
    and that it learned from; ``location`` is where its files are, as far as that is known; ``earlier`` are its numbers
    of other measurements by their digests, as long as it has none of the evidence; ``kept_in`` is the run that keeps
    what it said when it was measured: its own, unless it was logged outside any run.
    """

    model_id: str
    logged_model_id: str
    run_id: str | None
    version: str | None
    model_type: str
    trained_at: datetime
    size: int | None
    metrics: Mapping[str, float]
    recorded: Mapping[str, float] = field(default_factory=dict)
    unmeasured: str | None = None
    held: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()
    location: str | None = None
    earlier: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    kept_in: str | None = None

    @property
    def files(self) -> str:
        """The URI that its files are fetched by; without a location MLflow is asked for it once more."""
        return self.location or f"models:/{self.logged_model_id}"

    def without_measurement(self, reason: str) -> "Candidate":
        """Return the same candidate, marked as one that has no holdout metrics and why."""
        return replace(self, unmeasured=reason)

    def known(self, metric: str) -> float | None:
        """Return a metric of the evidence, None if there is none or it is no finite number."""
        value = self.metrics.get(metric)
        return value if value is not None and abs(value) < INFINITE else None

    def claim(self, rules: Rules) -> float:
        """Return what it claims of the primary metric, NaN without a claim."""
        return self.recorded.get(rules.claimed, math.nan)

    def worth(self, metric: str) -> float:
        """Return a metric so that more is better, rounded to what counts as a tie; minus infinity if it is unknown."""
        value = self.known(metric)
        return -math.inf if value is None else exact(goodness(metric, value))


def names_apart(ids: Sequence[tuple[str, str]]) -> list[str]:
    """Return a name for each of some models that no other of them has, given their model ids and logged models' ids."""
    count = Counter(model_id for model_id, _ in ids)
    return [one if count[one] == 1 else in_full(one, logged) for one, logged in ids]


def in_full(model_id: str, logged_model_id: str) -> str:
    """Return the name of a model that shares its id with others."""
    return f"{model_id} ({logged_model_id})"


def exact(value: float) -> float:
    """Return a value rounded to what counts as a tie; one beyond 1 has a unit, and is rounded to as many digits."""
    digits = math.ceil(math.log10(abs(value))) if abs(value) > 1 else 0
    return round(value, EXACT - digits)
