"""The schema of the configuration: every key, its bounds, and what it is for.

Frozen, so that a flow's configuration cannot change while it runs; unknown keys are refused, so that a misspelt
guardrail is an error and not a guardrail that never fires.
"""

import re
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from configs.addresses import Place, TrackingUri
from configs.alerts import AlertsSection
from configs.monitoring import MonitoringSection
from configs.naming import FileName, FullName, ModelName, Name
from configs.policy import PolicySection
from configs.section import Section, no_boolean
from configs.training import TrainingSection

REGRESSION_TIES = ("champion", "r2", "smaller", "older")


class MlflowSection(Section):
    """Where MLflow is, and the names Podium uses in it."""

    tracking_uri: TrackingUri | None = Field(
        None,
        min_length=1,
        description="MLflow tracking URI. null: MLFLOW_TRACKING_URI, else embedded SQLite in PODIUM_HOME.",
    )
    experiment: Name = Field("churn_monitoring", description="Experiment that holds the candidates.")
    registered_model: ModelName = Field("churn", description="Registered model whose versions are candidates.")
    patience: float = Field(
        60,
        ge=0,
        le=3600,
        description="Seconds to wait for an MLflow server that answered before and does not now, or takes "
        "the question and is too busy to answer.",
    )
    mirror_stages: bool = Field(
        False, description="Also set the deprecated registry stages, for those who still read them."
    )


class StagingSection(Section):
    """Where the staged models are, and how to read what they say of themselves."""

    root: Place | None = Field(None, description="Folder that holds one folder per staged model.")
    timezone: str = Field(
        "UTC", min_length=1, max_length=64, description="IANA zone of times recorded without an offset."
    )
    preprocessors: tuple[FileName, ...] = Field(
        (),
        max_length=5,
        description="Files beside a model that prepare its rows, in order; with it they are stored as one pipeline.",
    )

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        # Listing all the zones there are reads hundreds of files.
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not an IANA time zone such as UTC or Europe/Berlin") from None
        return value


class HoldoutSection(Section):
    """The labelled rows on which every candidate is measured."""

    path: Place = Field(description="Parquet or CSV file of labelled rows that no model was trained on.")
    target: str = Field("churn", min_length=1, max_length=200, description="Column that holds the true label.")
    task: Literal["classification", "regression"] = Field(
        "classification", description="What is predicted: a label, or a number."
    )
    positive_class: int | str | None = Field(
        1, description="Label that counts as positive. null: more than two classes. Of no use for a regression."
    )
    id_columns: tuple[str, ...] = Field(
        (), max_length=50, description="Columns that identify a row and are not features."
    )
    slices: tuple[str, ...] = Field(
        (), max_length=20, description="Columns whose values are measured apart, such as gender or contract."
    )
    slice_rows: int = Field(30, ge=10, le=1_000_000, description="Rows that a slice must have to be measured.")

    @field_validator("positive_class", mode="before")
    @classmethod
    def _not_a_yaml_boolean(cls, value: object) -> object:
        return no_boolean(value)


class RetentionSection(Section):
    """What happens to versions that are no longer in production."""

    keep_previous: int = Field(
        3, ge=1, le=1000, description="Number of former production versions that stay in the registry."
    )
    delete_older: bool = Field(
        False, description="Delete older former production versions instead of only archiving them."
    )
    keep_days: int = Field(
        0, ge=0, le=36_500, description="Days since their promotion in which former production versions stay, too."
    )
    keep_tagged: str = Field(
        "podium.keep", min_length=1, max_length=200, description="Versions with this tag stay, whatever its value."
    )


class ExportSection(Section):
    """A folder for those who serve from one."""

    directory: Place | None = Field(
        None, description="Folder that holds the champion as `current`, a link that is switched at once. null: none."
    )


class VerificationSection(Section):
    """What the production model must do to pass."""

    latency_ms: float = Field(
        500, gt=0, le=600_000, description="Slowest acceptable 95th percentile of a one-row prediction, in ms."
    )
    single_rows: int = Field(20, ge=1, le=10_000, description="Rows predicted one at a time.")
    tolerance: float = Field(
        1e-6, ge=0, le=1, description="Largest acceptable difference to the recorded holdout metrics."
    )
    unknown_categories: Literal["refuse", "allow"] = Field(
        "refuse", description="What becomes of a model that raises on a text that is missing or that it does not know."
    )


