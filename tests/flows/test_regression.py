"""Regressors are migrated, measured, ranked, shown to be better, promoted and verified by metrics of numbers."""

from pathlib import Path
from typing import Any

import joblib
import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn import metrics as sk
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from xgboost import XGBRegressor

from flows.migration import migrate
from flows.selection import select
from flows.verification import verify
from podium.errors import ConfigError
from tests.flows.projects import log_with_plain_mlflow, refused, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")
FEATURES = ["size", "rooms", "age"]


def houses(seed: int, rows: int) -> pd.DataFrame:
    """Made-up houses with their prices, of which size and age say most."""
    generator = np.random.default_rng(seed)
    found = pd.DataFrame(generator.normal(size=(rows, 3)), columns=FEATURES)
    noise = generator.normal(0, 8_000, rows)
    price = 250_000 + 60_000 * found["size"] + 9_000 * found["rooms"] - 20_000 * found["age"].abs() + noise
    return found.assign(price=price, quarter=[("old town", "harbour", "hill")[i % 3] for i in range(rows)])


TRAINING, HOLDOUT = houses(0, 400), houses(1, 400)


def project(folder: Path, **policy: Any) -> Path:
    """A project whose holdout has a number as its target."""
    HOLDOUT.to_parquet(folder / "holdout.parquet")
    (folder / "staging").mkdir(exist_ok=True)
    holdout = {"path": "holdout.parquet", "target": "price", "task": "regression", "slices": ["quarter"]}
    content = {"staging": {"root": "staging"}, "holdout": holdout, "policy": policy}
    config = folder / "prices.yaml"
    config.write_text(yaml.safe_dump(content))
    return config


def stage(config: Path, name: str, model: Any, *, target: str = "price", metadata: str = "{}") -> None:
    """Train a model and put it into a folder of the staging area."""
    folder = config.parent / "staging" / name
    folder.mkdir()
    goal = TRAINING[target] if target == "price" else (TRAINING["price"] > 250_000).astype(int)
    joblib.dump(model.fit(TRAINING[FEATURES], goal), folder / "model.pkl")
    (folder / "metadata.json").write_text(metadata)


def rows_of(outcome: Any) -> dict[str, Any]:
    """The rows of the ranking by model id."""
    return {row["model_id"]: row for row in outcome.as_json()["ranking"]}


def test_the_best_regressor_is_promoted_shown_and_verified(home: Path) -> None:
    """Measured as scikit-learn does; one that is shown to be better replaces the champion, and a classifier is none."""
    config = project(home.parent, guardrails={"slice_regression": 5_000.0, "maximum": {"max_error": 400_000.0}})
    stage(config, "linear", LinearRegression(), metadata='{"metrics": {"rmse": 100.0, "r2": 0.5}}')
    stage(config, "labels", LogisticRegression(), target="labels")
    first = migrate(str(config))
    assert [m.model_id for m in first.of("migrated")] == ["linear"]
    assert "predicts labels: holdout.task is regression" in first.of("quarantined")[0].reason
    outcome = select(str(config))
    assert (outcome.production.model_id, outcome.selection.primary) == ("linear", "rmse")
    linear = rows_of(outcome)["linear"]
    said = LinearRegression().fit(TRAINING[FEATURES], TRAINING["price"]).predict(HOLDOUT[FEATURES])
    assert linear["metrics"]["rmse"] == pytest.approx(sk.root_mean_squared_error(HOLDOUT["price"], said))
    assert linear["alarms"] == [
        f"claims rmse 100.0000 but measures {linear['value']:.4f}: leaked or training-set score"
    ]
    assert {name for name in linear["metrics"] if name.startswith("slice_")} == {
        f"slice_quarter.{name}.rmse" for name in ("old town", "harbour", "hill")
    }

    stage(config, "forest", RandomForestRegressor(n_estimators=30, random_state=0))
    stage(config, "boosted", XGBRegressor(n_estimators=60, max_depth=3, random_state=0))
    migrate(str(config))
    second = select(str(config))
    assert second.production.model_id == "boosted", second.selection.reasons
    compared = {c["candidate"]: c for c in second.as_json()["comparison"]["challengers"]}["boosted"]
    assert compared["lower_bound"] > 0
    assert (compared["mcnemar"], compared["delong"]) == (None, None)
    assert {g["name"]: g["status"] for g in rows_of(second)["boosted"]["guardrails"]} == {
        "max_error <= 400000": "pass",
        "no slice loses more than 5000 rmse": "pass",
    }
    report = Path(str(second.report), "report.html").read_text()
    assert "Predicted and true" in report
    assert report.count('class="dots') == 4, "the winner and the champion, predicted and residuals"
    for absent in ("Confusion matrix", "ROC", "By class", "weighted"):
        assert absent not in report
    assert verify(str(config)).passed
    assert not select(str(config)).recorded, "nothing is new"


