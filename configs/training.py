"""What Podium trains by itself, as a configuration states it."""

from typing import Literal

from pydantic import Field, field_validator

from configs.addresses import Place
from configs.policy import MetricName
from configs.section import Section

Kind = Literal["logistic_regression", "random_forest", "xgboost", "lightgbm"]
KINDS: tuple[Kind, ...] = ("logistic_regression", "random_forest", "xgboost", "lightgbm")


class SearchSection(Section):
    """How the parameters of a kind are looked for."""

    iterations: int = Field(10, ge=1, le=1000, description="Parameter sets that are tried of each kind.")


class TrainingSection(Section):
    """The labelled rows to learn from, and what is learned. Target and id columns are those of the holdout."""

    path: Place = Field(description="Parquet or CSV file of labelled rows to train on.")
    kinds: tuple[Kind, ...] = Field(KINDS, min_length=1, max_length=4, description="Kinds of model that are trained.")
    cv: int = Field(5, ge=2, le=50, description="Folds of the cross-validation.")
    search: SearchSection = SearchSection()
    seed: int = Field(42, ge=0, le=2**31 - 1, description="The same seed gives the same models.")
    metric: MetricName | None = Field(None, description="Metric that is searched by. null: that of the policy.")
    overlap: Literal["refuse", "drop", "warn"] = Field(
        "refuse", description="What is done about training rows that are in the holdout, too."
    )

    @field_validator("kinds")
    @classmethod
    def _each_once(cls, value: tuple[Kind, ...]) -> tuple[Kind, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a kind is named twice")
        return value
