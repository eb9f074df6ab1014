"""The rules of selection, as a configuration states them."""

import re
from collections.abc import Iterator
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
"""Metrics that classifiers can be ranked by, beside scikit-learn's scorers."""
OF_NUMBERS = ("rmse", "mae", "r2", "median_absolute_error", "mape", "max_error")
"""Metrics that regressors can be ranked by, beside scikit-learn's scorers."""
SCORER = re.compile(r"sklearn\.[a-z0-9_]{1,100}")


def _one_of(*names: str) -> AfterValidator:
    """Return the check that a name is one of some, or ``sklearn.`` with a scorer's name, known when it is used."""

    def check(name: str) -> str:
        if name in names or SCORER.fullmatch(name):
            return name
        raise ValueError(f"not one of {', '.join(map(repr, names))}, nor sklearn. with the name of a scorer")

    return AfterValidator(check)


MetricName = Annotated[str, _one_of(*MEASURED, *OF_NUMBERS)]
GuardedMetric = Annotated[str, _one_of(*MEASURED, "calibration_error", *OF_NUMBERS)]
TieRule = Annotated[str, _one_of("champion", "simpler", "smaller", "faster", "older", *MEASURED, *OF_NUMBERS)]
FairnessMetric = Literal["selection_rate", "true_positive_rate", "false_positive_rate", "accuracy"]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Response = Literal["warn", "refuse"]
Label = int | str


class PrimarySection(Section):
    """The one number that ranks candidates."""

    metric: MetricName = Field(
        "f1_score", description="Metric that ranks the candidates. Not set where holdout.task is regression: rmse."
    )
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
    slice_regression: Finite | None = Field(
        None, ge=0, description="By how much a candidate may be worse than the champion on any slice. null: by any."
    )
    fairness_gap: dict[FairnessMetric, Share] = Field(
        default_factory=dict, description="Largest acceptable difference between the slices of a column, per metric."
    )
    latency_ms: float | None = Field(
        None, gt=0, le=600_000, description="Slowest 95th percentile of a one-row prediction, in ms, before promotion."
    )
    size_mb: Finite | None = Field(None, gt=0, description="Largest acceptable model file, in MB.")
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
        0.99, gt=0, lt=1, description="F1, ROC AUC, R² or primary metric above which a model is too good."
    )
    too_good: Response = Field("warn", description="It is too good.")
    training_rows: Response = Field("warn", description="It was trained on rows of the holdout, by its own record.")
    training_rows_above: Share = Field(
        0.0, description="Share of the holdout's rows above which it counts: rows may be alike by chance."
    )


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
    shortlist: int = Field(
        200,
        ge=10,
        le=10_000,
        description="How many of the best measured candidates are looked at; more where guardrails and ties need it.",
    )
    without_holdout: Literal["refuse", "promote"] = Field(
        "refuse",
        description="With no holdout there are only recorded metrics, which are claims: refuse or promote on them.",
    )
    claim_tolerance: float = Field(
        0.05,
        gt=0,
        le=1,
        description="A recorded metric better than the measured one by more than this is a leak alarm.",
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
        description="Rules that break an exact tie, in order; the model id decides what they leave equal. Not set "
        "where holdout.task is regression: champion, r2, smaller, older.",
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
        return tuple(name for _, name in self._named())

    def _named(self) -> Iterator[tuple[str, str]]:
        """Yield every metric with the key that names it."""
        yield "primary.metric", self.primary.metric
        rails = self.guardrails
        for key, names in (("guardrails.minimum", rails.minimum), ("guardrails.maximum", rails.maximum)):
            yield from ((key, name) for name in names)
        yield from (("ties", name) for name in self.ties)

    @model_validator(mode="after")
    def _profit_is_defined(self) -> "PolicySection":
        if "expected_profit" in self.metrics and self.profit is None:
            raise ValueError("expected_profit needs policy.profit: what a row earns by its true and predicted label")
        return self

    def require_fit(self, task: str) -> None:
        """Raise ValueError for a metric of labels where numbers are predicted, and the other way round."""
        of_labels = (*MEASURED, "calibration_error")
        strange, fitting = (of_labels, OF_NUMBERS) if task == "regression" else (OF_NUMBERS, MEASURED)
        wrong = next(((key, name) for key, name in self._named() if name in strange), None)
        if wrong:
            key, name = wrong
            raise ValueError(f"policy.{key}: {name} does not fit holdout.task: {task}; {', '.join(fitting)} do")
        if task == "regression" and (self.profit is not None or self.guardrails.fairness_gap):
            what = "profit" if self.profit is not None else "guardrails.fairness_gap"
            raise ValueError(f"policy.{what} is of labels, and holdout.task is regression")
        if self.primary.metric == "max_error" and self.evidence.confidence is not None:
            raise ValueError(
                "policy.primary.metric: max_error hangs on a single row, so that no holdout can show who is better by "
                "it; set policy.evidence.confidence: null, or guard it by policy.guardrails.maximum"
            )

    @model_validator(mode="after")
    def _ties_are_distinct(self) -> "PolicySection":
        if len(set(self.ties)) != len(self.ties):
            raise ValueError("a tie rule is named twice")
        return self
