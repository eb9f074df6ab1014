"""Lets the sandbox process import and look up beforehand what each of its forks would do anew."""

import importlib
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from podium.requirements import LIBRARIES, requirements_of
from tasks.effects.installed import installed

Answer = Callable[[dict[str, Any]], dict[str, Any]]
"""What answers a request of the sandbox."""
PRELOADED = (
    "sklearn.pipeline",
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "xgboost",
    "lightgbm",
    "mlflow.sklearn",
    "mlflow.xgboost",
    "mlflow.lightgbm",
    "mlflow.pyfunc",
    "skops.io",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "tasks.effects.conversion",
    "tasks.effects.scoring",
    "tasks.effects.explaining",
)


def rehearse(answer: Answer) -> None:
    """Import what models need, and convert a tiny one by the function that will answer."""
    _use_the_parser_in_c()
    _remember_versions()
    for name in PRELOADED:
        importlib.import_module(name)
    _convert_one(answer)


def _convert_one(answer: Answer) -> None:
    """Convert a tiny model of our own, so that what libraries import and look up on first use is there to be forked."""
    import joblib
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    for flavour in LIBRARIES:
        requirements_of(flavour, ("joblib", "scipy"), installed)
    with tempfile.TemporaryDirectory() as scratch:
        model, out = Path(scratch, "model.pkl"), Path(scratch, "out")
        rows = pd.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})
        joblib.dump(LogisticRegression().fit(rows, [0, 1]), model)
        paths = {"model": str(model), "out": str(out), "predictions": str(Path(scratch, "said.npz"))}
        answer(
            {
                "op": "convert",
                "sha256": None,
                "preprocessors": [],
                "holdout": None,
                "features": [],
                "types": {},
                "versions": {},
                "extra_globals": [],
                "memory_mb": 64,
                **paths,
            }
        )


def _use_the_parser_in_c() -> None:
    """Let MLflow read and write its YAML by the parser in C: it does so half a dozen times for each model."""
    if yaml.__with_libyaml__:
        yaml.SafeLoader, yaml.SafeDumper = yaml.CSafeLoader, yaml.CSafeDumper  # type: ignore[misc, assignment]


def _remember_versions() -> None:
    """Let MLflow look up each installed version once: it reads the metadata of ten packages for each model."""
    from mlflow.utils import environment, requirements_utils

    for module, name in ((requirements_utils, "_get_installed_version"), (environment, "_get_package_version")):
        if found := getattr(module, name, None):
            setattr(module, name, cache(found))
