"""Prepares the demo: real data, a legacy staging area made from it, and a config that points at both."""

import yaml
from prefect import flow

from flows.places import DemoHome
from tasks.demo_data import fetch_churn_csv
from tasks.demo_models import IDENTIFIER, TARGET, arrive, make_earlier_model, make_staging_area


@flow(name="prepare-demo", validate_parameters=False)
def prepare_demo(places: DemoHome) -> list[str]:
    """Make what the demo needs and is not there yet; return the ids of newly trained models."""
    write_config(places)
    csv = fetch_churn_csv(places.home / "cache")
    return make_staging_area(csv, places.staging, places.holdout)


@flow(name="prepare-arrivals", validate_parameters=False)
def prepare_arrivals(places: DemoHome) -> str:
    """Stage what is in production when others arrive, apart from the rest of the demo; return its id."""
    write_config(places.arrivals, "churn_arrivals")
    csv = fetch_churn_csv(places.home / "cache")
    return make_earlier_model(csv, places.arrivals.staging)


@flow(name="let-arrive", validate_parameters=False)
def let_arrive(places: DemoHome, model_id: str) -> None:
    """Let a model of the demo arrive in the staging root of the second chapter."""
    arrive(model_id, places.staging, places.arrivals.staging)


def write_config(places: DemoHome, name: str = "churn") -> None:
    """Write a config of the demo, with paths relative to it."""
    places.folder.mkdir(parents=True, exist_ok=True)
    holdout = {"path": places.holdout.name, "target": TARGET, "positive_class": 1, "id_columns": [IDENTIFIER]}
    experiment = "churn_monitoring" if name == "churn" else name
    content = {
        "mlflow": {"experiment": experiment, "registered_model": name},
        "staging": {"root": str(places.staging.relative_to(places.folder))},
        "holdout": holdout,
    }
    places.config.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