def test_candidates_of_plain_mlflow_are_measured_by_their_task(home: Path) -> None:
    """A regressor that anybody logged is ranked; a classifier among them is listed with the reason."""
    config = project(home.parent, primary={"metric": "sklearn.neg_mean_poisson_deviance"})
    features, price = TRAINING[FEATURES], TRAINING["price"]
    log_with_plain_mlflow(config, LinearRegression().fit(features, price), features, "linear")
    log_with_plain_mlflow(config, LogisticRegression().fit(features, price > 250_000), features, "labels")
    ranking = rows_of(select(str(config)))
    assert ranking["linear"]["place"] == 1
    assert "predicts labels: holdout.task is regression" in ranking["labels"]["reason"]


def test_a_regressor_among_classifiers_is_quarantined(home: Path, made: Path) -> None:
    """Where labels are predicted, a model of numbers is refused by name."""
    config = project(home.parent)
    content = yaml.safe_load(config.read_text())
    content["holdout"] = {"path": str(made / "holdout.parquet"), "target": "churn"}
    config.write_text(yaml.safe_dump(content))
    stage(config, "linear", LinearRegression())
    outcome = migrate(str(config))
    assert "a LinearRegression predicts numbers: holdout.task is classification" in outcome.of("quarantined")[0].reason


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"primary": {"metric": "f1_score"}}, "policy.primary.metric: f1_score does not fit holdout.task: regression"),
        ({"ties": ["roc_auc"]}, "policy.ties: roc_auc does not fit"),
        ({"guardrails": {"maximum": {"calibration_error": 1}}}, "calibration_error does not fit"),
        ({"guardrails": {"fairness_gap": {"accuracy": 0.1}}}, "policy.guardrails.fairness_gap is of labels"),
        ({"primary": {"metric": "max_error"}}, "max_error hangs on a single row"),
        ({"primary": {"metric": "sklearn.f1"}}, "sklearn.f1 is no scorer of numbers"),
    ],
)
def test_a_policy_of_labels_is_refused(home: Path, policy: dict[str, Any], told: str) -> None:
    """One line that names the key, the metric and the task."""
    with pytest.raises(ConfigError) as refusal:
        select(str(project(home.parent, **policy)))
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_policy_of_numbers_is_refused_among_labels(home: Path) -> None:
    """The other way round as well."""
    config = project(home.parent, guardrails={"maximum": {"rmse": 1}})
    config.write_text(config.read_text().replace("task: regression", "task: classification"))
    with pytest.raises(ConfigError, match=r"policy\.guardrails\.maximum: rmse does not fit"):
        select(str(config))


def test_a_target_of_texts_is_no_regression(home: Path) -> None:
    """The target must be numbers."""
    config = project(home.parent)
    HOLDOUT.assign(price="much").to_parquet(config.parent / "holdout.parquet")
    with pytest.raises(ConfigError, match=r"holdout\.target: price: not all of it is finite numbers"):
        select(str(config))


def test_a_champion_of_numbers_that_changed_its_answers_is_not_confirmed(home: Path) -> None:
    """Numbers that anybody logged for a model are asked for once more before it is promoted."""
    config = project(home.parent)
    stage(config, "linear", LinearRegression())
    migrate(str(config))
    (row,) = select(str(config), dry_run=True).as_json()["ranking"]
    store = store_of(config)
    digest = next(
        m.dataset_digest for m in store.client.get_logged_model(row["logged_model_id"]).metrics if m.dataset_digest
    )
    mlflow.set_tracking_uri(store.uri)
    store.client.log_metric(
        row["run_id"], "holdout_rmse", 1.0, timestamp=9_999_999_999_999, model_id=row["logged_model_id"],
        dataset_name="holdout", dataset_digest=digest,
    )  # fmt: skip
    answer = refused(select, config)
    assert "its logged rmse is 1.0000, but it measures" in rows_of(answer)["linear"]["reason"]
