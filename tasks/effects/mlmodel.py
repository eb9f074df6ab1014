"""Changes the MLmodel file of a stored model, by libyaml: MLflow's own way takes ten times as long."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml


@contextmanager
def mlmodel(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the content of a model folder's MLmodel file, and write back what became of it."""
    path = folder / "MLmodel"
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    yield content
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True), encoding="utf-8")
