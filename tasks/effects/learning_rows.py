"""Reads the rows to learn from: which columns are features, and which rows are in the holdout, too."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from configs.schema import HoldoutSection
from configs.training import TrainingSection
from podium.errors import ConfigError, first_line
from podium.labels import canonical
from podium.training import TrainingSet
from tasks.effects.prediction import NotUsableError, read_rows

Column = Any
"""A column of a frame, of any type."""
KINDS = ("number", "flag", "text")
DIGEST_LENGTH = 32
"""MLflow keeps 36 characters of a dataset's digest."""


def rows_of(path: Path, key: str) -> pd.DataFrame:
    """Return the rows of a configured file.

    Raises:
        ConfigError: it is not there, or cannot be read.
    """
    if not path.is_file():
        raise ConfigError(f"{key}: {path}: no such file; point it at labelled rows")
    try:
        return read_rows(path)
    except (NotUsableError, ValueError, OSError) as error:
        raise ConfigError(f"{key}: {path}: cannot be read: {first_line(error)}") from None


def describe(section: TrainingSection, holdout: HoldoutSection) -> TrainingSet:
    """Return what is known of the rows to learn from.

    Raises:
        ConfigError: a column or label is missing, or holds what no kind of model learns from.
    """
    # The holdout first: the file that was read last is kept, and is read again to learn from.
    measured = rows_of(holdout.path, "holdout.path")
    rows = rows_of(section.path, "training.path")
    if rows.empty:
        raise ConfigError(f"training.path: {section.path.name} has no rows")
    columns = _features(rows, measured, section, holdout)
    _require_finite(rows, columns, section)
    _require_labels(rows, section, holdout)
    inside = np.flatnonzero(_fingerprints(rows, measured).isin(_fingerprints(measured, rows)))
    left_out = tuple(int(i) for i in inside) if section.overlap == "drop" else ()
    numbers, flags, texts = (tuple(c for c in columns if kind_of(rows[c]) == kind) for kind in KINDS)
    kept, name = len(rows) - len(left_out), section.path.stem
    return TrainingSet(name, _digest(section.path), kept, numbers, flags, texts, len(inside), left_out)


def same_file(section: TrainingSection, holdout: HoldoutSection) -> bool:
    """Whether the rows to learn from are the file of the holdout, or a copy of it."""
    if not (section.path.is_file() and holdout.path.is_file()):
        return False
    same = section.path.samefile(holdout.path)
    return same or (
        section.path.stat().st_size == holdout.path.stat().st_size and _digest(section.path) == _digest(holdout.path)
    )


def learned_from(
    section: TrainingSection, target: str, data: TrainingSet
) -> "tuple[pd.DataFrame, pd.Series[int] | pd.Series[str]]":
    """Return the features (n, k) and the labels (n,) to learn from."""
    rows = rows_of(section.path, "training.path")
    kept = rows.drop(index=rows.index[list(data.left_out)]) if data.left_out else rows
    return kept[list(data.features)], kept[target]


def kind_of(column: Column) -> str:
    """Return whether a column holds numbers, flags, texts, or something else."""
    if types.is_bool_dtype(column):
        return "flag"
    if types.is_numeric_dtype(column) and not types.is_complex_dtype(column):
        return "number"
    text = (
        types.is_string_dtype(column) or types.is_object_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype)
    )
    return "text" if text else "other"


def _features(
    rows: pd.DataFrame, measured: pd.DataFrame, section: TrainingSection, holdout: HoldoutSection
) -> list[str]:
    name = section.path.name
    if holdout.target not in rows.columns:
        near = ", ".join(map(str, rows.columns[:8]))
        raise ConfigError(f"training.path: {name} has no column {holdout.target!r}, the target; it has {near} …")
    features = [str(c) for c in rows.columns if c not in {holdout.target, *holdout.id_columns}]
    if strange := [c for c in features if kind_of(rows[c]) == "other"]:
        raise ConfigError(
            f"training.path: {name}: no kind of model learns from {strange[0]}, of {rows[strange[0]].dtype}; "
            "leave it out of the file, or name it in holdout.id_columns"
        )
    if missing := [c for c in features if c not in measured.columns]:
        raise ConfigError(f"training.path: {name}: the holdout has no {', '.join(missing[:5])}; leave it out")
    if not features:
        raise ConfigError(f"training.path: {name} has nothing but the target and id columns")
    return features


def _require_finite(rows: pd.DataFrame, columns: list[str], section: TrainingSection) -> None:
    """Refuse numbers that no kind of model takes, by the name of their column."""
    for column in (c for c in columns if kind_of(rows[c]) == "number"):
        if count := int(np.isinf(rows[column].to_numpy(dtype="float64", na_value=np.nan)).sum()):
            raise ConfigError(
                f"training.path: {section.path.name}: {column} is infinite in {count} rows; write what is not known as "
                "missing, or leave the rows or the column out"
            )


def _require_labels(rows: pd.DataFrame, section: TrainingSection, holdout: HoldoutSection) -> None:
    """Refuse rows that cannot be learned from: without labels, of one class, or of too few rows of one."""
    target, where = rows[holdout.target], f"training.path: {section.path.name}"
    if missing := int(target.isna().sum()):
        raise ConfigError(f"{where}: {missing} rows have no label in {holdout.target}")
    counts = target.map(canonical).value_counts()
    if len(counts) < 2:
        raise ConfigError(f"{where}: {holdout.target} has the one label {', '.join(counts.index)}; two are needed")
    if holdout.positive_class is not None and canonical(holdout.positive_class) not in counts.index:
        raise ConfigError(f"{where}: no row has the label {holdout.positive_class!r}, holdout.positive_class")
    if counts.min() < section.cv:
        raise ConfigError(
            f"training.cv: {section.cv} folds need as many rows of each label; {counts.idxmin()!r} has {counts.min()}"
        )


def _fingerprints(rows: pd.DataFrame, other: pd.DataFrame) -> "pd.Series[int]":
    """Return a hash of each row (n,), of the columns that both have, alike for values that are alike in both."""
    common = sorted(str(c) for c in rows.columns if c in other.columns)
    return pd.util.hash_pandas_object(pd.DataFrame({c: _alike(rows[c], other[c]) for c in common}), index=False)


def _alike(column: Column, other: Column) -> Column:
    """Return a column so that its values hash as equal ones of another file do, whatever type either has."""
    if types.is_numeric_dtype(column) and types.is_numeric_dtype(other):
        return column.astype("float64")
    return column.map(canonical, na_action="ignore").astype("object").where(column.notna(), "")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:DIGEST_LENGTH]
