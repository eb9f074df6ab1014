"""Writes what was measured of a model, the same way whoever measured it."""

import json
import shutil
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path

from mlflow.entities import LoggedModel, LoggedModelOutput, Metric, Param
from mlflow.exceptions import MlflowException

from podium.measurement import Holdout, Measurement
from tasks.effects.store import Store

IDENTIFIERS = "podium.identifiers"
"""Tag of a logged model: the columns it looks at that tell the rows of a holdout apart."""
FINGERPRINT, FILES, BYTES = "podium.fingerprint", "podium.files_sha256", "podium.bytes"
"""Tags of a logged model: the digest of the staged files that it was made from, else of its own, and their size."""
MEASUREMENT = "measurement.json"
"""File of what was measured of a model, beside what it said."""
PREFIX = "holdout_"
"""Before a measured metric's name, so that it never overwrites what the run itself recorded."""
MOST = 100
"""Parameters that MLflow takes in one call."""
MOST_NAMED = 10
"""Columns that a tag names."""
MOST_METRICS = 800
"""Metrics in one call: MLflow takes 1,000 of everything together."""


def log_numbers(store: Store, run_id: str, metrics: Sequence[Metric], params: Sequence[Param] = ()) -> None:
    """Write metrics and parameters to a run, in as few calls as MLflow allows."""
    calls = max(1, -(-len(metrics) // MOST_METRICS), -(-len(params) // MOST))
    for i in range(calls):
        some = metrics[i * MOST_METRICS : (i + 1) * MOST_METRICS]
        store.client.log_batch(run_id, some, params[i * MOST : (i + 1) * MOST], [])


def log_output(store: Store, run_id: str, model_id: str) -> None:
    """Write that a run made a logged model; MLflow's client repeats what was done without an answer, and is refused."""
    try:
        store.client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
    except MlflowException:
        noted = store.client.get_run(run_id).outputs
        if noted is None or model_id not in {output.model_id for output in noted.model_outputs}:
            raise


def measured_of(model: LoggedModel, digest: str) -> dict[str, float]:
    """Return the holdout metrics that were last logged of a model on the rows of this digest.

    Which was last is told as MLflow's sorting by metrics tells it: by time, then by step, then by the lowest run.
    """
    by_run = sorted(model.metrics or [], key=lambda m: str(m.run_id), reverse=True)
    return {
        m.key.removeprefix(PREFIX): m.value
        for m in sorted(by_run, key=lambda m: (m.timestamp, m.step))
        if m.dataset_digest == digest and m.key.startswith(PREFIX) and isfinite(m.value)
    }


def measuring_run_of(model: LoggedModel) -> str | None:
    """Return the run in which a logged model was last measured, None if it was not yet."""
    measured = [m for m in model.metrics or [] if m.key.startswith(PREFIX) and m.dataset_digest]
    newest = max(measured, key=lambda m: (m.timestamp, m.step), default=None)
    return str(newest.run_id) if newest and newest.run_id else None


def earlier_of(model: LoggedModel) -> dict[str, dict[str, float]]:
    """Return all holdout metrics of a model by the digests that they were logged under, the newest digest first."""
    newest = sorted((m for m in model.metrics or [] if m.key.startswith(PREFIX)), key=lambda m: -m.timestamp)
    digests = dict.fromkeys(m.dataset_digest for m in newest if m.dataset_digest)
    return {digest: measured_of(model, digest) for digest in digests}


def identifiers_of(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns that a logged model is known to look at and that tell rows apart."""
    try:
        found = json.loads(tags.get(IDENTIFIERS, "[]"))
    except ValueError:
        return ()
    return tuple(str(name) for name in found) if isinstance(found, list) else ()


def measured_tags(found: Measurement, known: Mapping[str, str]) -> dict[str, str]:
    """Return what a logged model with ``known`` tags is tagged with beside numbers: identifiers, its content."""
    tags = {IDENTIFIERS: json.dumps(found.identifiers[:MOST_NAMED])} if found.identifiers else {}
    if found.files:
        tags |= {FILES: found.files[0]} | ({} if BYTES in known else {BYTES: str(found.files[1])})
    return tags


def holdout_metrics(holdout: Holdout, found: Measurement, model_id: str, timestamp: int) -> list[Metric]:
    """Return the holdout metrics of a logged model, bound to the digest of the rows. ``timestamp`` is in ms."""
    return [
        Metric(PREFIX + name, value, timestamp, 0, model_id, holdout.name, holdout.digest)
        for name, value in sorted(found.metrics.items())
    ]


def place_of(digest: str) -> str:
    """Return the folder, among the artifacts of a run, of what was measured under a digest."""
    return f"holdout/{digest[:12]}"


def write_measurement(folder: Path, holdout: Holdout, found: Measurement, said: Path) -> None:
    """Write a measurement, with its confusion matrix and the predictions it is of, to a folder of artifacts.

    The predictions are kept so that comparing models later needs none of them loaded.
    """
    target = folder / place_of(holdout.digest)
    target.mkdir(parents=True)
    shutil.copyfile(said, target / said.name)
    of = {"rows_digest": holdout.rows_digest, "asked_for": list(holdout.identifiers)}
    document = {"holdout": holdout.name, "digest": holdout.digest, **of, **found.as_json()}
    (target / MEASUREMENT).write_text(json.dumps(document, indent=2), encoding="utf-8")
