"""Trains models: searches the parameters of each kind by cross-validation, and logs the best as plain MLflow models."""

from collections.abc import Sequence
from typing import Any

from mlflow.entities import LoggedModelStatus
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import HoldoutSection, MlflowSection, PodiumConfig
from configs.training import TrainingSection
from podium import __version__
from podium.errors import ConfigError
from podium.metrics import metric_key
from podium.progress import Counter
from podium.training import Job, Trained, TrainingSet, key_of, require_apart
from tasks.effects.installed import installed
from tasks.effects.learning_rows import describe, same_file
from tasks.effects.store import Store, connect, find
from tasks.effects.training import TRAINING_KEY, train_one

LIBRARIES = ("scikit-learn", "xgboost", "lightgbm", "numpy", "pandas")


@task(cache_policy=NO_CACHE)
def read_training_set(config: PodiumConfig) -> TrainingSet:
    """Return what is known of the configured rows to learn from.

    Raises:
        ConfigError: there are none, they cannot be learned from, or they are those of the holdout.
    """
    section, holdout = sections_of(config)
    same = same_file(section, holdout)
    data = describe(section, holdout)
    require_apart(data, section.overlap, same, str(section.path))
    return data


def sections_of(config: PodiumConfig) -> tuple[TrainingSection, HoldoutSection]:
    """Return what a training is configured by.

    Raises:
        ConfigError: the section is not there.
    """
    if config.training is None or config.holdout is None:
        raise ConfigError("training: not set; name labelled rows to learn from in training.path")
    return config.training, config.holdout


@task(cache_policy=NO_CACHE)
def plan_jobs(config: PodiumConfig, data: TrainingSet, kinds: Sequence[str]) -> tuple[Job, ...]:
    """Return one job a kind, each with the key of all that its model follows from."""
    section, holdout = sections_of(config)
    primary = config.policy.primary
    told = {
        "folds": section.cv,
        "iterations": section.search.iterations,
        "seed": section.seed,
        "metric": metric_key(section.metric or primary.metric, primary.average),
    }
    code = {"podium": __version__} | {name: installed(name) for name in LIBRARIES}
    beside = {"target": holdout.target, "positive_class": holdout.positive_class, "profit": _profit(config)}
    return tuple(
        Job(kind, key_of({**told, **beside, "kind": kind}, data, code), **told)  # type: ignore[arg-type]
        for kind in kinds
    )


def _profit(config: PodiumConfig) -> dict[str, Any] | None:
    found: dict[str, Any] | None = config.policy.model_dump(mode="json")["profit"]
    return found


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def trained_before(section: MlflowSection, jobs: Sequence[Job]) -> dict[str, Trained]:
    """Return by key what is in MLflow already of some jobs, whoever trained it."""
    store = find(section)
    found = {job.key: _there(store, job) for job in jobs} if store else {}
    return {key: trained for key, trained in found.items() if trained}


def _there(store: Store, job: Job) -> Trained | None:
    wanted = f"tags.`{TRAINING_KEY}` = '{job.key}'"
    for model in store.client.search_logged_models([store.experiment_id], wanted):
        run = store.client.get_run(model.source_run_id)
        if model.status != LoggedModelStatus.READY or run.info.status != "FINISHED":
            continue
        if run.info.lifecycle_stage == "active":
            seen = store.client.search_model_versions(f"run_id = '{run.info.run_id}'", max_results=1)
            return Trained(
                job.kind,
                "there",
                model.tags["podium.model_id"],
                run.info.run_id,
                model.model_id,
                run.data.metrics.get("search_score"),
                run.data.metrics.get("search_deviation"),
                model.params or {},
                reason="the same rows, settings and code gave it; --again trains another",
                seen=bool(seen),
            )
    return None


@task(cache_policy=NO_CACHE)
def train_kinds(config: PodiumConfig, part: Sequence[Job], data: TrainingSet, count: Counter) -> list[Trained]:
    """Train and log some jobs, and return what came of each; what a library refuses is a failure of that job alone."""
    store = connect(config.mlflow)
    done = []
    for job in part:
        done.append(train_one(store, config, job, data))
        count.step(job.kind)
    return done
