"""Projects for the tests of flows: a home, a config, some candidates."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
import yaml

from configs.loading import load_config
from flows.migration import migrate
from flows.selection import select
from podium.errors import NegativeAnswerError
from tasks.effects.store import Store, connect

LOGISTIC, FOREST, TRAP = (
    "logistic_regression_20250820_104738",
    "random_forest_20250820_104726",
    "xgboost_20250826_013058",
)
TWINS = ("xgboost_20250820_104603", "xgboost_20250820_104648")


def project(folder: Path, made: Path, *names: str, **sections: Any) -> Path:
    """A project with some of the demo's models staged; returns its config file.

    Its numbers decide, unless a policy is given: the demo's models are too alike for much to be shown of them. How
    quickly a model answers says nothing on a shared machine, and decides only where ``verification`` is given.
    """
    root = folder / "staging"
    root.mkdir(exist_ok=True)
    for name in names:
        shutil.copytree(made / "staging" / name, root / name)
    holdout = {"path": str(made / "holdout.parquet"), "target": "churn", "id_columns": ["customerID"]}
    policy = sections.pop("policy", None) or {}
    policy = {**policy, "evidence": {"confidence": None, **policy.get("evidence", {})}}
    patient = {"verification": {"latency_ms": 60_000}}
    content = {"staging": {"root": "staging"}, "holdout": holdout, "policy": policy, **patient, **sections}
    config = folder / "churn.yaml"
    config.write_text(yaml.safe_dump({k: v for k, v in content.items() if v is not None}))
    return config


def decided_project(folder: Path, made: Path) -> Path:
    """A project with LOGISTIC in production; returns its config file."""
    config = project(folder, made, LOGISTIC)
    migrate(str(config))
    select(str(config))
    return config


def add_staged(config: Path, made: Path, *names: str) -> None:
    """Stage further models of the demo."""
    for name in names:
        shutil.copytree(made / "staging" / name, config.parent / "staging" / name)


def refused(flow: Callable[..., Any], config: Path, **named: Any) -> Any:
    """Call a flow that must answer no, and return its whole answer."""
    with pytest.raises(NegativeAnswerError) as no:
        flow(str(config), **named)
    return no.value.answer


def copy_database(source: Path, target: Path) -> None:
    """Copy a database with all that was written to it, be it still in its write-ahead log alone."""
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as copy:
        there.backup(copy)


def store_of(config: Path) -> Store:
    """The store of a config file."""
    return connect(load_config(config).mlflow)


def log_with_plain_mlflow(config: Path, model: Any, rows: pd.DataFrame, name: str, **metrics: float) -> str:
    """Log a trained model the way anybody's training code does; returns the logged model's id."""
    store = store_of(config)
    mlflow.set_experiment(experiment_id=store.experiment_id)
    with mlflow.start_run(run_name=name):
        mlflow.log_metrics(metrics)
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=rows.head(3),
            pip_requirements=["scikit-learn"],
            skops_trusted_types=["numpy.dtype", "sklearn.tree._tree.Tree"],
        )
    return str(info.model_id)
