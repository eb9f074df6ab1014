"""Writes one converted model to MLflow, in an order that survives a kill and with names that MLflow takes.

A model becomes a candidate only with the last write, which ends its run. What a kill leaves before that is a run of a
migration that still says it is running; it is finished or removed by ``settle``.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from mlflow.entities import LifecycleStage, LoggedModelStatus, Metric, Param
from mlflow.exceptions import MlflowException

from podium.measurement import Holdout, Measurement
from podium.names import key, model_name
from podium.plan import Outcome
from podium.requirements import disagreement, drift, known_versions
from podium.staged import StagedModel
from tasks.effects.carrying import ABOVE, CONVERSION, MATRIX, ChangedError, carry_files
from tasks.effects.installed import installed
from tasks.effects.locating import forget, remember
from tasks.effects.measuring import SAID
from tasks.effects.mlmodel import mlmodel
from tasks.effects.processes import this_writer
from tasks.effects.registered import counted_once, is_done_by_another
from tasks.effects.store import Store, delete_version, register_version
from tasks.effects.training_rows import WHERE, training_record
from tasks.effects.writing import holdout_metrics, log_numbers, log_output, measured_tags, write_measurement

NAME = "model"
"""Folder of the stored model inside a scratch folder."""
LONGEST_VALUE = 6000
REFUSALS = frozenset({"INVALID_PARAMETER_VALUE", "BAD_REQUEST"})
"""What MLflow says when it is well and will never take this; anything else may pass on another try."""
FIRST = "another migration was first"
Measured = tuple[Holdout, Measurement] | None
_sqlite_writer = threading.Lock()


def write_model(
    store: Store, model: StagedModel, found: Mapping[str, Any], scratch: Path, measured: Measured
) -> Outcome:
    """Write a model to MLflow and return what became of it: one that MLflow refuses leaves nothing behind.

    ``found`` is what its conversion answered, whose files are in ``scratch``.
    """
    with _turn(store):
        run_id = _begin(store, model, found)
        try:
            registered = _fill(store, model, found, scratch, measured, run_id)
            earlier, version = counted_once(store, model.fingerprint, run_id, registered)
            if earlier:
                _give_way(store, earlier[0], run_id, version)
                return Outcome("skipped", model.model_id, FIRST, *earlier, "known")
            _complete(store, run_id, _trained(model))
        except ChangedError as error:
            settle(store, run_id)
            return Outcome("quarantined", model.model_id, f"{error}; run the command again", code="changed")
        except MlflowException as error:
            if error.error_code not in REFUSALS:
                raise
            settle(store, run_id)
            reason = f"MLflow refuses it: {' '.join(str(error).split())[:300]}"
            return Outcome("quarantined", model.model_id, reason, code="refused-by-mlflow")
    return Outcome("migrated", model.model_id, _reason(found), run_id, version, "new")


def settle(store: Store, run_id: str) -> None:
    """Finish the run of a model whose version exists; delete any that did not come so far, with its logged model."""
    client = store.client
    own = sorted(client.search_model_versions(f"run_id = '{run_id}'", max_results=100), key=lambda v: int(v.version))
    if not own:
        _remove(store, run_id, None)
        return
    fingerprint = own[0].tags.get("podium.fingerprint", "")
    earlier, version = counted_once(store, fingerprint, run_id, str(own[0].version))
    if earlier:
        _give_way(store, earlier[0], run_id, version)
    elif is_done_by_another(store, fingerprint, run_id):
        _remove(store, run_id, version)
    else:
        _complete(store, run_id, client.get_run(run_id).info.start_time)


def _give_way(store: Store, first: str, run_id: str, version: str) -> None:
    """Remove a run and end the first of its bytes: who began that may be dead, and had only this left to do."""
    info = store.client.get_run(first).info
    if (info.status, info.lifecycle_stage) == ("RUNNING", LifecycleStage.ACTIVE):
        _complete(store, first, info.start_time)
    _remove(store, run_id, version)


def _remove(store: Store, run_id: str, version: str | None) -> None:
    """Delete a run with its logged model and its version; the run keeps a tag that says why."""
    client = store.client
    if version:
        delete_version(store, version)
    for left in client.search_logged_models([store.experiment_id], f"source_run_id = '{run_id}'"):
        client.delete_logged_model(left.model_id)
    client.set_tag(run_id, "podium.state", "abandoned")
    client.delete_run(run_id)


@contextmanager
def _turn(store: Store) -> Iterator[None]:
    """Let threads and processes write to SQLite one after the other: contending for it costs them twice the time."""
    if not store.is_sqlite:
        yield
        return
    with _sqlite_writer, FileLock(f"{store.uri.removeprefix('sqlite:///')}.writing"):
        yield


def _begin(store: Store, model: StagedModel, found: Mapping[str, Any]) -> str:
    tags = {**_run_tags(model, found), **_identity(model, found), "podium.writer": str(this_writer())}
    run = store.client.create_run(store.experiment_id, _trained(model), tags, model.model_id)
    remember(store, run.info.run_id, run.info.artifact_uri)
    return str(run.info.run_id)


def _fill(
    store: Store, model: StagedModel, found: Mapping[str, Any], scratch: Path, measured: Measured, run_id: str
) -> str:
    """Write files and numbers to a run, and only then the version; return the version."""
    client, identity, params = store.client, _identity(model, found), _parameters(model, found)
    name = model_name(model.model_id)
    tags = identity | (measured_tags(measured[1], identity) if measured else {})
    logged = client.create_logged_model(store.experiment_id, name, run_id, tags, params, model.model_type)
    remember(store, logged.model_id, logged.artifact_location)
    with mlmodel(scratch / NAME) as stored:
        # As MLflow's own logging does: the stored model says which run and logged model it belongs to.
        stored |= {"run_id": run_id, "model_id": logged.model_id, "model_size_bytes": _size(scratch / NAME)}
    client.log_model_artifacts(logged.model_id, str(scratch / NAME))
    client.log_artifacts(run_id, str(_documents(scratch / "documents", model, found, measured)))
    forget(run_id, logged.model_id)
    metrics = _metrics(model, logged.model_id, measured)
    log_numbers(store, run_id, metrics, [Param(*item) for item in params.items()])
    log_output(store, run_id, logged.model_id)
    client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    return register_version(store, logged.model_id, run_id, identity)


def _complete(store: Store, run_id: str, ended: int) -> None:
    """End a run, which comes last: until then the next migration knows that there is something to finish."""
    store.client.set_terminated(run_id, "FINISHED", end_time=ended)


def _trained(model: StagedModel) -> int:
    """Return the time of training in ms of the epoch."""
    return int(model.trained_at.timestamp() * 1000)


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
        "podium.requirements": found["requirements"],
        "podium.parity_rows": str(found["parity"]["rows"]),
        "podium.parity_difference": repr(found["parity"]["largest_difference"]),
    }


def _size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _run_tags(model: StagedModel, found: Mapping[str, Any]) -> dict[str, str]:
    tags = {"mlflow.source.name": "podium migrate", "mlflow.source.type": "JOB"}
    told = known_versions(model.versions, found["saved_by"])
    versions = {key(f"podium.trained_with.{name}"): version[:500] for name, version in told.items()}
    record = training_record(model)
    where = {WHERE: f"beside/{record.relative_to(model.folder.path)}"} if record else {}
    # Which versions a pickle was saved by is known once it is loaded: metadata need not have said it, or said it wrong.
    outdated = set(drift(model.versions, installed))
    kept = [problem for problem in model.problems if problem not in outdated]
    loaded = (*drift(told, installed), *disagreement(model.versions, found["saved_by"]))
    problems = {p.code: p.message for p in (*loaded, *kept)}
    return tags | versions | where | {f"podium.problem.{code}": said[:500] for code, said in problems.items()}


def _documents(folder: Path, model: StagedModel, found: Mapping[str, Any], measured: Measured) -> Path:
    """Write the run's artifacts to a folder: original metadata, conversion, confusion matrices."""
    folder.mkdir()
    carry_files(model.folder, folder)
    if above := {shared.path: shared.document for shared in model.folder.above if shared.document}:
        (folder / ABOVE).write_text(json.dumps(above, indent=2), encoding="utf-8")
    (folder / CONVERSION).write_text(json.dumps(found, indent=2), encoding="utf-8")
    if model.confusion_matrix is not None:
        recorded = json.dumps(model.confusion_matrix, indent=2)
        (folder / MATRIX).write_text(recorded, encoding="utf-8")
    if measured:
        write_measurement(folder, *measured, folder.parent / SAID)
    return folder


def _metrics(model: StagedModel, model_id: str, measured: Measured) -> list[Metric]:
    recorded = [
        Metric(key(name), value, _trained(model), 0, model_id=model_id)
        for name, value in model.recorded_metrics.items()
    ]
    if measured is None:
        return recorded
    return recorded + holdout_metrics(*measured, model_id, int(time.time() * 1000))


def _parameters(model: StagedModel, found: Mapping[str, Any]) -> dict[str, str]:
    recorded = _flat(model.hyperparameters) or dict(found["parameters"])
    if model.threshold is not None:
        recorded = {**recorded, "decision_threshold": str(model.threshold)}
    return {key(name): value[:LONGEST_VALUE] for name, value in recorded.items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for part, value in values.items():
        name = f"{prefix}{part}"
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: str(value)}
    return flat
