"""Reads the holdout: its true labels, and the digest that says which rows they are."""

import hashlib
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from configs.schema import HoldoutSection
from podium.errors import ConfigError
from podium.labels import canonical, canonical_labels
from podium.measurement import Holdout

DIGEST_LENGTH = 32
"""MLflow keeps 36 characters of a dataset's digest."""


def read_holdout(section: HoldoutSection) -> Holdout:
    """Return the labels and the identity of the configured holdout.

    Raises:
        ConfigError: the file, the target column or the positive class is not there, or a label is missing.
    """
    path = section.path
    if not path.is_file():
        raise ConfigError(f"holdout.path: {path}: no such file; point it at labelled rows, or remove the section")
    truth = _target(path, section.target)
    if truth.null_count():
        raise ConfigError(f"holdout.target: {section.target}: {truth.null_count()} rows of {path.name} have no label")
    labels = canonical_labels(truth.to_list())
    positive = None if section.positive_class is None else canonical(section.positive_class)
    known = sorted(set(labels.tolist()))
    if positive is not None and positive not in known:
        raise ConfigError(f"holdout.positive_class: {positive!r} is no label of {section.target}; they are {known[:5]}")
    return Holdout(path.stem, _digest(path, section.target, positive), labels, positive)


def _target(path: Path, target: str) -> pl.Series:
    try:
        frame = pl.scan_csv(path) if path.suffix == ".csv" else pl.scan_parquet(path)
        columns = frame.collect_schema().names()
        if target not in columns:
            raise ConfigError(
                f"holdout.target: {target!r} is no column of {path.name}; they are {', '.join(columns[:8])} …"
            )
        return frame.select(target).collect().to_series()
    except PolarsError as error:
        raise ConfigError(f"holdout.path: {path}: cannot be read: {str(error).splitlines()[0]}") from None


def _digest(path: Path, target: str, positive: str | None) -> str:
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256")
    content.update(f"\0{target}\0{positive}".encode())
    return content.hexdigest()[:DIGEST_LENGTH]
