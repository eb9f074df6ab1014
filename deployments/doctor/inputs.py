"""Looks at files and folders that are read: whether they are there, and hold what they should."""

import csv
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from configs.policy import PolicySection
from configs.schema import HoldoutSection, PodiumConfig
from configs.training import TrainingSection
from deployments.doctor.asking import LOOK
from podium.errors import first_line
from podium.health import Health
from tasks.effects.bounded import within
from tasks.effects.row_files import newest_in


def inputs(config: PodiumConfig) -> list[Health]:
    """Look at the staging root, the holdout, and the other rows that the configuration names."""
    found = [_staging(config.staging.root), _holdout(config)]
    if config.training and config.holdout:
        found.append(_training(config.training, config.holdout))
    if config.monitoring.batches:
        found.append(_batches(config.monitoring.batches))
    return found


def _staging(root: Path | None) -> Health:
    if root is None:
        return Health("staging", "pass", "staging.root is not set: nothing to migrate")
    try:
        with os.scandir(root) as entries:
            count = sum(1 for _ in entries)
    except OSError as error:
        return Health("staging", "fail", f"{root}: {error.strerror}", "make it, or mend staging.root")
    return Health("staging", "pass", f"{root} holds {count:,} entries")


def _holdout(config: PodiumConfig) -> Health:
    section = config.holdout
    if section is None:
        mend = "name labelled rows that no model was trained on in holdout.path"
        return Health("holdout", "warn", "none: nothing is measured, and selections refuse", mend)
    wanted = (section.target, *section.id_columns, *section.slices)
    found = _rows("holdout", "holdout.path", section.path, wanted, "holdout.target, id_columns or slices")
    return _measurable(found, section, config.policy) if found.status == "pass" else found


def _measurable(found: Health, section: HoldoutSection, policy: PolicySection) -> Health:
    """Look whether what the rows hold is fit to measure on, as each selection does first."""
    try:
        within(LOOK, lambda: _read(section, policy))
    except TimeoutError:
        return replace(found, detail=f"{found.detail}; what they hold takes too long to be looked at")
    except Exception as error:
        return Health("holdout", "fail", first_line(error), "mend what it names: no selection begins before")
    if section.target in section.id_columns:
        said = f"{section.target} is holdout.target and among holdout.id_columns: it counts as the target"
        return Health("holdout", "warn", said, "take it out of holdout.id_columns, or name the column that was meant")
    return found


def _read(section: HoldoutSection, policy: PolicySection) -> None:
    from tasks.effects.holdout import read_holdout

    read_holdout(section, policy)


def _training(section: TrainingSection, holdout: HoldoutSection) -> Health:
    """Look at the rows to train on, which may not be those that measure."""
    known = (holdout.target, *holdout.id_columns)
    found = _rows("training", "training.path", section.path, known, "holdout.target or id_columns")
    with suppress(OSError):
        if found.status == "pass" and within(LOOK, lambda: _same(section, holdout)):
            return Health("training", "fail", f"{section.path} is the holdout", "name other rows in training.path")
    return found


def _same(section: TrainingSection, holdout: HoldoutSection) -> bool:
    from tasks.effects.learning_rows import same_file

    return same_file(section, holdout)


def _rows(name: str, key: str, path: Path, wanted: Iterable[str], keys: str) -> Health:
    """Look whether a file of rows can be read and has the columns that are ``wanted``, which ``keys`` name."""
    try:
        columns = _columns(path)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error).splitlines()[0]
        return Health(name, "fail", f"{path}: {said}", f"mend {key}, or write the file anew")
    if missing := [column for column in wanted if column not in columns]:
        mend = f"mend {keys}; there are {', '.join(columns[:8])}"
        return Health(name, "fail", f"{path} has no column {', '.join(missing)}", mend)
    return Health(name, "pass", f"{path}, {len(columns)} columns")


def _batches(path: Path) -> Health:
    """Look at the rows of now: those of a file, or of the newest in a folder."""
    try:
        newest = newest_in(path) if path.is_dir() else path
    except OSError as error:
        return Health("batches", "fail", f"{path}: {error.strerror}", "change its owner, or mend monitoring.batches")
    if newest is None:
        mend = "none needed if batches are still to come; else mend monitoring.batches"
        return Health("batches", "warn", f"no .parquet or .csv file is in {path}", mend)
    return _rows("batches", "monitoring.batches", newest, (), "")


def _columns(path: Path) -> list[str]:
    """Return the columns of a Parquet or CSV file without reading its rows."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as rows:
            return next(csv.reader(rows), [])
    from pyarrow.parquet import read_schema

    return list(read_schema(path).names)
