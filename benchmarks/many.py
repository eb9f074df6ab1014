"""Makes a staging root of as many models as wanted out of the demo's eight: each a model of its own by its metadata."""

import json
import os
from pathlib import Path

import yaml

from tasks.demo_models import IDENTIFIER, RECIPES


def stage(source: Path, holdout: Path, folder: Path, count: int, kinds: str = "", **sections: object) -> str:
    """Return the path of a config of ``count`` staged models, whose ids begin with ``kinds`` if that is given."""
    originals = [recipe.model_id for recipe in RECIPES if recipe.model_id.startswith(kinds)]
    for number in range(count):
        original = source / originals[number % len(originals)]
        _copy(original, folder / "staging" / f"{original.name}_{number:05d}", number)
    content = {"staging": {"root": "staging"}, "holdout": {"path": str(holdout), "id_columns": [IDENTIFIER]}}
    path = folder / "churn.yaml"
    path.write_text(yaml.safe_dump({**content, **sections}), encoding="utf-8")
    return str(path)


def _copy(original: Path, target: Path, number: int) -> None:
    target.mkdir(parents=True)
    os.link(original / "model.pkl", target / "model.pkl")
    metadata = json.loads((original / "metadata.json").read_text(encoding="utf-8"))
    told = {**metadata, "model_id": target.name, "number": number}
    (target / "metadata.json").write_text(json.dumps(told), encoding="utf-8")
