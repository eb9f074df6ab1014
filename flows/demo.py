"""Prepares the demo: real data, a legacy staging area made from it, and a config that points at both."""

from dataclasses import dataclass
from pathlib import Path

import yaml
from prefect import flow

from podium.errors import UsageError
from tasks.demo_data import fetch_churn_csv
from tasks.demo_models import IDENTIFIER, TARGET, make_staging_area


@dataclass(frozen=True, slots=True)
class DemoHome:
    """The places of a demo inside a home."""

    home: Path

    @property
    def folder(self) -> Path:
        """Everything that only the demo needs."""
        return self.home / "demo"

    @property
    def staging(self) -> Path:
        """The staging root."""
        return self.folder / "models" / "staging"

    @property
    def holdout(self) -> Path:
        """The labelled rows that no model was trained on."""
        return self.folder / "holdout.parquet"

    @property
    def config(self) -> Path:
        """The config file."""
        return self.folder / "churn.yaml"

    @property
    def database(self) -> Path:
        """The embedded MLflow database."""
        return self.home / "mlflow.db"


def refuse_foreign(places: DemoHome) -> None:
    """Refuse a home that holds somebody's own models: the demo must never mix its models into them.

    Raises:
        UsageError: the home has an MLflow database and no demo.
    """
    if places.database.exists() and not places.config.exists():
        raise UsageError(f"{places.home} holds models of your own; run the demo elsewhere: podium demo --home DIR")


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
