"""Describes logged models as candidates, many at a time: their runs and versions are asked for together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from mlflow.entities import LoggedModel, LoggedModelStatus, Run, ViewType
from mlflow.entities.model_registry import ModelVersion

from podium.candidate import Candidate
from podium.measurement import Holdout
from podium.metrics import claims_of, is_possible, metric_id
from podium.plan import parts_of
from podium.standing import held_back
from tasks.effects.store import HELD, RETIRED, UNFINISHED, Store, logged_model_of
from tasks.effects.writing import PREFIX, earlier_of, identifiers_of, measured_of, measuring_run_of

IN_A_URL = 50
"""Run ids in one question to a server about versions, which travels in the address of a request."""
IN_A_BODY = 500
"""Run ids in one question about runs, or to a database."""


def describe(store: Store, models: Sequence[LoggedModel], holdout: Holdout | None) -> list[Candidate]:
    """Return those models that are complete as candidates, in their order.

    One does not count that is not ready, or whose run was deleted or is still being written by a migration.
    """
    ready = [model for model in models if model.status == LoggedModelStatus.READY]
    void = _void_runs(store, [m.source_run_id for m in ready if m.source_run_id])
    there = [model for model in ready if model.source_run_id not in void]
    versions = _versions_of(store, there)
    runs = runs_of(store, [m.source_run_id for m in there if m.source_run_id and "podium.model_id" not in m.tags])
    return [_candidate(m, runs.get(m.source_run_id or ""), versions.get(m.model_id), holdout) for m in there]


def _void_runs(store: Store, ids: Sequence[str]) -> frozenset[str]:
    """Return which runs were deleted, and all that a migration is still at."""
    deleted = _search_runs(store, ids, ViewType.DELETED_ONLY)
    unfinished = store.search_runs(UNFINISHED) if ids else []
    return frozenset(run.info.run_id for run in (*deleted, *unfinished))


def runs_of(store: Store, ids: Sequence[str]) -> dict[str, Run]:
    """Return by their ids the runs that are there, asked for together."""
    return {run.info.run_id: run for run in _search_runs(store, ids, ViewType.ACTIVE_ONLY)}


def _search_runs(store: Store, ids: Sequence[str], view: str) -> Iterator[Run]:
    for some in parts_of(sorted(set(ids)), IN_A_BODY):
        yield from store.search_runs(f"attributes.run_id IN ({_listed(some)})", view)


def _versions_of(store: Store, models: Sequence[LoggedModel]) -> dict[str | None, ModelVersion]:
    """Return the version of each logged model, of several the first."""
    ids = sorted({model.source_run_id for model in models if model.source_run_id})
    size = IN_A_BODY if store.is_sqlite else IN_A_URL
    found = [v for some in parts_of(ids, size) for v in store.versions(f"run_id IN ({_listed(some)})")]
    # Only of what was logged outside any run is the version found by its source.
    alone = (model.model_id for model in models if not model.source_run_id)
    found += [v for model_id in alone for v in store.versions(f"source_path = 'models:/{model_id}'")]
    return {logged_model_of(v): v for v in sorted(found, key=lambda v: int(v.version), reverse=True)}


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(f"'{one}'" for one in ids)


def _candidate(model: LoggedModel, run: Run | None, version: ModelVersion | None, holdout: Holdout | None) -> Candidate:
    recorded = _recorded(model) | (_run_metrics(run) if run else {})
    digests = (holdout.digest, holdout.rows_digest) if holdout else ()
    measured = measured_of(model, holdout.digest) if holdout else {}
    return Candidate(
        model_id=model.tags.get("podium.model_id")
        or (run.info.run_name if run else None)
        or model.name
        or model.model_id,
        logged_model_id=model.model_id,
        run_id=model.source_run_id,
        version=str(version.version) if version else None,
        model_type=model.tags.get("podium.model_type") or model.model_type or "unknown",
        trained_at=_trained_at(model, run),
        size=int(model.tags["podium.bytes"]) if "podium.bytes" in model.tags else None,
        metrics=measured if holdout else recorded,
        recorded=recorded,
        tags=_plain(model.tags) | (_plain(version.tags) if version else {}),
        identifiers=identifiers_of(model.tags),
        location=model.artifact_location,
        earlier={} if measured or holdout is None else earlier_of(model),
        kept_in=model.source_run_id or measuring_run_of(model),
        # With a version it was not deleted after all: retention was killed in between, or somebody registered it again.
        unmeasured="its version was deleted by the retention rule" if RETIRED in model.tags and not version else None,
        held=_held(model, version, digests),
    )


def _held(model: LoggedModel, version: ModelVersion | None, digests: Sequence[str]) -> str | None:
    """Return what holds a model back: its own tag holds what it is registered as next, where a version is deleted."""
    tags = {**model.tags, **(version.tags if version else {})}
    return held_back(tags.get(HELD), str(version.version) if version else None, *digests)


def _plain(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that people set, and those of Podium's that a policy may ask for."""
    return {name: value for name, value in tags.items() if not name.startswith("mlflow.")}


def _trained_at(model: LoggedModel, run: Run | None) -> datetime:
    if "podium.trained_at" in model.tags:
        return datetime.fromisoformat(model.tags["podium.trained_at"])
    milliseconds = run.info.start_time if run else model.creation_timestamp
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _recorded(model: LoggedModel) -> dict[str, float]:
    return _claims({m.key: m.value for m in model.metrics or [] if m.dataset_digest is None})


def _run_metrics(run: Run) -> dict[str, float]:
    return _claims({k: v for k, v in run.data.metrics.items() if not k.startswith(PREFIX)})


def _claims(found: Mapping[str, float]) -> dict[str, float]:
    """Return recorded metrics under their full names, and the claims that follow, without impossible values."""
    ids = {name: metric_id(name) for name in found}
    named = {
        metric.key if metric else name: found[name]
        for name, metric in ids.items()
        if is_possible(metric.base if metric else name, found[name])
    }
    return {**named, **claims_of(named)}
