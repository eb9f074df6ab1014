"""Reads a batch of recent rows: once, into a copy of our own, because whoever writes batches may write on meanwhile.

The copy is Parquet whatever the batch is, so that the champion, the comparison and the labels all see the same rows.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
from polars.exceptions import PolarsError

from configs.monitoring import MonitoringSection
from configs.schema import HoldoutSection
from podium.drift import Counted, Numbers, count_numbers, count_texts
from podium.errors import UsageError
from podium.labels import canonical, canonical_labels
from podium.monitored import Batch
from podium.names import printable
from tasks.effects.prediction import read_rows
from tasks.effects.row_files import KINDS, newest_in

BLOCK = 2**20
NUMBER = "__podium_row__"
INDEX = "__index_level_"
"""How the column is called that pandas makes of an index without a name."""
NO_VALUES = (pl.List, pl.Array, pl.Struct, pl.Object, pl.Binary)
"""Types of columns whose values cannot be told apart as numbers or texts."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a batch that are looked at, in a file of our own, and where they come from."""

    batch: Batch
    path: Path


def named_batch(section: MonitoringSection, given: str | None) -> Path:
    """Return the file of a batch: the one given, else the one configured, of a folder the newest.

    Raises:
        UsageError: there is none.
    """
    path = Path(given) if given else section.batches
    if path is None:
        raise UsageError("no batch to look at: name a file with --batch, or set monitoring.batches")
    where = f"{'--batch' if given else 'monitoring.batches'}: {path}"
    if path.is_dir():
        if newest := newest_in(path):
            return newest
        raise UsageError(f"{where}: no .parquet or .csv file is in this folder")
    if not path.is_file():
        raise UsageError(f"{where}: no such file or folder")
    if path.suffix not in KINDS:
        raise UsageError(f"{where}: neither .parquet nor .csv")
    return path


def take(path: Path, most: int, scratch: Path) -> Rows:
    """Return a copy of the rows of a batch; of one that has more than ``most``, of at most so many, evenly spread.

    Raises:
        UsageError: the file cannot be read, or holds no rows.
    """
    try:
        digest, table = _copied(path, scratch)
        frame = pl.scan_parquet(table)
        rows = int(frame.select(pl.len()).collect().item())
        if rows > most:
            table = scratch / "thinned.parquet"
            _every(frame, -(-rows // most)).collect(engine="streaming").write_parquet(table)
        looked_at = int(pl.scan_parquet(table).select(pl.len()).collect().item())
    except (PolarsError, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{path}: the batch cannot be read: {reason}") from None
    if not rows:
        raise UsageError(f"{path}: the batch holds no rows")
    return Rows(Batch(printable(path.name), digest, rows, looked_at), table)


def _copied(path: Path, scratch: Path) -> tuple[str, Path]:
    """Return the digest of a file's bytes and the rows these hold, as Parquet."""
    digest, copy = hashlib.sha256(), scratch / f"batch{path.suffix}"
    with path.open("rb") as source, copy.open("wb") as target:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)
    return digest.hexdigest(), as_parquet(copy)


def as_parquet(path: Path) -> Path:
    """Return a file of rows as Parquet: itself, or what a CSV file beside it holds, read as models are given it."""
    if path.suffix != ".csv":
        return path
    rows = read_rows(path)
    mixed = rows.select_dtypes("object").columns
    table = path.with_suffix(".parquet")
    rows.assign(**{name: rows[name].map(str, na_action="ignore") for name in mixed}).to_parquet(table, index=False)
    return table


def _every(frame: pl.LazyFrame, step: int) -> pl.LazyFrame:
    """Return every row of so many: by a filter, which holds a part of the rows at a time."""
    return frame.with_row_index(NUMBER).filter(pl.col(NUMBER) % step == 0).drop(NUMBER)


def counted_columns(holdout: Path, batch: Path, left_out: Collection[str]) -> Iterator[tuple[str, Counted]]:
    """Yield each column of the holdout that the batch has, with the rows of both counted, one at a time.

    Both files are Parquet. Those left out that are named; times, all of which are new in every batch; and lists.
    """
    before, now = pl.scan_parquet(holdout), pl.scan_parquet(batch)
    there = now.collect_schema()
    for column, kind in before.collect_schema().items():
        named = column not in left_out and not column.startswith(INDEX)
        if named and column in there and _has_values(kind) and _has_values(there[column]):
            pair = [frame.select(column).collect().to_series() for frame in (before, now)]
            yield column, _counted(kind, *pair)


def _has_values(kind: pl.DataType) -> bool:
    return not isinstance(kind, NO_VALUES) and not kind.is_temporal()


def _counted(kind: pl.DataType, before: pl.Series, now: pl.Series) -> Counted:
    if kind.is_numeric():
        return count_numbers(_numbers(before), _numbers(now))
    return count_texts(_texts(before), _texts(now))


def _numbers(values: pl.Series) -> Numbers:
    """Return numbers (n,); what is none in a batch, be it a text, counts as missing."""
    if not values.dtype.is_numeric() and values.dtype != pl.Boolean:
        values = values.cast(pl.String, strict=False).str.strip_chars()
    found: Numbers = values.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(found), found, np.nan)


def _texts(values: pl.Series) -> dict[str | None, int]:
    """Return how often each text is there, spelled as labels are; None is what is missing."""
    found: Counter[str | None] = Counter()
    for value, count in values.rename("value").value_counts(name="count").iter_rows():
        missing = value is None or value != value
        found[None if missing else canonical(value)] += count
    return dict(found)


def labels_in(section: HoldoutSection, batch: Path) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]] | None:
    """Return the truth (m,) of the labelled rows and which (n,) these are; None where the batch has no labels."""
    frame = pl.scan_parquet(batch)
    if section.target not in frame.collect_schema().names():
        return None
    found = frame.select(section.target).collect().to_series()
    if section.task == "regression":
        numbers = _numbers(found)
        known = np.isfinite(numbers)
        return numbers[known], known
    given = pd.Series(found.to_list(), dtype=object).replace("", None)
    labelled: npt.NDArray[np.bool_] = given.notna().to_numpy()
    return canonical_labels(given[labelled].tolist()), labelled
