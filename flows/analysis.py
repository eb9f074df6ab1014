"""Analyses the staging root: an inventory ranked by claims, its problems, and statistics per model type."""

import difflib
from dataclasses import dataclass
from typing import Any

from prefect import flow

from configs.loading import load_config
from podium.errors import UsageError
from podium.inventory import Inventory, explanation, take_inventory
from podium.summary import summarise
from tasks.staging import read_staging


@dataclass(frozen=True, slots=True)
class Analysis:
    """The inventory of a staging root with its statistics."""

    root: str
    inventory: Inventory
    summary: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium analyze``."""
        return {"root": self.root, "models": self.inventory.as_json(), "summary": self.summary}

    def explain(self, model_id: str) -> dict[str, Any]:
        """Return the JSON document of ``podium analyze --explain``.

        Raises:
            UsageError: no staged model has this id.
        """
        ids = [model.model_id for model in self.inventory.models]
        if model_id not in ids:
            close = difflib.get_close_matches(model_id, ids, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "`podium analyze` lists them"
            raise UsageError(f"{model_id}: no staged model has this id; {hint}")
        return explanation(self.inventory.models[ids.index(model_id)])


@flow(name="analyze", validate_parameters=False)
def analyze(config_path: str | None = None) -> Analysis:
    """Take the inventory of the staging root without loading a model.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
    """
    config = load_config(config_path)
    staged = read_staging(config.staging.root, config.staging.timezone, config.staging.preprocessors)
    inventory = take_inventory(staged, config.holdout.id_columns if config.holdout else ())
    return Analysis(str(config.staging.root), inventory, summarise(inventory.models))
