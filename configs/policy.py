"""The rules of selection, as a configuration states them."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from configs.section import Section, no_boolean

MEASURED = (
    "f1_score",
    "accuracy",
    "precision",
    "recall",
    "roc_auc",
    "average_precision",
    "balanced_accuracy",
    "matthews_corrcoef",
    "log_loss",
    "brier_score",
    "expected_profit",
)
"""Metrics that candidates can be ranked by, beside scikit-learn's scorers."""
SCORER = re.compile(r"sklearn\.[a-z0-9_]{1,100}")


def _one_of(*names: str) -> AfterValidator:
    """Return the check that a name is one of some, or ``sklearn.`` with a scorer's name, known when it is used."""

    def check(name: str) -> str:
        if name in names or SCORER.fullmatch(name):
            return name
        raise ValueError(f"not one of {', '.join(map(repr, names))}, nor sklearn. with the name of a scorer")

    return AfterValidator(check)


MetricName = Annotated[str, _one_of(*MEASURED)]
GuardedMetric = Annotated[str, _one_of(*MEASURED, "calibration_error")]
TieRule = Annotated[str, _one_of("champion", "simpler", "smaller", "faster", "older", *MEASURED)]
FairnessMetric = Literal["selection_rate", "true_positive_rate", "false_positive_rate", "accuracy"]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Response = Literal["warn", "refuse"]
Label = int | str


class PrimarySection(Section):
    """The one number that ranks candidates."""

    metric: MetricName = Field("f1_score", description="Metric that ranks the candidates.")
    average: Literal["weighted", "macro", "binary"] = Field(
        "weighted", description="How F1, precision and recall are averaged over the classes."
    )


class GuardrailsSection(Section):
    """Conditions that a candidate must meet whatever its rank. What is set and cannot be measured is not met."""

    minimum: dict[GuardedMetric, Finite] = Field(
        default_factory=dict, description="Lowest acceptable holdout value per metric."
    )
    maximum: dict[GuardedMetric, Finite] = Field(
        default_factory=dict, description="Highest acceptable holdout value per metric, such as calibration_error."
    )
    slice_regression: float | None = Field(
        None, ge=0, description="By how much a candidate may be worse than the champion on any slice. null: by any."
    )
    fairness_gap: dict[FairnessMetric, Share] = Field(
        default_factory=dict, description="Largest acceptable difference between the slices of a column, per metric."
    )
    latency_ms: float | None = Field(
        None, gt=0, le=600_000, description="Slowest 95th percentile of a one-row prediction, in ms, before promotion."
    )
    size_mb: float | None = Field(None, gt=0, description="Largest acceptable model file, in MB.")
    signature: bool = Field(
        False, description="Whether a candidate must take the columns and give the types and classes of the champion."
    )
    required_tags: dict[str, str | None] = Field(
        default_factory=dict,
        max_length=50,
        description="Tags that a candidate's version or logged model must have; null takes any value.",
    )


class LeaksSection(Section):
    """What is done about a candidate that may have seen what it is measured on."""

    claims: Response = Field("warn", description="It claims far more than it measures.")
    identifier: Response = Field("warn", description="It learned from a column that tells the rows apart.")
    too_good_above: float | None = Field(
        0.99, gt=0, lt=1, description="Primary metric, of those from 0 to 1, above which a model is too good."
    )
    too_good: Response = Field("warn", description="It is too good.")


class EvidenceSection(Section):
    """How much evidence a promotion needs."""

    minimum_improvement: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="How far above the champion the primary metric must be; with a confidence, its lower bound.",
    )
    confidence: float | None = Field(
        0.95,
        gt=0.5,
        lt=1,
        description="How sure the holdout must make it that a challenger is better. null: its number decides.",
    )
    resamples: int = Field(
        2000, ge=200, le=100_000, description="Resamples of the holdout that the comparison with the champion draws."
    )
    without_holdout: Literal["refuse", "promote"] = Field(
        "refuse",
        description="With no holdout there are only recorded metrics, which are claims: refuse or promote on them.",
    )
    claim_tolerance: float = Field(
        0.05, gt=0, le=1, description="Recorded minus measured above this is reported as a leak alarm."
    )

    @model_validator(mode="after")
    def _resamples_reach_the_confidence(self) -> "EvidenceSection":
        if self.confidence is not None and (self.resamples + 1) * (1 - self.confidence) < 5:
            raise ValueError(
                f"{self.resamples} resamples are too few for confidence {self.confidence:g}: raise resamples"
            )
        return self


class PolicySection(Section):
    """The rules of selection."""

    primary: PrimarySection = PrimarySection()
    guardrails: GuardrailsSection = GuardrailsSection()
    evidence: EvidenceSection = EvidenceSection()
    leaks: LeaksSection = LeaksSection()
    profit: dict[Label, dict[Label, Finite]] | None = Field(
        None, description="What a row earns, by its true label and then by the label it is called; 0 if not given."
    )
    approval: Literal["none", "required"] = Field(
        "none", description="required: a winner waits until `podium approve` or `podium reject` settles it."
    )
    ties: tuple[TieRule, ...] = Field(
        ("champion", "roc_auc", "smaller", "older"),
        max_length=20,
        description="Rules that break an exact tie, in order; the model id decides what they leave equal.",
    )

    @field_validator("profit", mode="before")
    @classmethod
    def _no_yaml_booleans(cls, value: Any) -> Any:
        for rows in [value, *value.values()] if isinstance(value, dict) else []:
            for label in rows if isinstance(rows, dict) else []:
                no_boolean(label)
        return value

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that is ranked or guarded by."""
        return (self.primary.metric, *self.guardrails.minimum, *self.guardrails.maximum, *self.ties)

    @model_validator(mode="after")
    def _profit_is_defined(self) -> "PolicySection":
        if "expected_profit" in self.metrics and self.profit is None:
            raise ValueError("expected_profit needs policy.profit: what a row earns by its true and predicted label")
        return self

    @model_validator(mode="after")
    def _ties_are_distinct(self) -> "PolicySection":
        if len(set(self.ties)) != len(self.ties):
            raise ValueError("a tie rule is named twice")
        return self
