"""Discovers every candidate of the experiment, whoever logged it, and takes it into the registry."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from mlflow.entities import LoggedModel, LoggedModelStatus, Run
from mlflow.entities.model_registry import ModelVersion
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import MlflowSection
from podium.candidate import Candidate
from podium.metrics import claims_of, is_possible, metric_id
from podium.standing import held_back
from tasks.effects.store import HELD, RETIRED, Store, connect, find, logged_model_of, register_version
from tasks.effects.writing import PREFIX, identifiers_of, measured_of

IDENTITY = ("podium.model_id", "podium.fingerprint", "podium.model_type", "podium.trained_at", "podium.bytes")


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def discover(section: MlflowSection, digest: str | None) -> list[Candidate]:
    """Return every complete model of the experiment as a candidate.

    ``metrics`` are those measured on the holdout of this digest, empty if it has not been measured on it yet. With no
    digest they are the recorded ones.
    """
    store = find(section)
    if store is None:
        return []
    versions = {logged_model_of(v): v for v in sorted(store.versions(), key=lambda v: int(v.version), reverse=True)}
    ready = [m for m in store.logged_models() if m.status == LoggedModelStatus.READY]
    void = store.void_runs()
    there = [model for model in ready if model.source_run_id not in void]
    return [_candidate(store, model, versions.get(model.model_id), digest) for model in there]


def _candidate(store: Store, model: LoggedModel, version: ModelVersion | None, digest: str | None) -> Candidate:
    run = None if "podium.model_id" in model.tags else _run(store, model.source_run_id)
    recorded = _recorded(model) | (_run_metrics(run) if run else {})
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
        metrics=recorded if digest is None else measured_of(model, digest),
        recorded=recorded,
        tags=_plain(model.tags) | (_plain(version.tags) if version else {}),
        identifiers=identifiers_of(model.tags),
        unmeasured="its version was deleted by the retention rule" if RETIRED in model.tags else None,
        held=held_back(version.tags.get(HELD), str(version.version), digest) if version else None,
    )


def _plain(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that people set, and those of Podium's that a policy may ask for."""
    return {name: value for name, value in tags.items() if not name.startswith("mlflow.")}


def _run(store: Store, run_id: str | None) -> Run | None:
    return store.client.get_run(run_id) if run_id else None


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


@task(cache_policy=NO_CACHE)
def register(section: MlflowSection, candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates, each with a version: those that plain MLflow logged get one now."""
    store = connect(section)
    return [c if c.version or c.unmeasured else _registered(store, c) for c in candidates]


def _registered(store: Store, candidate: Candidate) -> Candidate:
    tags = _version_tags(store.client.get_logged_model(candidate.logged_model_id).tags, candidate)
    version = register_version(store, candidate.logged_model_id, candidate.run_id, tags)
    return replace(candidate, version=version)


def _version_tags(tags: Mapping[str, str], candidate: Candidate) -> dict[str, str]:
    own = {name: tags[name] for name in IDENTITY if name in tags}
    return {"podium.model_id": candidate.model_id, **own}
