"""Trains the configured kinds of model on the configured rows, logs them as candidates, and tells of each."""

import time
from collections.abc import Sequence

from configs.loading import load_config
from configs.schema import PodiumConfig
from configs.training import KINDS
from flows.alerting import telling
from flows.shared import fan_out
from podium.errors import UnfinishedError
from podium.events import Told, trained
from podium.plan import parts_of
from podium.progress import Counter, announce
from podium.training import Job, Trained, TrainingReport, TrainingSet, kinds_to_train
from tasks.effects.events import project_of, tell
from tasks.effects.locks import one_training
from tasks.registry import settle_interrupted
from tasks.training import plan_jobs, read_training_set, sections_of, train_kinds, trained_before


@telling("train")
def train(
    config_path: str | None = None, kinds: list[str] | None = None, dry_run: bool = False, again: bool = False
) -> TrainingReport:
    """Train one model of each kind, with its parameters searched by cross-validation.

    What the same rows, settings and code have given before is not trained again.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        kinds: Kinds of model to train; not set: training.kinds.
        dry_run: Only say what would be done, and write nothing.
        again: Train what is there already once more, as a further candidate.

    Raises:
        ConfigError: the rows cannot be learned from, or are those of the holdout.
        UnfinishedError: a kind gave no model; its answer is the report.
    """
    started = time.perf_counter()
    config = load_config(config_path)
    section, _ = sections_of(config)
    wanted = kinds_to_train(section.kinds, kinds, KINDS)
    data = read_training_set(config)
    jobs = plan_jobs(config, data, wanted)
    if dry_run:
        found = tuple(_planned(job, _known(config, jobs, again)) for job in jobs)
        return TrainingReport(data, jobs[0].metric, found, time.perf_counter() - started, dry_run=True)
    with one_training(config.mlflow):
        settle_interrupted(config.mlflow)
        candidates = _trained(config, data, jobs, _known(config, jobs, again))
    report = TrainingReport(data, jobs[0].metric, candidates, time.perf_counter() - started)
    if report.failed:
        raise UnfinishedError(f"{report.failed[0].kind} gave no model: {report.failed[0].reason}", report)
    return report


def _known(config: PodiumConfig, jobs: Sequence[Job], again: bool) -> dict[str, Trained]:
    return {} if again else trained_before(config.mlflow, jobs)


def _planned(job: Job, known: dict[str, Trained]) -> Trained:
    return known.get(job.key) or Trained(job.kind, "planned")


def _trained(
    config: PodiumConfig, data: TrainingSet, jobs: Sequence[Job], known: dict[str, Trained]
) -> tuple[Trained, ...]:
    """Return what came of every job, in their order; what no selection has seen yet is told."""
    new = [job for job in jobs if job.key not in known]
    if not new:
        announce("nothing new to train on: the same rows, settings and code were trained before")
    count = Counter("training models", len(new))
    parts = parts_of(new, 1)
    made = {t.kind: t for t in fan_out(config, train_kinds, parts, data=data, count=count)} if new else {}
    found = [made.get(job.kind) or known[job.key] for job in jobs]
    for candidate in found:
        if candidate.logged_model_id and not candidate.seen:
            told = Told(candidate.model_id or "", candidate.run_id, candidate.logged_model_id)
            tell(trained(project_of(config.mlflow), told))
    return tuple(found)
