"""Makes the staging area of the demo: eight models trained on real data and saved the way legacy projects save them.

One of them is a trap: it is overfitted, and its metadata claims the scores it has on its own training rows.
"""

import json
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, roc_auc_score
from sklearn.model_selection import train_test_split

from podium.progress import Counter
from tasks.effects.recipes import common, estimator, pipeline

SEED = 42
TARGET, IDENTIFIER = "churn", "customerID"
NUMERIC = ["SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one staged model is made. ``bare`` models see the numeric columns only and have no pipeline."""

    model_id: str
    parameters: dict[str, Any] = field(default_factory=dict)
    bare: bool = False
    claims_training_scores: bool = False

    @property
    def kind(self) -> str:
        """The type of the model, which its id begins with."""
        return self.model_id.rsplit("_", 2)[0]


FIRST = {"n_estimators": 150, "max_depth": 4, "learning_rate": 0.1}
RECIPES = (
    Recipe("lightgbm_20250820_104713", {"n_estimators": 120, "num_leaves": 7, "learning_rate": 0.05}, bare=True),
    Recipe("logistic_regression_20250820_104738", {"C": 1.0}),
    Recipe("random_forest_20250820_104726", {"n_estimators": 150, "max_depth": 9, "min_samples_leaf": 3}),
    Recipe("xgboost_20250820_104603", FIRST),
    Recipe("xgboost_20250820_104648", {**FIRST, "verbosity": 0}),
    Recipe("xgboost_20250820_114557", {"n_estimators": 100, "max_depth": 3, "learning_rate": 0.1}, bare=True),
    Recipe(
        "xgboost_20250822_013133",
        {"n_estimators": 200, "max_depth": 3, "learning_rate": 0.05, "subsample": 0.8, "min_child_weight": 3},
    ),
    Recipe(
        "xgboost_20250826_013058",
        {"n_estimators": 200, "max_depth": 7, "learning_rate": 0.15},
        claims_training_scores=True,
    ),
)


EARLIER = Recipe("lightgbm_20250701_090000", {"n_estimators": 45, "num_leaves": 5, "learning_rate": 0.05}, bare=True)
"""What is in production when the second chapter begins."""
LUCKY, BETTER = "xgboost_20250826_013058", "logistic_regression_20250820_104738"
"""Who arrives then: one whose lead these rows cannot tell from luck, and one that they show to be better."""


@dataclass(frozen=True, slots=True)
class Split:
    """The stratified 80/20 split of the data, seed 42."""

    train: pd.DataFrame
    train_target: "pd.Series[int]"
    test: pd.DataFrame
    test_target: "pd.Series[int]"


@task(cache_policy=NO_CACHE)
def make_staging_area(csv: Path, root: Path, holdout: Path) -> list[str]:
    """Write the holdout and the staged models that are not there yet, and return the ids of the new ones."""
    missing = [r for r in RECIPES if not (root / r.model_id).exists()]
    if not missing and holdout.exists():
        return []
    split = _split(csv)
    _write_holdout(split, holdout)
    count = Counter("training the demo's models", len(missing))
    for recipe in missing:
        _stage(recipe, split, root)
        count.step(recipe.model_id)
    return [r.model_id for r in missing]


@task(cache_policy=NO_CACHE)
def make_earlier_model(csv: Path, root: Path) -> str:
    """Write the model that is in production when others arrive, if it is not there yet, and return its id."""
    if not (root / EARLIER.model_id).exists():
        _stage(EARLIER, _split(csv), root)
    return EARLIER.model_id


@task(cache_policy=NO_CACHE)
def arrive(model_id: str, source: Path, root: Path) -> None:
    """Let a model of one staging root arrive in another, whole or not at all."""
    if (root / model_id).exists():
        return
    partial = root / f".{model_id}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source / model_id, partial)
    partial.rename(root / model_id)


def _split(csv: Path) -> Split:
    data = pd.read_csv(csv, na_values=[" "])
    target = (data.pop("Churn") == "Yes").astype("int64").rename(TARGET)
    train, test, train_target, test_target = train_test_split(
        data, target, test_size=0.2, stratify=target, random_state=SEED
    )
    return Split(train, train_target, test, test_target)


def _write_holdout(split: Split, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    split.test.assign(**{TARGET: split.test_target}).to_parquet(partial, index=False)
    partial.replace(path)


def _stage(recipe: Recipe, split: Split, root: Path) -> None:
    """Train one model and write its folder, which appears only when it is whole."""
    columns = NUMERIC if recipe.bare else [c for c in split.train.columns if c != IDENTIFIER]
    model = _estimator(recipe, columns).fit(split.train[columns], split.train_target)
    scored = (split.train, split.train_target) if recipe.claims_training_scores else (split.test, split.test_target)
    partial = root / f".{recipe.model_id}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    joblib.dump(model, partial / "model.pkl")
    metadata = _metadata(recipe, columns, _scores(model, scored[0][columns], scored[1]))
    (partial / "metadata.json").write_text(json.dumps(metadata, indent=2), encoding="utf-8")
    partial.rename(root / recipe.model_id)


def _estimator(recipe: Recipe, columns: list[str]) -> Any:
    model = estimator(recipe.kind, SEED, **recipe.parameters)
    return model if recipe.bare else pipeline(model, NUMERIC, [c for c in columns if c not in NUMERIC])


def _scores(model: Any, rows: pd.DataFrame, target: "pd.Series[int]") -> dict[str, float]:
    said = model.predict(rows)
    precision, recall, f1, _ = precision_recall_fscore_support(target, said, average="weighted")
    return {
        "accuracy": float(accuracy_score(target, said)),
        "precision": float(precision),
        "recall": float(recall),
        "f1_score": float(f1),
        "roc_auc": float(roc_auc_score(target, model.predict_proba(rows)[:, 1])),
    }


def _metadata(recipe: Recipe, columns: list[str], scores: dict[str, float]) -> dict[str, Any]:
    stamp = datetime.strptime("_".join(recipe.model_id.rsplit("_", 2)[1:]), "%Y%m%d_%H%M%S")
    return {
        "model_id": recipe.model_id,
        "model_path": f"models\\staging\\{recipe.model_id}\\model.pkl",
        "stage": "staging",
        "registered_at": stamp.isoformat(),
        "model_name": "churn",
        "model_type": recipe.kind,
        "performance_metrics": scores,
        "hyperparameters": {**common(recipe.kind, SEED), **recipe.parameters},
        "feature_columns": columns,
        "created_by": "training_pipeline",
        "description": f"{recipe.kind.replace('_', ' ')} for customer churn",
    }
