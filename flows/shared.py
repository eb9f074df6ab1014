"""What several flows need beside their tasks: work spread over the configured runner, the policy as rules, the time."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from prefect import Task
from prefect.context import FlowRunContext
from prefect.utilities.annotations import quote

from configs.policy import EvidenceSection, GuardrailsSection, PolicySection
from configs.schema import HoldoutSection, PodiumConfig
from flows.runners import result_of, runner_of
from podium.candidate import Evidence, LeakRules, Rails, Rules
from podium.measurement import Holdout
from podium.metrics import metric_key
from podium.names import label_key
from podium.shown import Asked


def fan_out(config: PodiumConfig, work: Task[..., Any], parts: Iterable[Any], **common: Any) -> list[Any]:
    """Run a task on every part of some work, on as many workers as configured, and return all items of all results.

    A task takes its part as the parameter ``part`` and returns a sequence.
    """
    with runner_of(config.runner) as runner:
        given = {"config": config, **common}
        futures = [runner.submit(work, _unsearched(config, {**given, "part": part})) for part in parts]
        return [item for future in futures for item in result_of(future, runner, config.runner)]


def _unsearched(config: PodiumConfig, given: dict[str, Any]) -> dict[str, Any]:
    """Return what a task is given so that Prefect does not look through all of it for futures.

    That is more work than passing it on. Dask takes a quoted value for one of its own.
    """
    return given if config.runner.kind == "dask" else {name: quote(value) for name, value in given.items()}


def started_by_hand() -> bool:
    """Whether no schedule of a deployment made this run."""
    context = FlowRunContext.get()
    return context is None or context.flow_run is None or not context.flow_run.auto_scheduled


def question_of(evidence: EvidenceSection) -> Asked:
    """Return what the policy asks of a comparison with the champion. With no confidence it asks for none."""
    return Asked(evidence.confidence or 0.0, evidence.minimum_improvement, evidence.resamples)


def rules_of(config: PodiumConfig, basis: Evidence, holdout: Holdout | None = None) -> Rules:
    """Return the policy of a configuration as the rules that rank and choose.

    On the holdout a metric is named with its average. What a claim was averaged by is not known.
    """
    policy = config.policy
    average = policy.primary.average if basis == "holdout" else "weighted"
    return Rules(
        primary=metric_key(policy.primary.metric, average),
        claimed=policy.primary.metric,
        rails=_rails_of(policy.guardrails, average, config.holdout),
        leaks=_leaks_of(policy),
        ties=tuple(metric_key(rule, average) for rule in policy.ties),
        minimum_improvement=policy.evidence.minimum_improvement,
        without_holdout=policy.evidence.without_holdout,
        holdout_rows=len(holdout.truth) if holdout else 0,
    )


def _rails_of(section: GuardrailsSection, average: str, holdout: HoldoutSection | None) -> Rails:
    return Rails(
        minimum={metric_key(name, average): floor for name, floor in section.minimum.items()},
        maximum={metric_key(name, average): top for name, top in section.maximum.items()},
        slice_regression=section.slice_regression,
        fairness_gap={str(name): gap for name, gap in section.fairness_gap.items()},
        size_mb=section.size_mb,
        required_tags=section.required_tags,
        slices=tuple(label_key(column) for column in holdout.slices) if holdout else (),
    )


def _leaks_of(policy: PolicySection) -> LeakRules:
    said = policy.leaks
    return LeakRules(
        policy.evidence.claim_tolerance,
        said.claims,
        said.identifier,
        said.too_good_above,
        said.too_good,
        said.training_rows,
        said.training_rows_above,
    )


def now() -> str:
    """Return the time of a decision."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