class SandboxSection(Section):
    """Limits of the child process in which a staged model is loaded."""

    seconds: float = Field(120, gt=0, le=86_400, description="Wall and processor time per model, in seconds.")
    memory_mb: int = Field(
        8192, ge=4096, le=1_048_576, description="Address space per model, in MB; the libraries take about 2500 of it."
    )
    file_mb: int = Field(2048, ge=1, le=1_048_576, description="Largest file a model may write, in MB.")
    processes: int = Field(
        256, ge=64, le=65_536, description="Processes and threads a model may start. Not enforced for root."
    )
    models_per_process: int = Field(
        8,
        ge=1,
        le=100,
        description="Models that share a process, one after the other. 1: each has its own, which is slower.",
    )
    extra_globals: tuple[FullName, ...] = Field(
        (), max_length=500, description="Further names a pickle may use, each as module.name."
    )
    trust_logged: bool = Field(
        False, description="Load what anyone logged in MLflow without the gate, code that it brings along included."
    )


ADDRESS_OF_DASK = re.compile(r"(\w+://)?(\[[0-9a-fA-F:]+\]|[^\s/:]+):\d{1,5}")


class RunnerSection(Section):
    """How work is spread."""

    kind: Literal["threads", "processes", "dask"] = Field(
        "threads", description="What works: threads of one process, processes, or Dask (the extra podium[dask])."
    )
    workers: int = Field(4, ge=1, le=64, description="Models worked on at the same time.")
    address: str | None = Field(
        None, min_length=1, max_length=500, description="Scheduler of a Dask cluster. null: a local one of workers."
    )

    @model_validator(mode="after")
    def _only_dask_has_an_address(self) -> "RunnerSection":
        if self.address and self.kind != "dask":
            raise ValueError("address is for kind: dask")
        if self.address and not ADDRESS_OF_DASK.fullmatch(self.address):
            raise ValueError(f"address is {self.address!r}: tcp://HOST:PORT or tls://HOST:PORT is expected")
        return self


class PodiumConfig(Section):
    """The whole configuration. Only ``staging`` (to migrate) or ``holdout`` (to measure) need be set."""

    mlflow: MlflowSection = MlflowSection()
    staging: StagingSection = StagingSection()
    holdout: HoldoutSection | None = Field(None, description="Rows to measure on. null: no measuring.")
    training: TrainingSection | None = Field(None, description="What `podium train` learns from. null: nothing.")
    policy: PolicySection = PolicySection()
    retention: RetentionSection = RetentionSection()
    export: ExportSection = ExportSection()
    verification: VerificationSection = VerificationSection()
    sandbox: SandboxSection = SandboxSection()
    runner: RunnerSection = RunnerSection()
    alerts: AlertsSection = AlertsSection()
    monitoring: MonitoringSection = MonitoringSection()

    @model_validator(mode="before")
    @classmethod
    def _a_regression_has_defaults_of_its_own(cls, values: Any) -> Any:
        """Rank numbers by their error where nobody says by what; the usual defaults are of labels."""
        holdout = values.get("holdout") if isinstance(values, dict) else None
        if not isinstance(holdout, dict) or holdout.get("task") != "regression":
            return values
        policy = values.get("policy") or {}
        if not isinstance(policy, dict) or not isinstance(policy.get("primary") or {}, dict):
            return values
        primary = {"metric": "rmse", **(policy.get("primary") or {})}
        return {**values, "policy": {"ties": REGRESSION_TIES, **policy, "primary": primary}}

    @model_validator(mode="after")
    def _metrics_fit_the_task(self) -> "PodiumConfig":
        if self.holdout:
            self.policy.require_fit(self.holdout.task)
        return self

    @model_validator(mode="after")
    def _guarded_slices_are_measured(self) -> "PodiumConfig":
        rails, holdout = self.policy.guardrails, self.holdout
        if holdout is None:
            return self
        if not holdout.slices and (rails.slice_regression is not None or rails.fairness_gap):
            raise ValueError("policy.guardrails has slice_regression or fairness_gap: name columns in holdout.slices")
        if rails.fairness_gap.keys() - {"accuracy"} and holdout.positive_class is None:
            raise ValueError("policy.guardrails.fairness_gap: rates are of a class: set holdout.positive_class")
        return self

    @model_validator(mode="after")
    def _training_needs_a_holdout_of_classes(self) -> "PodiumConfig":
        if self.training and self.holdout is None:
            raise ValueError("training: target and id columns are those of the section holdout, which is not set")
        if self.training and self.holdout and self.holdout.task == "regression":
            raise ValueError(
                "training: podium train trains classifiers only, and holdout.task is regression: take it out"
            )
        return self

    @model_validator(mode="after")
    def _binary_needs_a_positive_class(self) -> "PodiumConfig":
        binary = self.policy.primary.average == "binary"
        if binary and self.holdout and self.holdout.positive_class is None:
            raise ValueError("policy.primary.average is binary: set holdout.positive_class, or average by macro")
        return self
