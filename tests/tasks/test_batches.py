"""A batch is read as models are given it, once, and whatever its columns are."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from configs.schema import HoldoutSection
from podium.drift import Counted
from podium.errors import UsageError
from tasks.effects.batches import counted_columns, labels_in, take


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        (["x,y"] + ["1,a"] * 200 + ["1.5,b"], 201),
        (["x,y", "1,a", "", "2,b", ""], 2),
        (["x,y", "NA,a", "2,b", " ,c"], 3),
    ],
    ids=["later fractions", "blank lines", "no numbers"],
)
def test_a_csv_is_read_as_a_model_is_given_it(tmp_path: Path, lines: list[str], rows: int) -> None:
    """Types from all of its rows, no row for a blank line, and what is missing is missing."""
    found = take(written(tmp_path, "b.csv", "\n".join(lines) + "\n"), 1000, scratch(tmp_path))
    table = pd.read_parquet(found.path)
    assert (found.batch.rows, found.batch.looked_at, len(table)) == (rows, rows, rows)
    assert pd.api.types.is_numeric_dtype(table["x"])


def test_a_large_batch_is_thinned_evenly(tmp_path: Path) -> None:
    """No more rows than asked for, from the whole of it; the file itself stays as it is."""
    path = tmp_path / "b.parquet"
    pl.DataFrame({"n": range(10_001)}).write_parquet(path)
    found = take(path, 1000, scratch(tmp_path))
    numbers = pl.read_parquet(found.path)["n"].to_list()
    assert (found.batch.rows, found.batch.looked_at) == (10_001, len(numbers))
    assert len(numbers) <= 1000
    assert set(np.diff(numbers)) == {11}
    assert pl.read_parquet(path).height == 10_001


@pytest.mark.parametrize("name", ["b.csv", "b.parquet"])
def test_what_cannot_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    """Bytes that are neither, and a file that is gone by now."""
    path = tmp_path / name
    for _ in range(2):
        with pytest.raises(UsageError, match=rf"{name}: the batch cannot be read"):
            take(path, 10, scratch(tmp_path))
        path.write_bytes(b"\xff\xfe\x00broken")


def counted(tmp_path: Path, before: dict[str, Any], now: dict[str, Any]) -> dict[str, Counted]:
    for name, columns in (("before", before), ("now", now)):
        pl.DataFrame(columns, strict=False).write_parquet(tmp_path / f"{name}.parquet")
    return dict(counted_columns(tmp_path / "before.parquet", tmp_path / "now.parquet", {"target"}))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ([True] * 60 + [False] * 40, [1] * 60 + [0] * 40),
        ([1] * 60 + [0] * 40, [True] * 60 + [False] * 40),
        (["1"] * 60 + ["0"] * 40, [1.0] * 60 + [0.0] * 40),
        ([1.0] * 60 + [0.0] * 40, [" 1 "] * 60 + ["0"] * 40),
        (["a"] * 60 + [None] * 40, pl.Series(["a"] * 60 + [None] * 40, dtype=pl.Categorical)),
        ([5.0] * 60 + [7.0] * 40, pl.Series(["5"] * 60 + ["7"] * 40, dtype=pl.Categorical)),
    ],
)
def test_the_same_values_in_other_types_are_the_same(tmp_path: Path, before: Any, now: Any) -> None:
    """Nothing has moved where only the type of a column did."""
    (found,) = counted(tmp_path, {"x": before}, {"x": now}).values()
    assert found.before.tolist() == found.now.tolist()
    assert found.before.sum() == 100


def test_columns_without_values_to_compare_are_left_out(tmp_path: Path) -> None:
    """Lists, bytes, times, the target, an index, and what the batch does not have."""
    when = datetime(2026, 1, 1, tzinfo=UTC)
    odd: dict[str, Any] = {"l": [[1]], "b": [b"\xff"], "t": [when], "target": [1], "__index_level_0__": [1], "x": [1]}
    assert set(counted(tmp_path, {**odd, "gone": [1]}, odd)) == {"x"}


@pytest.mark.parametrize(
    ("labels", "truth"),
    [
        ([1.0, float("nan"), 0.0, None], ["1", "0"]),
        (["Yes", "", "No", None], ["Yes", "No"]),
        ([True, False, None, None], ["1", "0"]),
        ([None, None, None, None], []),
    ],
)
def test_rows_without_a_label_are_none_that_could_be_measured(tmp_path: Path, labels: Any, truth: list[str]) -> None:
    """However it is written that there is no label."""
    path = tmp_path / "b.parquet"
    pl.DataFrame({"churn": labels}).write_parquet(path)
    found = labels_in(HoldoutSection(path=path), path)
    assert found is not None
    assert found[0].tolist() == truth
    assert found[1].sum() == len(truth)
