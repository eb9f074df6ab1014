"""Verifies the production model in a fresh process, the way a service would load it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import PodiumConfig
from podium.checks import Expected, Observed, Verification, judge
from podium.errors import NegativeAnswerError
from podium.measurement import Holdout, measure
from tasks.effects.prediction import load_predictions
from tasks.effects.store import CHAMPION, Store, find, logged_model_of
from tasks.effects.writing import measured_of

PATIENCE = 900.0
"""Seconds the fresh process may take."""


@task(cache_policy=NO_CACHE)
def verify_champion(config: PodiumConfig, holdout: Holdout | None) -> Verification:
    """Return the checks of the model in production.

    Raises:
        NegativeAnswerError: there is no model in production.
    """
    store = find(config.mlflow)
    version = store.aliases().get(CHAMPION) if store else None
    if store is None or version is None:
        raise NegativeAnswerError(
            f"{config.mlflow.registered_model}: nothing is in production yet; run `podium select`"
        )
    found = store.client.get_model_version(store.registered_model, version)
    seen = _observe(store, config, holdout)
    wanted = _expected(store, config, holdout, logged_model_of(found))
    return Verification(version, found.tags.get("podium.model_id", ""), judge(seen, wanted))


def _expected(store: Store, config: PodiumConfig, holdout: Holdout | None, model_id: str | None) -> Expected:
    metrics: dict[str, float] = {}
    if holdout and model_id:
        metrics = measured_of(store.client.get_logged_model(model_id), holdout.digest)
    limits = config.verification
    return Expected(metrics, limits.tolerance, limits.latency_ms, holdout is not None)


def _observe(store: Store, config: PodiumConfig, holdout: Holdout | None) -> Observed:
    with tempfile.TemporaryDirectory(prefix="podium-") as folder:
        seen = _fresh_process(_request(store, config, Path(folder)), Path(folder))
        said = Path(folder, "predictions.npz")
        if holdout and said.exists():
            measured = measure(holdout, load_predictions(said))
            seen["metrics"] = dict(measured.metrics)
        return Observed(**seen)


def _request(store: Store, config: PodiumConfig, folder: Path) -> dict[str, Any]:
    holdout = config.holdout
    return {
        "tracking_uri": store.uri,
        "model": f"models:/{store.registered_model}@{CHAMPION}",
        "scratch": str(folder),
        "holdout": str(holdout.path) if holdout else None,
        "target": holdout.target if holdout else None,
        "id_columns": list(holdout.id_columns) if holdout else [],
        "single_rows": config.verification.single_rows,
        "predictions": str(folder / "predictions.npz"),
        "result": str(folder / "observed.json"),
    }


def _fresh_process(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run the observer and return what it saw; a process that dies is what was seen."""
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-P", "-m", "tasks.effects.observer"]
    try:
        ended = subprocess.run(  # noqa: S603 - our own interpreter and constant arguments
            command,
            input=json.dumps(request),
            text=True,
            capture_output=True,
            timeout=PATIENCE,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"errors": {"loads": f"the fresh process took longer than {PATIENCE:g} s"}}
    result = Path(request["result"])
    if not result.exists():
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {"errors": {"loads": f"the fresh process ended with status {ended.returncode}: {last[:300]}"}}
    seen: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return seen
