"""Reads and changes the MLmodel file of a stored model, by libyaml: MLflow's own way takes ten times as long."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

PLAIN = {f"mlflow.{name}": name for name in ("sklearn", "xgboost", "lightgbm")}
"""Flavours that may store no more than parameters, by the module that loads them."""
NATIVE = (".ubj", ".json", ".xgb", ".lgb", ".txt")
"""Ends of files in XGBoost's and LightGBM's own formats."""


@contextmanager
def mlmodel(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the content of a model folder's MLmodel file, and write back what became of it."""
    path = folder / "MLmodel"
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    yield content
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True), encoding="utf-8")


def is_plain(folder: Path) -> bool:
    """Whether a stored model is parameters in a library's own format, so that loading it runs no code of its maker's.

    That is what its MLmodel file says, and so no wall against a hostile one.
    """
    try:
        content = yaml.load((folder / "MLmodel").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        flavours = content["flavors"]
        loader, code = (flavours["python_function"].get(key) for key in ("loader_module", "code"))
        library = flavours[PLAIN[loader]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return False
    native = "serialization_format" not in library and str(library.get("data")).endswith(NATIVE)
    return not code and not library.get("code") and (native or library.get("serialization_format") == "skops")
