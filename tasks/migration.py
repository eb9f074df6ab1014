"""Migrates staged models: converts each in the sandbox, measures what it answered there, and writes it to MLflow."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mlflow.entities import LoggedModel, LoggedModelStatus
from mlflow.exceptions import MlflowException
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from configs.schema import PodiumConfig
from podium.errors import first_line
from podium.measurement import Holdout, Measurement
from podium.measures import measure
from podium.plan import Outcome, batched, left
from podium.progress import Counter
from podium.redaction import without_password
from podium.staged import StagedModel
from tasks.effects.measuring import SAID
from tasks.effects.prediction import load_predictions
from tasks.effects.reaching import is_gone, note_failure
from tasks.effects.registered import is_complete, version_of
from tasks.effects.sandbox import Answer, Question, sandbox
from tasks.effects.scratch import scratch_folder
from tasks.effects.store import RETIRED, Store, address, connect, delete_version, register_version
from tasks.effects.training_rows import rows_in, training_record
from tasks.effects.transfer import FIRST, NAME, write_model

T = TypeVar("T")
REFUSED = {
    "RefusedGlobalError": "unsafe-pickle",
    "SuspectError": "unsafe-pickle",
    "UnknownClassError": "unknown-class",
    "BrokenError": "broken-file",
    "NotUsableError": "not-usable",
    "DiffersError": "differs",
    "OtherVersionError": "other-version",
    "timeout": "timeout",
    "killed": "killed",
}


@task(cache_policy=NO_CACHE)
def migrate_chunk(
    config: PodiumConfig, part: tuple[StagedModel, ...], holdout: Holdout | None, count: Counter
) -> tuple[Outcome, ...]:
    """Migrate some models one after the other and return what became of each, which is also a table of the task's run.

    Once MLflow is gone, or a disk is full, the others are left for the next run.
    """
    outcomes = tuple(_counted(outcome, count) for outcome in _outcomes(config, part, holdout))
    create_table_artifact([{"state": o.state, **o.as_json()} for o in outcomes], "podium-outcomes", "of some models")
    return outcomes


def _outcomes(config: PodiumConfig, part: tuple[StagedModel, ...], holdout: Holdout | None) -> Iterator[Outcome]:
    for batch in batched(part, config.sandbox.models_per_process):
        known = [_guarded(config, model, partial(_known, config, model)) for model in batch]
        yield from (outcome for outcome in known if outcome)
        yield from _new(config, [m for m, outcome in zip(batch, known, strict=True) if not outcome], holdout)


def _new(config: PodiumConfig, models: Sequence[StagedModel], holdout: Holdout | None) -> Iterator[Outcome]:
    """Convert models in one process and write each to MLflow, while the next is being converted."""
    with scratch_folder() as folder:
        questions = [_question(config, model, folder / str(number)) for number, model in enumerate(models)]
        with closing(sandbox().ask_each("convert", questions, config.sandbox)) as answers:
            for model, question in zip(models, questions, strict=True):
                yield _guarded(config, model, partial(_taken, config, model, holdout, question, answers))
                shutil.rmtree(question.scratch)


def _guarded(config: PodiumConfig, model: StagedModel, act: Callable[[], T]) -> T | Outcome:
    """Return what becomes of a model; it is left for the next run if MLflow is gone or fails, or a disk is full."""
    uri = address(config.mlflow)
    if is_gone(uri):
        return _left(model, uri)
    try:
        return act()
    except (MlflowException, OSError) as error:
        note_failure(uri)
        return _left(model, uri, error)


def _left(model: StagedModel, uri: str, error: Exception | None = None) -> Outcome:
    if error is None or is_gone(uri):
        return left(model, f"MLflow at {without_password(uri)} does not answer")
    return left(model, f"MLflow or the disk failed: {first_line(error, 200)}")


def _counted(outcome: Outcome, count: Counter) -> Outcome:
    count.step(f"{outcome.model_id}: {outcome.state}")
    return outcome


def _known(config: PodiumConfig, model: StagedModel) -> Outcome | None:
    """Return what is to be said of a model that another migration has brought into MLflow meanwhile, if one has."""
    store = connect(config.mlflow)
    held = _held(store, model)
    return _again(store, model, held) if held else None


def _taken(
    config: PodiumConfig,
    model: StagedModel,
    holdout: Holdout | None,
    question: Question,
    answers: Iterator[Answer],
) -> Outcome:
    answer = next(answers)
    if answer.value is None:
        code = REFUSED.get(answer.code, "cannot-load")
        return Outcome("quarantined", model.model_id, answer.reason, code=code)
    measured = _measured(config, model, holdout, answer.value, question.scratch)
    return write_model(connect(config.mlflow), model, answer.value, question.scratch, measured)


def _held(store: Store, model: StagedModel) -> LoggedModel | None:
    """Return the logged model of the same bytes that a migration completed before, if there is one."""
    wanted = f"tags.`podium.fingerprint` = '{model.fingerprint}'"
    found = store.client.search_logged_models([store.experiment_id], wanted, max_results=10)
    return next((m for m in found if m.status == LoggedModelStatus.READY and is_complete(store, m.source_run_id)), None)


def _again(store: Store, model: StagedModel, held: LoggedModel) -> Outcome:
    """Register what is there already if its version was deleted, unless it was the retention rule that deleted it."""
    if there := version_of(store, model.fingerprint):
        return Outcome("skipped", model.model_id, FIRST, *there, "known")
    if RETIRED in held.tags:
        why = "its version was deleted by the retention rule"
        return Outcome("skipped", model.model_id, why, held.source_run_id, code="retired")
    own = {k: v for k, v in held.tags.items() if k.startswith("podium.")}
    version = register_version(store, held.model_id, held.source_run_id, own)
    if there := version_of(store, model.fingerprint, version):
        delete_version(store, version)
        return Outcome("skipped", model.model_id, FIRST, *there, "known")
    why = "its version was deleted: registered again"
    return Outcome("migrated", model.model_id, why, held.source_run_id, version, "registered-again")


def _question(config: PodiumConfig, model: StagedModel, scratch: Path) -> Question:
    scratch.mkdir()
    keys = {
        "model": model.folder.model_file,
        "sha256": model.folder.model_digest,
        "preprocessors": [list(pair) for pair in model.folder.preprocessors],
        "out": str(scratch / NAME),
        "predictions": str(scratch / SAID),
        "holdout": str(config.holdout.path) if config.holdout else None,
        "task": config.holdout.task if config.holdout else None,
        "features": list(model.feature_columns or model.feature_types),
        "types": dict(model.feature_types),
        "versions": dict(model.versions),
        "extra_globals": list(config.sandbox.extra_globals),
    }
    return Question(scratch, keys)


def _measured(
    config: PodiumConfig, model: StagedModel, holdout: Holdout | None, found: Mapping[str, Any], scratch: Path
) -> tuple[Holdout, Measurement] | None:
    if holdout is None or config.holdout is None:
        return None
    measured = measure(holdout, load_predictions(scratch / SAID)).asked_by(holdout, found["columns"], found["used"])
    record = training_record(model)
    return holdout, measured.with_metrics(rows_in(record, config.holdout.path) if record else {})
