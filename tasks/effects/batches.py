"""Reads a batch of recent rows beside the holdout: only the columns that are compared, and no more rows than asked."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from configs.monitoring import MonitoringSection
from configs.schema import HoldoutSection
from podium.drift import Counted, Numbers, count_numbers, count_texts
from podium.errors import UsageError
from podium.labels import canonical_labels
from podium.monitoring import Batch

NUMBER = "__podium_row__"
KINDS = frozenset({".parquet", ".pq", ".csv"})


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a batch that are looked at, in a file of their own, and where they come from."""

    batch: Batch
    path: Path


def find_batch(section: MonitoringSection, given: str | None) -> Path:
    """Return the file of a batch: the one given, else the one configured, of a folder the newest.

    Raises:
        UsageError: there is none.
    """
    path = Path(given) if given else section.batches
    if path is None:
        raise UsageError("no batch to look at: name a file with --batch, or set monitoring.batches")
    where = "--batch" if given else "monitoring.batches"
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix in KINDS and file.is_file()]
        if not files:
            raise UsageError(f"{where}: {path}: no .parquet or .csv file is in this folder")
        return max(files, key=lambda file: (file.stat().st_mtime_ns, file.name))
    if not path.is_file():
        raise UsageError(f"{where}: {path}: no such file or folder")
    if path.suffix not in KINDS:
        raise UsageError(f"{where}: {path}: neither .parquet nor .csv")
    return path


def thin(path: Path, most: int, scratch: Path) -> Rows:
    """Return the rows of a batch; of one that has more than ``most``, so many that are evenly spread over it.

    Raises:
        UsageError: the file cannot be read, or holds no rows.
    """
    frame = _scan(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        rows = int(frame.select(pl.len()).collect().item())
        if not rows:
            raise UsageError(f"{path}: the batch holds no rows")
        if rows <= most:
            return Rows(Batch(path.name, digest, rows, rows), path.absolute())
        few = _every(frame, -(-rows // most)).collect(engine="streaming")
    except PolarsError as error:
        raise _unreadable(path, error) from None
    thinned = scratch / "batch.parquet"
    few.write_parquet(thinned)
    return Rows(Batch(path.name, digest, rows, len(few)), thinned)


def _every(frame: pl.LazyFrame, step: int) -> pl.LazyFrame:
    """Return every row of so many: by a filter, which holds a part of the rows at a time."""
    return frame.with_row_index(NUMBER).filter(pl.col(NUMBER) % step == 0).drop(NUMBER)


def counted_columns(holdout: Path, batch: Path, left_out: Collection[str]) -> Iterator[tuple[str, Counted]]:
    """Yield each column of the holdout that the batch has, with the rows of both counted, one at a time.

    Those left out that are named, and times: all of them are new in every batch.
    """
    before, now = _scan(holdout), _scan(batch)
    there = set(now.collect_schema().names()).difference(left_out)
    for column, kind in before.collect_schema().items():
        if column in there and not kind.is_temporal():
            pair = [frame.select(column).collect().to_series() for frame in (before, now)]
            yield column, _counted(kind, *pair)


def _counted(kind: pl.DataType, before: pl.Series, now: pl.Series) -> Counted:
    if kind.is_numeric():
        return count_numbers(_numbers(before), _numbers(now))
    return count_texts(_texts(before), _texts(now))


def _numbers(values: pl.Series) -> Numbers:
    """Return numbers (n,); what is none in a batch, be it a text, counts as missing."""
    if values.dtype == pl.String:
        values = values.str.strip_chars()
    found: Numbers = values.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(found), found, np.nan)


def _texts(values: pl.Series) -> dict[str | None, int]:
    spelled = values.cast(pl.String, strict=False).rename("value").value_counts(name="count")
    return dict(zip(spelled["value"].to_list(), spelled["count"].to_list(), strict=True))


def labels_in(section: HoldoutSection, batch: Path) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]] | None:
    """Return the truth (m,) of the labelled rows and which (n,) these are; None where the batch has no labels."""
    frame = _scan(batch)
    if section.target not in frame.collect_schema().names():
        return None
    found = frame.select(section.target).collect().to_series()
    if section.task == "regression":
        numbers = _numbers(found)
        known = np.isfinite(numbers)
        return numbers[known], known
    known = found.is_not_null().to_numpy()
    return canonical_labels(found.drop_nulls().to_list()), known


def _scan(path: Path) -> pl.LazyFrame:
    try:
        frame = pl.scan_csv(path, null_values=[" ", ""]) if path.suffix == ".csv" else pl.scan_parquet(path)
        frame.collect_schema()
    except (PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    return frame


def _unreadable(path: Path, error: Exception) -> UsageError:
    return UsageError(f"{path}: cannot be read: {str(error).splitlines()[0]}")
