"""Writes what was measured of a model, the same way whoever measured it."""

import json
from pathlib import Path

from mlflow.entities import Metric

from podium.measurement import Holdout, Measurement

PREFIX = "holdout_"
"""Before a measured metric's name, so that it never overwrites what the run itself recorded."""


def holdout_metrics(holdout: Holdout, found: Measurement, model_id: str, timestamp: int) -> list[Metric]:
    """Return the holdout metrics of a logged model, bound to the digest of the rows. ``timestamp`` is in ms."""
    return [
        Metric(PREFIX + name, value, timestamp, 0, model_id, holdout.name, holdout.digest)
        for name, value in sorted(found.metrics.items())
    ]


def write_measurement(folder: Path, holdout: Holdout, found: Measurement) -> None:
    """Write a measurement, with its confusion matrix, to ``holdout/<digest>/`` in a folder of artifacts."""
    target = folder / "holdout" / holdout.digest[:12]
    target.mkdir(parents=True)
    document = {"holdout": holdout.name, "digest": holdout.digest, **found.as_json()}
    matrix = document["confusion_matrix"]
    (target / "measurement.json").write_text(json.dumps(document, indent=2), encoding="utf-8")
    (target / "confusion_matrix.json").write_text(json.dumps(matrix, indent=2), encoding="utf-8")
