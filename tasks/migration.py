"""Migrates staged models: converts each in the sandbox, then writes it to MLflow in an order that survives a kill.

A model becomes a candidate only with its last writes; what a kill leaves before that is found by its ``podium.state``
tag and settled by the next migration.
"""

import json
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus, Metric, Param
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import PodiumConfig
from podium.measurement import Holdout, Measurement, measure
from podium.plan import Outcome
from podium.progress import Counter
from podium.staged import StagedModel
from tasks.effects.prediction import load_predictions
from tasks.effects.processes import this_writer
from tasks.effects.sandbox import sandbox
from tasks.effects.store import RETIRED, Store, connect, register_version
from tasks.effects.writing import holdout_metrics, write_measurement

UNSAFE_KEY = re.compile(r"[^A-Za-z0-9_\-. :/]")
REFUSED = {
    "RefusedGlobalError": "unsafe-pickle",
    "NotUsableError": "not-usable",
    "timeout": "timeout",
    "killed": "killed",
}
NAME = "model"


@task(cache_policy=NO_CACHE)
def migrate_chunk(
    config: PodiumConfig, part: tuple[StagedModel, ...], holdout: Holdout | None, count: Counter
) -> tuple[Outcome, ...]:
    """Migrate some models one after the other and return what became of each."""
    store = connect(config.mlflow)
    return tuple(_counted(_migrate(store, config, model, holdout), count) for model in part)


def _counted(outcome: Outcome, count: Counter) -> Outcome:
    count.step(f"{outcome.model_id}: {outcome.state}")
    return outcome


def _migrate(store: Store, config: PodiumConfig, model: StagedModel, holdout: Holdout | None) -> Outcome:
    if held := _held(store, model):
        return _again(store, model, held)
    with tempfile.TemporaryDirectory(prefix="podium-") as folder:
        scratch = Path(folder)
        answer = sandbox().ask("convert", scratch, config.sandbox, **_request(config, model, scratch))
        if answer.value is None:
            code = REFUSED.get(answer.code, "cannot-load")
            return Outcome("quarantined", model.model_id, answer.reason, code=code)
        return _write(store, model, answer.value, scratch, _measured(config, holdout, scratch))


def _held(store: Store, model: StagedModel) -> LoggedModel | None:
    """Return the complete logged model of the same bytes whose version somebody deleted, if there is one."""
    wanted = f"tags.`podium.fingerprint` = '{model.fingerprint}'"
    found = store.client.search_logged_models([store.experiment_id], wanted, max_results=10)
    return next((m for m in found if m.status == LoggedModelStatus.READY), None)


def _again(store: Store, model: StagedModel, held: LoggedModel) -> Outcome:
    """Register what is there already, unless the retention rule took its version away."""
    if RETIRED in held.tags:
        return Outcome("skipped", model.model_id, "its version was deleted by the retention rule", held.source_run_id)
    own = {k: v for k, v in held.tags.items() if k.startswith("podium.")}
    version = register_version(store, held.model_id, held.source_run_id, own)
    return Outcome("migrated", model.model_id, "its version was deleted: registered again", held.source_run_id, version)


def _request(config: PodiumConfig, model: StagedModel, scratch: Path) -> dict[str, Any]:
    return {
        "model": model.folder.model_file,
        "out": str(scratch / NAME),
        "predictions": str(scratch / "predictions.npz"),
        "holdout": str(config.holdout.path) if config.holdout else None,
        "features": list(model.feature_columns),
        "requirements": list(model.requirements),
        "extra_globals": list(config.sandbox.extra_globals),
    }


def _measured(config: PodiumConfig, holdout: Holdout | None, scratch: Path) -> tuple[Holdout, Measurement] | None:
    if holdout is None:
        return None
    said = load_predictions(scratch / "predictions.npz")
    return holdout, measure(holdout, said)


