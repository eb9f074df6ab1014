"""Models of three classes are migrated, measured by class, shown to be better, promoted and verified."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import yaml
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from flows.migration import migrate
from flows.selection import select
from flows.verification import verify
from podium.errors import ConfigError
from tests.flows.projects import store_of

pytestmark = pytest.mark.usefixtures("prefect_server")
CLASSES = ["gold", "silver", "tin"]
FEATURES = ["spent", "visits"]


def customers(seed: int, rows: int) -> pd.DataFrame:
    """Made-up customers, whose class follows from how far from the middle they are, which no line tells."""
    generator = np.random.default_rng(seed)
    found = pd.DataFrame(generator.normal(size=(rows, 2)), columns=FEATURES)
    distance = np.hypot(found["spent"], found["visits"]) + generator.normal(0, 0.1, rows)
    return found.assign(tier=np.select([distance < 0.8, distance < 1.4], CLASSES[:2], CLASSES[2]))


TRAINING, HOLDOUT = customers(0, 600), customers(1, 600)


def stage(config: Path, name: str, model: Any) -> Any:
    """Train a model, put it into a folder of the staging area, and return it."""
    folder = config.parent / "staging" / name
    folder.mkdir(parents=True)
    joblib.dump(model.fit(TRAINING[FEATURES], TRAINING["tier"]), folder / "model.pkl")
    (folder / "metadata.json").write_text("{}")
    return model


def test_the_better_of_two_models_of_three_classes_is_shown_and_promoted(home: Path) -> None:
    """Its numbers are scikit-learn's, the macro average decides, and the report tells every class."""
    HOLDOUT.to_parquet(home.parent / "holdout.parquet")
    holdout = {"path": "holdout.parquet", "target": "tier"}
    policy = {"primary": {"metric": "f1_score", "average": "macro"}, "guardrails": {"minimum": {"roc_auc": 0.5}}}
    content = {"staging": {"root": "staging"}, "holdout": holdout, "policy": policy}
    config = home.parent / "tiers.yaml"
    config.write_text(yaml.safe_dump(content))
    stage(config, "lines", LogisticRegression())
    with pytest.raises(ConfigError, match="say null for more than two classes"):
        migrate(str(config))
    config.write_text(yaml.safe_dump({**content, "holdout": {**holdout, "positive_class": None}}))
    migrate(str(config))
    first = select(str(config))
    assert first.as_json()["ranking"][0]["model_id"] == "lines"
    boosted = stage(config, "boosted", LGBMClassifier(n_estimators=30, num_leaves=7, verbose=-1))
    migrate(str(config))
    outcome = select(str(config)).as_json()
    assert (outcome["verdict"], outcome["promoted"]) == ("promote", "boosted"), outcome["reasons"]
    found = outcome["ranking"][0]
    truth, said = HOLDOUT["tier"], boosted.predict(HOLDOUT[FEATURES])
    assert found["value"] == pytest.approx(f1_score(truth, said, average="macro"))
    each = f1_score(truth, said, average=None, labels=CLASSES)
    assert [found["metrics"][f"class_{name}.f1_score"] for name in CLASSES] == pytest.approx(list(each))
    (challenger,) = outcome["comparison"]["challengers"]
    assert challenger["lower_bound"] > 0
    report = Path(outcome["report"], "report.html").read_text()
    assert all(f"<td>{name}</td>" in report for name in CLASSES)
    assert verify(str(config)).passed
    assert store_of(config).aliases().keys() == {"champion", "previous"}
