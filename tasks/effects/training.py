"""Trains one kind of model and logs it as a plain MLflow model, without pickle."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow.data
import numpy as np
import pandas as pd
from lightgbm.basic import LightGBMError
from mlflow.entities import (
    DatasetInput,
    InputTag,
    LoggedModel,
    LoggedModelStatus,
    Metric,
    Param,
)
from mlflow.exceptions import MlflowException
from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold

from configs.policy import MEASURED
from configs.schema import PodiumConfig
from podium.errors import first_line
from podium.labels import canonical, canonical_labels
from podium.measurement import Holdout, Wanted
from podium.measures import measure
from podium.metrics import SCORER, goodness
from podium.names import key as metric_name
from podium.training import Job, Trained, TrainingSet, name_of
from tasks.effects.learning_rows import learned_from
from tasks.effects.locating import forget
from tasks.effects.mlmodel import mlmodel
from tasks.effects.prediction import NotUsableError, asked
from tasks.effects.processes import this_writer
from tasks.effects.recipes import MODEL, SPACES, estimator, of_any_labels, pipeline
from tasks.effects.scratch import scratch_folder
from tasks.effects.store import Store
from tasks.effects.storing import Storing
from tasks.effects.writing import log_numbers, log_output

TRAINING_KEY = "podium.training.key"
OBJECTIVE = "objective"
"""What is searched for: the configured metric, so that more of it is better."""
TOLD = (*(name for name in MEASURED if name != "expected_profit"), "f1_score_macro", "f1_score_binary")
"""What is logged of the folds beside the metric that was searched by; what a mistake costs is asked of a selection."""
PACKAGES = {"xgboost": "xgboost", "lightgbm": "lightgbm"}
NAME = "model"


@dataclass(frozen=True, slots=True)
class Found:
    """The best model of a search, with the means over its folds."""

    model: Any
    means: Mapping[str, float]
    deviation: float
    parameters: Mapping[str, Any]
    seconds: float


def train_one(store: Store, config: PodiumConfig, job: Job, data: TrainingSet) -> Trained:
    """Search, fit and log one model; return what came of it."""
    assert config.training is not None
    assert config.holdout is not None
    rows, target = learned_from(config.training, config.holdout.target, data)
    try:
        found = _searched(config, job, data, rows, target)
        return _logged(store, config, job, data, found, rows, target)
    except (ValueError, ArithmeticError, MemoryError, LightGBMError, NotUsableError) as error:
        return Trained(job.kind, "failed", reason=first_line(error))


def _searched(config: PodiumConfig, job: Job, data: TrainingSet, rows: pd.DataFrame, target: Any) -> Found:
    """Return the best of the parameter sets that were tried, trained on all rows.

    The folds are stratified. Every random choice follows from the seed, and none depends on how many work at once.
    """
    started = time.perf_counter()
    wrapped, prefix = _model_of(job, target)
    model = pipeline(wrapped, data.numbers, data.texts, data.flags)
    search = RandomizedSearchCV(
        model,
        {f"{prefix}__{name}": values for name, values in SPACES[job.kind].items()},
        n_iter=job.iterations,
        scoring=_Scores(config, job.metric),
        cv=StratifiedKFold(job.folds, shuffle=True, random_state=job.seed),
        random_state=job.seed,
        refit=OBJECTIVE,
        error_score="raise",
    ).fit(rows, target)
    best, table = search.best_index_, search.cv_results_
    means = {n.removeprefix("mean_test_"): float(v[best]) for n, v in table.items() if n.startswith("mean_test_")}
    if not np.isfinite(means[OBJECTIVE]):
        raise ValueError(f"{job.metric} cannot be measured of it")
    chosen = {n.removeprefix(f"{prefix}__"): v for n, v in search.best_params_.items()}
    deviation = float(table[f"std_test_{OBJECTIVE}"][best])
    return Found(search.best_estimator_, means, deviation, chosen, time.perf_counter() - started)


def _model_of(job: Job, target: Any) -> tuple[Any, str]:
    """Return the untrained last step and the prefix of its parameters; XGBoost learns only labels that count from 0."""
    model = estimator(job.kind, job.seed)
    counted = pd.api.types.is_integer_dtype(target) and sorted(target.unique()) == list(range(target.nunique()))
    if job.kind == "xgboost" and not counted:
        return of_any_labels(model), f"{MODEL}__only"
    return model, MODEL


class _Scores:
    """Measures a fold as Podium measures the holdout."""

    def __init__(self, config: PodiumConfig, metric: str) -> None:
        assert config.holdout is not None
        positive = config.holdout.positive_class
        self._positive = None if positive is None else canonical(positive)
        self._metric = metric
        profit = config.policy.profit
        told = {canonical(t): {canonical(s): v for s, v in row.items()} for t, row in (profit or {}).items()}
        self._wanted = Wanted(metric, told or None, (metric,) if metric.startswith(SCORER) else ())

    def __call__(self, model: Any, rows: pd.DataFrame, target: Any) -> dict[str, float]:
        """Return the metrics of a fold; what cannot be measured is NaN."""
        fold = Holdout("fold", "", canonical_labels(target.tolist()), self._positive, self._wanted)
        found = measure(fold, asked(model, rows)[0]).metrics
        own = found.get(self._metric, np.nan)
        told = {name: found.get(name, np.nan) for name in (*TOLD, self._metric)}
        return {**told, OBJECTIVE: goodness(self._metric, own)}


def _logged(
    store: Store, config: PodiumConfig, job: Job, data: TrainingSet, found: Found, rows: pd.DataFrame, target: Any
) -> Trained:
    """Log a model so that it is a candidate only with the last write, which ends its run."""
    client, at = store.client, datetime.now(UTC)
    with scratch_folder() as folder:
        out = folder / NAME
        packages = frozenset({"sklearn", *filter(None, [PACKAGES.get(job.kind)])})
        Storing("sklearn", packages, frozenset(), {}).save(found.model, rows, found.model.predict(rows.head(100)), out)
        model_id = name_of(job.kind, at, _taken(store, job.kind))
        tags = {"mlflow.source.name": "podium train", "mlflow.source.type": "JOB", "podium.writer": str(this_writer())}
        began = int((at.timestamp() - found.seconds) * 1000)
        run_id = client.create_run(store.experiment_id, began, tags | {TRAINING_KEY: job.key}, model_id).info.run_id
        params = {**{n: str(v) for n, v in found.parameters.items()}, **_settings(job)}
        named = _tags(job, data, model_id, at, out)
        logged = client.create_logged_model(store.experiment_id, model_id, run_id, named, params, job.kind)
        with mlmodel(out) as stored:
            stored |= {"run_id": run_id, "model_id": logged.model_id, "model_size_bytes": int(named["podium.bytes"])}
        client.log_model_artifacts(logged.model_id, str(out))
    _describe(store, config, data, found, logged, run_id, params, rows.assign(**{config.holdout.target: target}))  # type: ignore[union-attr]
    forget(run_id, logged.model_id)
    client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    client.set_terminated(run_id)
    score = found.means.get(job.metric)
    return Trained(
        job.kind,
        "trained",
        model_id,
        run_id,
        logged.model_id,
        score,
        found.deviation,
        dict(found.parameters),
        found.seconds,
        seen=False,
    )


def _taken(store: Store, kind: str) -> list[str]:
    """Return the ids of models of a kind that are there."""
    found = store.client.search_logged_models([store.experiment_id], f"tags.`podium.model_type` = '{kind}'")
    return [model.tags.get("podium.model_id", "") for model in found]


def _settings(job: Job) -> dict[str, str]:
    return {
        "search.folds": str(job.folds),
        "search.iterations": str(job.iterations),
        "search.seed": str(job.seed),
        "search.metric": job.metric,
    }


def _tags(job: Job, data: TrainingSet, model_id: str, at: datetime, out: Path) -> dict[str, str]:
    return {
        TRAINING_KEY: job.key,
        "podium.training.digest": data.digest,
        "podium.model_id": model_id,
        "podium.model_type": job.kind,
        "podium.trained_at": at.isoformat(timespec="milliseconds"),
        "podium.bytes": str(sum(file.stat().st_size for file in out.rglob("*") if file.is_file())),
    }


def _describe(
    store: Store,
    config: PodiumConfig,
    data: TrainingSet,
    found: Found,
    logged: LoggedModel,
    run_id: str,
    params: Mapping[str, str],
    learned: pd.DataFrame,
) -> None:
    """Log the numbers of the folds, the parameters, and the rows that were learned from."""
    assert config.training is not None
    assert config.holdout is not None
    now = int(time.time() * 1000)
    told = {f"cv_{n}": v for n, v in found.means.items() if n != OBJECTIVE and np.isfinite(v)}
    metrics = [Metric(metric_name(n), v, now, 0, model_id=logged.model_id) for n, v in sorted(told.items())]
    of_search = {"search_score": found.means[params["search.metric"]], "search_deviation": found.deviation}
    metrics += [Metric(n, v, now, 0) for n, v in of_search.items()]
    log_numbers(store, run_id, metrics, [Param(*item) for item in params.items()])
    rows = mlflow.data.from_pandas(
        learned, source=str(config.training.path), targets=config.holdout.target, name=data.name, digest=data.digest
    )
    _log_rows(store, run_id, [DatasetInput(rows._to_mlflow_entity(), [InputTag("mlflow.data.context", "training")])])
    log_output(store, run_id, logged.model_id)


def _log_rows(store: Store, run_id: str, rows: list[DatasetInput], tries: int = 3) -> None:
    """Log the rows of a run. Of two that log the same rows at once MLflow refuses one, which it takes the next time."""
    try:
        store.client.log_inputs(run_id, rows)
    except MlflowException:
        if tries == 1:
            raise
        _log_rows(store, run_id, rows, tries - 1)
