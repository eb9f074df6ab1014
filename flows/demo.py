"""Prepares the demo: real data, a legacy staging area made from it, and a config that points at both."""

import yaml
from prefect import flow

from flows.places import DemoHome
from tasks.demo_data import fetch_churn_csv
from tasks.demo_models import IDENTIFIER, TARGET, make_staging_area


@flow(name="prepare-demo", validate_parameters=False)
def prepare_demo(places: DemoHome) -> list[str]:
    """Make what the demo needs and is not there yet; return the ids of newly trained models."""
    write_config(places)
    csv = fetch_churn_csv(places.home / "cache")
    return make_staging_area(csv, places.staging, places.holdout)


def write_config(places: DemoHome) -> None:
    """Write the demo's config, with paths relative to it."""
    places.folder.mkdir(parents=True, exist_ok=True)
    holdout = {"path": places.holdout.name, "target": TARGET, "positive_class": 1, "id_columns": [IDENTIFIER]}
    content = {
        "mlflow": {"experiment": "churn_monitoring", "registered_model": "churn"},
        "staging": {"root": "models/staging"},
        "holdout": holdout,
    }
    places.config.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
