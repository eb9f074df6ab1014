"""Reads the holdout: its true labels, and the digest that says which rows they are."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from configs.policy import PolicySection
from configs.schema import HoldoutSection
from podium.decision import canonical_json
from podium.errors import ConfigError
from podium.labels import canonical, canonical_labels
from podium.measurement import Holdout, Task, Wanted
from podium.metrics import SCORER, metric_key
from podium.regression import as_numbers
from podium.scorers import require_known, unfit_for_numbers
from podium.slices import Slice, slices_of

Truth = tuple[npt.NDArray[Any], str | None, dict[str, dict[str, float]] | None]
"""The truth (n,), the positive class, and what a row earns by its true and its predicted label."""
DIGEST_LENGTH = 32
"""MLflow keeps 36 characters of a dataset's digest."""
EDITION = 2
"""Raised when other metrics are measured than before, so that every candidate is measured once more."""
SMALLEST_SPREAD = 1e-6
"""Between the least and the largest number; below it the errors of models differ by less than what counts as a tie."""
FEWEST_DISTINCT = 100
"""In fewer rows a column may happen to repeat no value."""


def read_holdout(section: HoldoutSection, policy: PolicySection) -> Holdout:
    """Return the labels of the configured holdout, what is measured on them, and the identity of both.

    Raises:
        ConfigError: the file, a column, the positive class or a metric is not there, or a label is missing.
    """
    path = section.path
    if not path.is_file():
        raise ConfigError(f"holdout.path: {path}: no such file; point it at labelled rows, or remove the section")
    frame = _frame(path, section)
    found = frame.select(section.target).collect().to_series()
    if found.null_count():
        raise ConfigError(f"holdout.target: {section.target}: {found.null_count()} rows of {path.name} have no label")
    truth, positive, profit = TRUTHS[section.task](found, section, policy)
    wanted = Wanted(
        metric_key(policy.primary.metric, policy.primary.average),
        profit,
        _scorers(policy, section.task),
        tuple(part for column in section.slices for part in _slices(frame, column, truth, section.slice_rows)),
    )
    identifiers = _identifiers(frame, section, len(truth))
    rows, digest = _digests(path, section, positive, wanted)
    return Holdout(path.stem, digest, truth, positive, wanted, identifiers, section.task, rows, section.target)


def _labels(found: pl.Series, section: HoldoutSection, policy: PolicySection) -> Truth:
    """Return the true labels, the positive class among them, and what a row earns."""
    labels = canonical_labels(found.to_list())
    positive = None if section.positive_class is None else canonical(section.positive_class)
    known = sorted(set(labels.tolist()))
    if positive is not None and positive not in known:
        remedy = "name one of them" if len(known) <= 2 else "name one of them, or say null for more than two classes"
        raise ConfigError(
            f"holdout.positive_class: {positive!r} is no label of {section.target}; they are {known[:5]}: {remedy}"
        )
    return labels, positive, _profit(policy, known)


def _numbers(found: pl.Series, section: HoldoutSection, policy: PolicySection) -> Truth:
    """Return the true numbers. There is no positive class, and no profit."""
    numbers = as_numbers(found.to_list()) if found.dtype.is_numeric() else None
    if numbers is None:
        raise ConfigError(
            f"holdout.target: {section.target}: not all of it is finite numbers, and holdout.task is regression"
        )
    if len(np.unique(numbers)) < 2:
        raise ConfigError(f"holdout.target: {section.target}: all rows have the same number; nothing can be measured")
    if (spread := float(np.ptp(numbers))) < SMALLEST_SPREAD:
        raise ConfigError(
            f"holdout.target: {section.target}: its numbers lie within {spread:.2g}, and models that measure the "
            "same to nine decimals tie: give it in a smaller unit, such as a billionth"
        )
    return numbers, None, None


TRUTHS: dict[Task, Callable[[pl.Series, HoldoutSection, PolicySection], Truth]] = {
    "classification": _labels,
    "regression": _numbers,
}
"""How the truth of each task is read."""


def _frame(path: Path, section: HoldoutSection) -> pl.LazyFrame:
    """Return the rows, not read yet, which have every column that the configuration names."""
    try:
        frame = pl.scan_csv(path) if path.suffix == ".csv" else pl.scan_parquet(path)
        columns = frame.collect_schema().names()
    except PolarsError as error:
        raise ConfigError(f"holdout.path: {path}: cannot be read: {str(error).splitlines()[0]}") from None
    for key, column in (("target", section.target), *(("slices", column) for column in section.slices)):
        if column not in columns:
            near = ", ".join(columns[:8])
            raise ConfigError(f"holdout.{key}: {column!r} is no column of {path.name}; they are {near} …")
    return frame


def _profit(policy: PolicySection, known: list[str]) -> dict[str, dict[str, float]] | None:
    if policy.profit is None:
        return None
    found = {canonical(true): {canonical(s): v for s, v in row.items()} for true, row in policy.profit.items()}
    strange = sorted({*found, *(said for row in found.values() for said in row)} - set(known))
    if strange:
        raise ConfigError(f"policy.profit: {strange[0]!r} is no label of the holdout; they are {', '.join(known[:5])}")
    return found


def _scorers(policy: PolicySection, task: Task) -> tuple[str, ...]:
    named = sorted({name for name in policy.metrics if name.startswith(SCORER)})
    require_known(named)
    for name in named:
        if task == "regression" and unfit_for_numbers(name):
            raise ConfigError(f"policy: {name} is no scorer of numbers, and holdout.task is regression")
    return tuple(named)


def _slices(frame: pl.LazyFrame, column: str, truth: npt.NDArray[Any], least: int) -> tuple[Slice, ...]:
    return slices_of(column, frame.select(column).collect().to_series().to_list(), truth, least)


def _identifiers(frame: pl.LazyFrame, section: HoldoutSection, rows: int) -> tuple[str, ...]:
    """Return the columns that tell rows apart: those named so, and texts or whole numbers that never repeat."""
    kinds = {n: k for n, k in frame.collect_schema().items() if k == pl.String or k.is_integer()}
    told = {name for name in section.id_columns if name != section.target}
    if rows < FEWEST_DISTINCT:
        return tuple(sorted(told))
    counts = frame.select(pl.col(n).n_unique() for n in kinds).collect().row(0) if kinds else ()
    return tuple(sorted(told | {n for n, count in zip(kinds, counts, strict=True) if count == rows}))


def _digests(path: Path, section: HoldoutSection, positive: str | None, wanted: Wanted) -> tuple[str, str]:
    """Return the identity of the rows, and that of what is measured on them: numbers of another kind are other numbers.

    A person's word about a version holds for the rows, whatever a policy asks of them next.
    """
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256")
    alone = content.copy()
    alone.update(f"\0{section.target}".encode())
    content.update(f"\0{section.target}\0{positive}\0{EDITION}".encode())
    if section.task != "classification":
        content.update(section.task.encode())
    if wanted.slices or wanted.scorers or wanted.profit:
        parts = [part.key for part in wanted.slices]
        primary = wanted.primary if parts else ""
        content.update(canonical_json([primary, wanted.profit, wanted.scorers, parts]).encode())
    return alone.hexdigest()[:DIGEST_LENGTH], content.hexdigest()[:DIGEST_LENGTH]
