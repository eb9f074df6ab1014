"""Cuts a file of rows into blocks, and joins what a model said of each to one file, which is there whole or not at all.

Blocks and answers are in a folder beside the output: workers on other machines reach it as they reach the output.
"""

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError

from podium.errors import PodiumError, UsageError, first_line
from podium.measurement import Predictions
from podium.names import printable
from podium.scored import ANSWER, CHANCE, ROW, VERSION, Block, are_whole, rows_at_once
from tasks.effects.batches import as_parquet
from tasks.effects.processes import is_alive, this_writer
from tasks.effects.row_files import KINDS

MARK = ".podium-scoring"


def require_files(rows: Path, output: Path) -> None:
    """Return if rows can be read from one file and answers be written to the other.

    Raises:
        UsageError: they cannot.
    """
    for option, path in (("--input", rows), ("--output", output)):
        if path.suffix not in KINDS:
            raise UsageError(f"{option}: {path}: neither .parquet nor .csv")
    if not rows.is_file():
        raise UsageError(f"--input: {rows}: no such file")
    if not output.parent.is_dir():
        raise UsageError(f"--output: {output}: its folder does not exist")
    if output.is_dir() or (output.exists() and output.samefile(rows)):
        raise UsageError(f"--output: {output}: would replace what is there; name another file")


@contextmanager
def folder_beside(output: Path) -> Iterator[Path]:
    """Give a folder of this process beside a file, and remove it; and any that a process left which was killed.

    Raises:
        UsageError: it cannot be made.
    """
    me = this_writer()
    for left in output.parent.glob(f".{output.name}.{me.host}.*{MARK}"):
        pid = left.name.removesuffix(MARK).rsplit(".", 1)[1]
        if not pid.isdigit() or not is_alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    folder = output.parent / f".{output.name}.{me.host}.{me.pid}{MARK}"
    try:
        folder.mkdir()
    except OSError as error:
        raise UsageError(f"--output: {output.parent}: {error.strerror or error}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def cut(rows: Path, folder: Path, most: int | None = None) -> tuple[int, tuple[str, ...], tuple[Block, ...]]:
    """Return how many rows a file has, its columns, and the blocks its rows were written to: of ``most`` rows, or all.

    Raises:
        UsageError: the file cannot be read, or holds no rows.
    """
    try:
        with pq.ParquetFile(_as_parquet(rows, folder)) as table:
            count, columns = int(table.metadata.num_rows), tuple(table.schema_arrow.names)
            size = most or rows_at_once(len(columns))
            batches = islice(table.iter_batches(size), 1 if most else None)
            blocks = tuple(_written(batches, table.schema_arrow, folder))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UsageError(f"--input: {rows}: cannot be read: {first_line(error)}") from None
    if not count:
        raise UsageError(f"--input: {rows}: holds no rows")
    return count, columns, blocks


def _as_parquet(rows: Path, folder: Path) -> Path:
    if rows.suffix != ".csv":
        return rows
    link = folder / "rows.csv"
    link.symlink_to(rows.absolute())
    return as_parquet(link)


def _written(batches: Iterator[pa.RecordBatch], schema: pa.Schema, folder: Path) -> Iterator[Block]:
    first = 0
    for number, batch in enumerate(batches):
        pq.write_table(pa.Table.from_batches([batch], schema), rows_of(folder, number))
        yield Block(number, first, batch.num_rows)
        first += batch.num_rows


def rows_of(folder: Path, number: int) -> Path:
    """Return the file of a block's rows."""
    return folder / f"{number:07}.rows.parquet"


def answers_of(folder: Path, number: int) -> Path:
    """Return the file of what was said of a block's rows."""
    return folder / f"{number:07}.answers.parquet"


def write_answers(folder: Path, block: Block, said: Predictions, version: str, identifiers: Sequence[str]) -> set[str]:
    """Write what was said of a block, and return the labels in it: whole numbers are told from texts at the end.

    The rows stay: Dask asks once more about what a worker answered that is gone.
    """
    if identifiers:
        named = pl.read_parquet(rows_of(folder, block.number), columns=list(identifiers))
    else:
        named = pl.DataFrame({ROW: range(block.first, block.first + block.rows)})
    columns = [pl.Series(ANSWER, said.labels.tolist() if said.numbers is None else said.numbers)]
    if said.probabilities is not None:
        pairs = enumerate(said.classes)
        columns += [pl.Series(f"{CHANCE}{printable(name)}", said.probabilities[:, i]) for i, name in pairs]
    frame = named.with_columns(*columns, pl.lit(version).alias(VERSION))
    target = answers_of(folder, block.number)
    scratch = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
    frame.write_parquet(scratch)
    scratch.replace(target)
    return set() if said.numbers is not None else {*said.classes, *said.labels.tolist()}


def join(folder: Path, count: int, labels: set[str], output: Path) -> None:
    """Write all answers to one file in the order of the rows, which then takes the place of any there was.

    Raises:
        PodiumError: the disk is full, or no more is allowed there.
    """
    joined = folder / f"joined{output.suffix}"
    answers = pl.scan_parquet([answers_of(folder, number) for number in range(count)])
    if labels and are_whole(labels):
        answers = answers.with_columns(pl.col(ANSWER).cast(pl.Int64))
    try:
        if output.suffix == ".csv":
            answers.sink_csv(joined)
        else:
            answers.sink_parquet(joined)
        joined.replace(output)
    except (PolarsError, OSError) as error:
        raise PodiumError(f"--output: {output}: cannot be written: {first_line(error)}") from None
