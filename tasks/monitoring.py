"""Watches the champion: what it says of recent rows, how far these have moved, and what earlier looks found."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mlflow.entities import Metric, Run, RunStatus, RunTag
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import HoldoutSection, MlflowSection, PodiumConfig
from podium.drift import PREDICTIONS, Drift, drift_of
from podium.errors import NegativeAnswerError
from podium.measurement import Holdout, Predictions
from podium.monitoring import Limits, Look, Monitored, count_answers, monitoring_key, performance_of
from podium.names import label_key
from tasks.effects.batches import Rows, counted_columns, labels_in, thin
from tasks.effects.measuring import SAID, asked
from tasks.effects.prediction import load_predictions
from tasks.effects.production import Champion, champion_of
from tasks.effects.store import Store, connect, experiment_named, find
from tasks.effects.writing import log_numbers

KEY = "podium.monitoring"


@task(cache_policy=NO_CACHE)
def look_at(config: PodiumConfig, section: HoldoutSection, holdout: Holdout, path: Path) -> Monitored:
    """Return what is found of a batch: its columns compared with the holdout's, the champion asked about both.

    Raises:
        NegativeAnswerError: nothing is in production, or it cannot answer the batch.
        UsageError: the batch cannot be read.
    """
    champion = champion_of(config.mlflow)
    with tempfile.TemporaryDirectory(prefix="podium-") as folder:
        rows = thin(path, config.monitoring.most_rows, Path(folder))
        before = _said(champion, config, section, section.path, Path(folder, "before"))
        now = _said(champion, config, section, rows.path, Path(folder, "now"))
        drifts = _drifts(config, holdout, rows, before, now)
        known = labels_in(section, rows.path)
    truth, said = (None, now) if known is None else (known[0], now.only(known[1]))
    limits = Limits(config.monitoring.drop, config.monitoring.confidence, config.monitoring.minimum_rows)
    found = performance_of(holdout, before, truth, said, limits)
    key = monitoring_key(champion.version, holdout.digest, rows.batch, config.monitoring.model_dump(mode="json"))
    return Monitored(champion.version, champion.model_id, rows.batch, drifts, found, key)


def _said(champion: Champion, config: PodiumConfig, section: HoldoutSection, rows: Path, scratch: Path) -> Predictions:
    """Return what the champion says of the rows of a file, asked in the sandbox."""
    scratch.mkdir()
    there = config.model_copy(update={"holdout": section.model_copy(update={"path": rows})})
    answer = asked(champion.store, there, champion.files, scratch)
    if answer.value is None:
        who = f"{config.mlflow.registered_model} version {champion.version}"
        raise NegativeAnswerError(f"{who} cannot answer {rows.name}: {answer.reason}")
    return load_predictions(scratch / SAID)


def _drifts(config: PodiumConfig, holdout: Holdout, rows: Rows, *said: Predictions) -> tuple[Drift, ...]:
    """Return how far each column and the predictions have moved; a batch of too few rows shows nothing."""
    section = config.holdout
    if section is None or rows.batch.looked_at < config.monitoring.minimum_rows:
        return ()
    left_out = {section.target, *holdout.identifiers, *config.monitoring.ignore}
    counted = dict(counted_columns(section.path, rows.path, left_out))
    counted[PREDICTIONS] = count_answers(*said)
    return tuple(drift_of(name, one, config.monitoring.psi, len(counted)) for name, one in counted.items())


@task(cache_policy=NO_CACHE)
def note_monitoring(section: MlflowSection, found: Monitored) -> Monitored:
    """Write what was found to MLflow, once for the same batch, champion and limits, and return it with its run."""
    store = connect(section)
    experiment = experiment_named(store, _experiment(section))
    noted = store.client.search_runs([experiment], f"tags.`{KEY}` = '{found.key}'", max_results=1)
    run = noted[0] if noted else store.client.create_run(experiment, tags={KEY: found.key}, run_name=found.batch.name)
    named = replace(found, run_id=run.info.run_id)
    if run.info.status == RunStatus.to_string(RunStatus.RUNNING):
        _write(store, run, named)
    return named


def _experiment(section: MlflowSection) -> str:
    return f"{section.experiment}.monitoring"


def _write(store: Store, run: Run, found: Monitored) -> None:
    """Write numbers, tags and the whole document; over what somebody wrote who was killed meanwhile."""
    run_id, at, performance = run.info.run_id, int(run.info.start_time), found.performance
    store.client.log_dict(run_id, found.as_json(), "monitoring.json")
    log_numbers(store, run_id, [Metric(name, value, at, 0) for name, value in _numbers(found).items()])
    tags = {
        "podium.registered_model_version": found.version,
        "podium.batch": found.batch.name,
        "podium.metric": performance.metric,
        "podium.state": found.state,
    }
    store.client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags.items()])
    store.client.set_terminated(run_id)


def _numbers(found: Monitored) -> dict[str, float]:
    numbers = {f"psi.{label_key(drift.column)}": drift.psi for drift in found.drifts}
    if found.drifts:
        numbers["psi_max"] = max(numbers.values())
    if found.performance.value is not None:
        numbers[found.performance.metric] = found.performance.value
    return {**numbers, "rows": float(found.batch.rows)}


@task(cache_policy=NO_CACHE)
def past_looks(section: MlflowSection, most: int) -> tuple[Look, ...]:
    """Return the last looks at batches, newest first."""
    store = find(section)
    experiment = store.client.get_experiment_by_name(_experiment(section)) if store else None
    if store is None or experiment is None:
        return ()
    runs = store.client.search_runs(
        [experiment.experiment_id],
        f"tags.`{KEY}` != '' and attributes.status = 'FINISHED'",
        max_results=most,
        order_by=["attributes.start_time DESC"],
    )
    return tuple(_look(run) for run in runs)


def _look(run: Run) -> Look:
    tags, numbers = run.data.tags, run.data.metrics
    metric = tags.get("podium.metric", "")
    return Look(
        datetime.fromtimestamp(run.info.start_time / 1000, UTC).isoformat(timespec="seconds"),
        tags.get("podium.registered_model_version", ""),
        tags.get("podium.batch", ""),
        int(numbers.get("rows", 0)),
        numbers.get("psi_max"),
        metric,
        numbers.get(metric),
        tags.get("podium.state", ""),
        run.info.run_id,
    )
