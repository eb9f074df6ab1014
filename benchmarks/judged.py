"""The two sides of ``benchmarks.verdict`` in one process, where Prefect's server and the sandbox are already up.

``python -m benchmarks.judged CONFIG COUNT`` selects once, logs new models by plain MLflow, and times the loop that
loads each and asks it for probabilities of the holdout, and then a selection that decides on all of them. Prints the
seconds of both.
"""

import json
import sys
import time
from typing import Any

import numpy as np
import pandas as pd

from flows.cli import embedded
from flows.cli.environment import prepare

COLUMNS = ["tenure", "MonthlyCharges", "SeniorCitizen"]
TRUSTED = ["numpy.dtype", "sklearn.tree._tree.Tree", "collections.OrderedDict"]
ROWS = 300


def kinds(seed: int) -> list[tuple[str, Any]]:
    """Return models of each kind, with the flavour that logs them."""
    from lightgbm import LGBMClassifier
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from xgboost import XGBClassifier

    return [
        ("sklearn", make_pipeline(StandardScaler(), LogisticRegression(C=1 / (seed + 1)))),
        ("sklearn", RandomForestClassifier(50, max_depth=6, random_state=seed)),
        ("xgboost", XGBClassifier(n_estimators=50, max_depth=4, random_state=seed)),
        ("lightgbm", LGBMClassifier(n_estimators=50, num_leaves=15, random_state=seed, verbose=-1)),
    ]


def log(experiment_id: str, rows: pd.DataFrame, number: int) -> tuple[str, str]:
    """Train a model on a few rows, a third of them labelled at random, and log it; return its flavour and id."""
    import mlflow

    chance = np.random.default_rng(number)
    some = rows.sample(ROWS, random_state=number)
    labels = np.where(chance.random(ROWS) < 1 / 3, chance.integers(0, 2, ROWS), some["churn"])
    flavour, model = kinds(number)[number % 4]
    model.fit(some[COLUMNS].astype(float), labels)
    trusted = {} if flavour == "xgboost" else {"skops_trusted_types": [*TRUSTED, *_own(flavour)]}
    with mlflow.start_run(experiment_id=experiment_id, run_name=f"new_{number:02}"):
        example = some[COLUMNS].astype(float).head(3)
        kept = {"name": "model", "input_example": example, "pip_requirements": ["scikit-learn"], **trusted}
        made = getattr(mlflow, flavour).log_model(model, **kept)
    return flavour, str(made.model_id)


def _own(flavour: str) -> list[str]:
    return ["lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier"] if flavour == "lightgbm" else []


def loop(models: list[tuple[str, str]], rows: pd.DataFrame) -> None:
    """Load each model and ask it for probabilities."""
    import mlflow

    features = rows[COLUMNS].astype(float)
    for flavour, model_id in models:
        getattr(mlflow, flavour).load_model(f"models:/{model_id}").predict_proba(features)


def main() -> None:
    """Start everything, log what is new, and time both sides."""
    config, count = sys.argv[1], int(sys.argv[2])
    prepare(verbose=False)
    embedded.start()
    from configs.loading import load_config
    from flows.selection import select
    from tasks.effects.store import connect

    embedded.await_ready()
    loaded = load_config(config)
    assert loaded.holdout is not None
    rows = pd.read_parquet(loaded.holdout.path)
    with embedded.unwatched():
        select(config)
        experiment_id = connect(loaded.mlflow).experiment_id
        loop([log(experiment_id, rows, number) for number in range(1000, 1004)], rows)
        select(config)
        models = [log(experiment_id, rows, number) for number in range(count)]
        begun = time.perf_counter()
        loop(models, rows)
        between = time.perf_counter()
        outcome = select(config)
        ended = time.perf_counter()
    measured = [r for r in outcome.selection.ranking if r.candidate.model_id.startswith("new_0") and r.place]
    assert (len(outcome.selection.ranking), outcome.recorded) == (count + 5, True)
    assert len(measured) == min(count, 10), "some were not measured"
    print(json.dumps({"loop": between - begun, "podium": ended - between, "verdict": outcome.selection.verdict}))


if __name__ == "__main__":
    main()
