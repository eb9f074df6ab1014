"""Describes rows and stored models the way MLflow does, but once for all models of the same columns.

The signature of a hundred rows, an example of five, and the lists of requirements are the same for most models of a
folder, and MLflow takes longer to make them than to store a small model.
"""

import pickle
import shutil
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import mlflow.sklearn
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import Schema
from sklearn.dummy import DummyClassifier

from tasks.effects.mlmodel import mlmodel

_schemas: dict[bytes, Schema] = {}
_descriptions: dict[bytes, dict[str, bytes]] = {}
"""What was described before, by all that it depends on. A process of the sandbox sees few models: both stay small."""


def signature_of(rows: pd.DataFrame, answers: Any) -> ModelSignature:
    """Return the signature of some rows and the answers (n,) to them, which are None where they are not known."""
    key = pickle.dumps(rows)
    if key not in _schemas:
        _schemas[key] = infer_signature(rows).inputs
    outputs = None if answers is None else infer_signature(_one_row(), answers).outputs
    return ModelSignature(inputs=_schemas[key], outputs=outputs)


def describe(out: Path, options: Mapping[str, Any], trusted: Sequence[str]) -> None:
    """Write an MLflow model of scikit-learn with these options of ``save_model``: a stand-in and all that describes it.

    ``trusted`` are the types that it names as trusted.
    """
    key = pickle.dumps({**options, "signature": options["signature"].to_dict()})
    if key not in _descriptions:
        mlflow.sklearn.save_model(_stand_in(), path=str(out), **options)
        _descriptions[key] = {path.name: path.read_bytes() for path in out.iterdir()}
        shutil.rmtree(out)
    out.mkdir()
    for name, content in _descriptions[key].items():
        (out / name).write_bytes(content)
    with mlmodel(out) as stored:
        stored["model_uuid"] = uuid.uuid4().hex
        stored["utc_time_created"] = str(datetime.now(UTC).replace(tzinfo=None))
        stored["flavors"]["sklearn"]["skops_trusted_types"] = list(trusted)


@cache
def _one_row() -> pd.DataFrame:
    return pd.DataFrame({"column": [0.0]})


@cache
def _stand_in() -> Any:
    """Return a small model, whose place in a stored scikit-learn model the real one takes."""
    return DummyClassifier().fit([[0]], [0])
