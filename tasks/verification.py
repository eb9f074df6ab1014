"""Verifies a model in a fresh process, the way a service would load it: the one in production, or one about to be."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import PodiumConfig
from podium.checks import Expected, Observed, Verification, judge
from podium.errors import first_line
from podium.measurement import Holdout
from podium.measures import measure
from podium.standing import parse_pin
from tasks.effects.fresh import observe, observe_again, observe_once, start_ahead
from tasks.effects.looking import model_of
from tasks.effects.measuring import SAID, gate
from tasks.effects.prediction import load_predictions
from tasks.effects.production import champion_of
from tasks.effects.scratch import scratch_folder
from tasks.effects.store import CHAMPION, PINNED, Store, connect, logged_model_of
from tasks.effects.writing import measured_of

Observes = Callable[[dict[str, Any]], dict[str, Any]]
CANARY_ROWS = 200
"""Of the holdout's first rows a canary answers so many."""


@task(cache_policy=NO_CACHE)
def prepare_canary() -> None:
    """Start the fresh process of the next canary, which imports its libraries meanwhile."""
    start_ahead()


@task(cache_policy=NO_CACHE)
def canary(config: PodiumConfig, version: str) -> Verification:
    """Return the checks of a version that is about to be promoted, on the holdout's first rows in a fresh process."""
    store = connect(config.mlflow)
    return _first_rows(store, config, version, f"/{version}", observe)


@task(cache_policy=NO_CACHE)
def verify_switched(config: PodiumConfig, version: str) -> Verification:
    """Return the same checks of what the alias loads now, in the process of the canary."""
    store = connect(config.mlflow)
    return _first_rows(store, config, version, f"@{CHAMPION}", observe_again)


def _first_rows(store: Store, config: PodiumConfig, version: str, named: str, observes: Observes) -> Verification:
    found = store.client.get_model_version(store.registered_model, version)
    seen = _observe(store, config, None, named, observes, CANARY_ROWS)
    wanted = replace(_wanted({}, config, config.holdout is not None), reproduces=False)
    name = found.tags.get("podium.model_id", "")
    return Verification(version, name, judge(seen, wanted), latency_ms=seen.latency_ms)


@task(cache_policy=NO_CACHE)
def verify_champion(config: PodiumConfig, holdout: Holdout | None) -> Verification:
    """Return the checks of the model in production.

    Raises:
        NegativeAnswerError: there is no model in production.
    """
    champion = champion_of(config.mlflow)
    store, found = champion.store, champion.found
    seen = _observe(store, config, holdout, f"@{CHAMPION}", observe_once)
    wanted = _expected(store, config, holdout, logged_model_of(found))
    pin = parse_pin(store.registered().tags.get(PINNED))
    return Verification(champion.version, champion.model_id, judge(seen, wanted), pin.sentence() if pin else None)


def _expected(store: Store, config: PodiumConfig, holdout: Holdout | None, model_id: str | None) -> Expected:
    found = model_of(store, model_id) if holdout and model_id else None
    metrics = measured_of(found, holdout.digest) if holdout and found else {}
    return _wanted(metrics, config, holdout is not None)


def _wanted(metrics: Mapping[str, float], config: PodiumConfig, has_holdout: bool) -> Expected:
    limits = config.verification
    return Expected(
        metrics,
        limits.tolerance,
        limits.latency_ms,
        has_holdout,
        unknown_categories=limits.unknown_categories == "refuse",
    )


def _observe(
    store: Store,
    config: PodiumConfig,
    holdout: Holdout | None,
    named: str,
    observes: Observes,
    most: int | None = None,
) -> Observed:
    with scratch_folder() as folder:
        seen = _seen(store, config, folder, named, observes, most)
        said = folder / SAID
        if holdout and said.exists():
            measured = measure(holdout, load_predictions(said))
            seen["metrics"] = dict(measured.metrics)
            if measured.reason:
                seen["errors"]["predicts"] = measured.reason
        return Observed(**seen)


def _seen(
    store: Store, config: PodiumConfig, folder: Path, named: str, observes: Observes, most: int | None
) -> dict[str, Any]:
    """Fetch a model, for which secrets may be needed, and let the fresh process, which has none, observe it."""
    files = folder / "files"
    files.mkdir()
    try:
        uri = f"models:/{store.registered_model}{named}"
        model = download_artifacts(uri, dst_path=str(files), tracking_uri=store.uri)
    except (MlflowException, OSError) as error:
        return {"errors": {"loads": f"its files cannot be fetched: {first_line(error)}"}}
    return observes(_request(config, folder, model, most))


def _request(config: PodiumConfig, folder: Path, model: str, most: int | None) -> dict[str, Any]:
    holdout = config.holdout
    return {
        "model": str(Path(model).absolute()),
        "holdout": str(holdout.path) if holdout else None,
        "target": holdout.target if holdout else None,
        "id_columns": list(holdout.id_columns) if holdout else [],
        "task": holdout.task if holdout else None,
        "most": most,
        "single_rows": config.verification.single_rows,
        "predictions": str(folder / SAID),
        "result": str(folder / "observed.json"),
        **gate(config.sandbox),
    }
