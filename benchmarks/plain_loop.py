"""The straightforward migration that Podium is compared with: load, log, register, with MLflow's defaults.

``python -m benchmarks.plain_loop ROOT HOME`` migrates a staging root into a SQLite MLflow in HOME and prints, as JSON,
the seconds each model took once everything was imported and the database was there.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import joblib
import mlflow
import pandas as pd

TRUSTED = ["numpy.dtype", "sklearn.tree._tree.Tree", "xgboost.core.Booster", "xgboost.sklearn.XGBClassifier"]


def migrate(folder: Path, rows: pd.DataFrame) -> None:
    """Log and register one staged model the way a script would."""
    model = joblib.load(folder / "model.pkl")
    metadata = json.loads((folder / "metadata.json").read_text())
    flavour = type(model).__module__.split(".")[0]
    known = flavour if flavour in {"xgboost", "lightgbm"} else "sklearn"
    options: dict[str, Any] = {"skops_trusted_types": TRUSTED} if known == "sklearn" else {}
    with mlflow.start_run(run_name=metadata["model_id"]):
        mlflow.log_params(metadata["hyperparameters"])
        mlflow.log_metrics(metadata["performance_metrics"])
        importlib.import_module(f"mlflow.{known}").log_model(
            model,
            name="model",
            registered_model_name="churn",
            input_example=rows[metadata["feature_columns"]].head(5),
            **options,
        )


def main() -> None:
    """Migrate every folder of a root and print the seconds of each."""
    root, home = Path(sys.argv[1]), Path(sys.argv[2])
    home.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{home / 'mlflow.db'}")
    mlflow.create_experiment("churn", artifact_location=(home / "artifacts").as_uri())
    mlflow.set_experiment("churn")
    rows = pd.read_parquet(root.parent.parent / "holdout.parquet")
    each = []
    for folder in sorted(root.iterdir()):
        started = time.perf_counter()
        migrate(folder, rows)
        each.append(time.perf_counter() - started)
    print(json.dumps(each))


if __name__ == "__main__":
    main()
