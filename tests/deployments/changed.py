"""Copies of the project's declarations in YAML, each with one change."""

from pathlib import Path

import yaml


def changed(file: Path, section: str, tmp_path: Path, **changes: object) -> Path:
    """A copy of a file of which the first entry of a section is changed."""
    content = yaml.safe_load(file.read_text())
    content[section][0] |= changes
    path = tmp_path / file.name
    path.write_text(yaml.safe_dump(content))
    return path