def _write(
    store: Store,
    model: StagedModel,
    found: dict[str, Any],
    scratch: Path,
    measured: tuple[Holdout, Measurement] | None,
) -> Outcome:
    """Write one converted model to MLflow: run, logged model, files, numbers, and only then the version."""
    client, trained = store.client, int(model.trained_at.timestamp() * 1000)
    identity = _identity(model, found)
    run = client.create_run(
        store.experiment_id,
        trained,
        {**_run_tags(model), **identity, "podium.state": "migrating", "podium.writer": str(this_writer())},
        model.model_id,
    )
    run_id = run.info.run_id
    logged = client.create_logged_model(
        store.experiment_id, model.model_id, run_id, identity, _parameters(model, found), model.model_type
    )
    _sign(scratch / NAME, run_id, logged.model_id)
    client.log_model_artifacts(logged.model_id, str(scratch / NAME))
    client.log_artifacts(run_id, str(_documents(scratch / "documents", model, found, measured)))
    client.log_batch(run_id, _metrics(model, trained, logged.model_id, measured), _params(model, found), [])
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    version = register_version(store, logged.model_id, run_id, identity)
    client.set_tag(run_id, "podium.state", "complete")
    client.set_terminated(run_id, "FINISHED", end_time=trained)
    return Outcome("migrated", model.model_id, _reason(found), run_id, version, "new")


def _reason(found: Mapping[str, Any]) -> str:
    parity = found["parity"]
    return f"stored as {found['flavour']}; same predictions on {parity['rows']:,} rows"


def _identity(model: StagedModel, found: Mapping[str, Any]) -> dict[str, str]:
    return {
        "podium.fingerprint": model.fingerprint,
        "podium.model_id": model.model_id,
        "podium.model_type": model.model_type if model.model_type != "unknown" else found["final_estimator"],
        "podium.trained_at": model.trained_at.isoformat(),
        "podium.trained_at_source": model.trained_at_source,
        "podium.bytes": str(model.folder.size),
        "podium.parity_rows": str(found["parity"]["rows"]),
        "podium.parity_difference": repr(found["parity"]["largest_difference"]),
    }


def _run_tags(model: StagedModel) -> dict[str, str]:
    tags = {"mlflow.source.name": "podium migrate", "mlflow.source.type": "JOB"}
    return tags | {f"podium.problem.{p.code}": p.message[:500] for p in model.problems}


def _sign(folder: Path, run_id: str, model_id: str) -> None:
    """Write into the stored model which run and logged model it belongs to, as MLflow's own logging does."""
    path = folder / "MLmodel"
    stored = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    stored |= {"run_id": run_id, "model_id": model_id}
    path.write_text(yaml.dump(stored, Dumper=yaml.CSafeDumper, allow_unicode=True), encoding="utf-8")


def _documents(
    folder: Path, model: StagedModel, found: Mapping[str, Any], measured: tuple[Holdout, Measurement] | None
) -> Path:
    """Write the run's artifacts to a folder: original metadata, conversion, confusion matrices."""
    folder.mkdir()
    if model.folder.metadata_text is not None:
        (folder / "metadata.json").write_text(model.folder.metadata_text, encoding="utf-8")
    (folder / "conversion.json").write_text(json.dumps(found, indent=2), encoding="utf-8")
    if model.confusion_matrix is not None:
        text = json.dumps(model.confusion_matrix, indent=2)
        (folder / "recorded_confusion_matrix.json").write_text(text, encoding="utf-8")
    if measured:
        write_measurement(folder, *measured)
    return folder


def _metrics(
    model: StagedModel, trained: int, model_id: str, measured: tuple[Holdout, Measurement] | None
) -> list[Metric]:
    recorded = [
        Metric(UNSAFE_KEY.sub("_", name), value, trained, 0, model_id=model_id)
        for name, value in model.recorded_metrics.items()
    ]
    if measured is None:
        return recorded
    return recorded + holdout_metrics(*measured, model_id, int(time.time() * 1000))


def _parameters(model: StagedModel, found: Mapping[str, Any]) -> dict[str, str]:
    recorded = _flat(model.hyperparameters) or dict(found["parameters"])
    return {UNSAFE_KEY.sub("_", key)[:250]: value[:6000] for key, value in recorded.items()}


def _params(model: StagedModel, found: Mapping[str, Any]) -> list[Param]:
    return [Param(key, value) for key, value in list(_parameters(model, found).items())[:100]]


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: str(value)}
    return flat
