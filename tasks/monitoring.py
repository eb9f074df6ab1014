"""Watches the champion: what it says of recent rows, how far these have moved, and what earlier looks found."""

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mlflow.entities import Metric, Run, RunStatus, RunTag
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.monitoring import MonitoringSection
from configs.schema import HoldoutSection, MlflowSection, PodiumConfig
from podium.drift import PREDICTIONS, Drift, drift_of
from podium.measurement import Holdout, Predictions
from podium.monitored import Look, Monitored
from podium.monitoring import Limits, count_answers, monitoring_key, performance_of
from podium.names import label_key
from tasks.effects.batches import Rows, as_parquet, counted_columns, labels_in, named_batch, take
from tasks.effects.measuring import SAID, asked
from tasks.effects.prediction import load_predictions
from tasks.effects.production import Champion, champion_of
from tasks.effects.sandbox import Answer
from tasks.effects.scratch import scratch_folder
from tasks.effects.store import Store, connect, experiment_id, find
from tasks.effects.writing import log_numbers

KEY = "podium.monitoring"


@task(cache_policy=NO_CACHE)
def find_batch(section: MonitoringSection, given: str | None) -> Path:
    """Return the file of a batch: the one given, else the one configured, of a folder the newest."""
    return named_batch(section, given)


@task(cache_policy=NO_CACHE)
def look_at(config: PodiumConfig, holdout: Holdout, path: Path) -> Monitored:
    """Return what is found of a batch: its columns compared with the holdout's, the champion asked about both.

    Raises:
        NegativeAnswerError: nothing is in production, or it cannot answer the batch.
        UsageError: the batch cannot be read.
    """
    champion, limits = champion_of(config.mlflow), config.monitoring
    with scratch_folder() as folder:
        looking = _Looking(champion, config, holdout, folder)
        rows = take(path, limits.most_rows, folder)
        before, now = looking.said("the holdout"), looking.said(rows.batch.name, rows)
        drifts = looking.drifts(rows, before, now)
        truth, known = looking.labels(rows)
    allowed = Limits(limits.drop, limits.confidence, limits.minimum_rows)
    found = performance_of(holdout, before, truth, now if known is None else now.only(known), allowed)
    named = (config.mlflow.experiment, config.mlflow.registered_model, champion.version)
    key = monitoring_key(named, holdout, rows.batch, limits.model_dump(mode="json"))
    return Monitored(champion.version, champion.model_id, rows.batch, drifts, found, key)


@dataclass(frozen=True, slots=True)
class _Looking:
    """What the parts of a look have in common. ``scratch`` is a folder of its own."""

    champion: Champion
    config: PodiumConfig
    holdout: Holdout
    scratch: Path

    @property
    def section(self) -> HoldoutSection:
        """Where the holdout is, and which of its columns is the target."""
        assert self.config.holdout is not None
        return self.config.holdout

    def said(self, what: str, rows: Rows | None = None) -> Predictions:
        """Return what the champion says of the holdout or of other rows, asked in the sandbox: of each one answer."""
        folder = self.scratch / ("now" if rows else "before")
        folder.mkdir()
        section = self.section.model_copy(update={"path": rows.path}) if rows else self.section
        config = self.config.model_copy(update={"holdout": section})
        self.champion.require(asked(self.champion.store, config, self.champion.files, folder), what)
        said, count = load_predictions(folder / SAID), rows.batch.looked_at if rows else len(self.holdout.truth)
        if said.count != count:
            self.champion.require(Answer(None, "", f"it gave {said.count} answers to {count} rows"), what)
        return said

    def drifts(self, rows: Rows, *said: Predictions) -> tuple[Drift, ...]:
        """Return how far each column and the predictions have moved; a batch of too few rows shows nothing."""
        limits = self.config.monitoring
        if rows.batch.looked_at < limits.minimum_rows:
            return ()
        left_out = {self.section.target, *self.holdout.identifiers, *limits.ignore}
        counted = dict(counted_columns(self._holdout(), rows.path, left_out))
        counted[PREDICTIONS] = count_answers(*said)
        return tuple(drift_of(name, one, limits.psi, len(counted)) for name, one in counted.items())

    def _holdout(self) -> Path:
        """Return the holdout's rows as Parquet."""
        path = self.section.path
        if path.suffix != ".csv":
            return path
        return as_parquet(Path(shutil.copy(path, self.scratch / "holdout.csv")))

    def labels(self, rows: Rows) -> tuple[npt.NDArray[Any] | None, npt.NDArray[np.bool_] | None]:
        """Return the truth (m,) of labelled rows and which (n,) these are; nothing where the batch has no labels."""
        return labels_in(self.section, rows.path) or (None, None)


@task(cache_policy=NO_CACHE)
def note_monitoring(section: MlflowSection, found: Monitored) -> Monitored:
    """Write what was found to MLflow, once for the same batch, champion and limits, and return it with its run."""
    store = connect(section)
    experiment = experiment_id(store.client, _experiment(section), store.uri)
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
