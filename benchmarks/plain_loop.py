"""The straightforward migration that Podium is compared with: load, log, register, with MLflow's defaults.

``python -m benchmarks.plain_loop ROOT HOLDOUT HOME`` migrates a staging root into a new SQLite MLflow in HOME, or into
the server that ``MLFLOW_TRACKING_URI`` names, and prints, as JSON, the seconds of each model once everything is
imported and the database is there.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import joblib
import mlflow
import mlflow.lightgbm
import mlflow.sklearn
import mlflow.xgboost
import pandas as pd

FLAVOURS: dict[str, Any] = {"xgboost": mlflow.xgboost, "lightgbm": mlflow.lightgbm}
TRUSTED = ["numpy.dtype", "sklearn.tree._tree.Tree", "xgboost.core.Booster", "xgboost.sklearn.XGBClassifier"]
"""Without these scikit-learn's flavour refuses to log any of the demo's pipelines; the other flavours need none."""


def migrate(folder: Path, rows: pd.DataFrame) -> None:
    """Log and register one staged model the way a script would."""
    model = joblib.load(folder / "model.pkl")
    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    flavour = FLAVOURS.get(type(model).__module__.split(".")[0], mlflow.sklearn)
    options = {"skops_trusted_types": TRUSTED} if flavour is mlflow.sklearn else {}
    example = rows[metadata["feature_columns"]].head(5)
    with mlflow.start_run(run_name=metadata["model_id"]):
        mlflow.log_params(metadata["hyperparameters"])
        mlflow.log_metrics(metadata["performance_metrics"])
        flavour.log_model(model, name="model", registered_model_name="churn", input_example=example, **options)


def timed(folder: Path, rows: pd.DataFrame) -> float:
    """Return the seconds of migrating one staged model."""
    started = time.perf_counter()
    migrate(folder, rows)
    return time.perf_counter() - started


def main() -> None:
    """Migrate every folder of a root and print the seconds of each."""
    root, holdout, home = map(Path, sys.argv[1:4])
    home.mkdir(parents=True, exist_ok=True)
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        mlflow.set_tracking_uri(f"sqlite:///{home / 'mlflow.db'}")
        mlflow.create_experiment("churn", artifact_location=(home / "artifacts").as_uri())
    mlflow.set_experiment("churn")
    rows = pd.read_parquet(holdout)
    print(json.dumps([timed(folder, rows) for folder in sorted(root.iterdir())]))


if __name__ == "__main__":
    main()
