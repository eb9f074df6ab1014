"""Finds rows of the holdout among those that a model was trained on, by what its training recorded of them.

Two records are known. ``training_rows.npz`` holds a hash of each training row, over named columns; the run's tag
``podium.training_rows`` says where among its artifacts that is. And a data set that was logged as an input of the run
has a digest, which that of the holdout may equal. Both are what somebody else wrote, and are read as such.
"""

from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt
import pandas as pd
from mlflow.artifacts import download_artifacts
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from pandas.api.types import is_numeric_dtype

from podium.metrics import SEEN
from podium.staged import StagedModel
from tasks.effects.prediction import read_rows
from tasks.effects.scratch import scratch_folder
from tasks.effects.store import Store

RECORD, WHERE = "training_rows.npz", "podium.training_rows"
"""The file, and the tag of a run that says where among its artifacts one is."""
BYTES = 1 << 28
"""A larger record is not opened: 33 million rows."""
NOT_TRAINING = frozenset({"eval", "evaluation", "test", "testing", "validation", "holdout"})
"""What data sets that a model was not trained on are logged as."""
Hashes = npt.NDArray[np.uint64]


def logged_rows(store: Store, run: Run | None, holdout: Path) -> dict[str, float]:
    """Return as a metric how many rows of the holdout a run says it trained on; nothing if it says nothing."""
    if run is None:
        return {}
    trained_on = _digests(run)
    if trained_on and _digest(holdout) in trained_on:
        return {SEEN: float(len(read_rows(holdout)))}
    if WHERE not in run.data.tags:
        return {}
    with scratch_folder() as folder:
        try:
            uri = f"runs:/{run.info.run_id}/{run.data.tags[WHERE]}"
            path = Path(download_artifacts(uri, dst_path=folder, tracking_uri=store.uri))
        except (MlflowException, OSError):
            return {SEEN: -1.0}
        return rows_in(path, holdout)


def training_record(model: StagedModel) -> Path | None:
    """Return the record that lies beside a staged model, if there is one."""
    return next((path for path in map(Path, model.folder.beside) if path.name == RECORD), None)


def rows_in(record: Path, holdout: Path) -> dict[str, float]:
    """Return as a metric how many rows of the holdout a record holds; -1 if it cannot be compared with them."""
    try:
        columns, hashes = _read(record)
        own = _hashes(holdout, holdout.stat().st_mtime_ns, columns)
    except (OSError, ValueError, KeyError, BadZipFile):
        return {SEEN: -1.0}
    return {SEEN: float(np.isin(own, hashes).sum())}


def row_hashes(rows: pd.DataFrame) -> Hashes:
    """Return one hash (n,) of each row: of its numbers as doubles and its other values as texts, column by column."""
    plain = {str(c): _plain(rows[c]) for c in sorted(rows.columns)}
    hashes: Hashes = np.asarray(pd.util.hash_pandas_object(pd.DataFrame(plain), index=False), dtype=np.uint64)
    return hashes


def _plain(column: "pd.Series[float]") -> "pd.Series[float]":
    if is_numeric_dtype(column):
        return column.astype("float64")
    return column.astype("string").fillna("").astype(object)


def _read(record: Path) -> tuple[tuple[str, ...], Hashes]:
    if record.is_symlink():
        raise ValueError("it is a link")
    with ZipFile(record) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > BYTES:
            raise ValueError("it is too large")
    with np.load(record, allow_pickle=False) as stored:
        return tuple(str(name) for name in stored["columns"]), stored["hashes"].astype(np.uint64, casting="safe")


@lru_cache(maxsize=8)
def _hashes(holdout: Path, modified: int, columns: tuple[str, ...]) -> Hashes:
    return row_hashes(read_rows(holdout)[list(columns)])


def _digests(run: Run) -> set[str]:
    """Return the digests of the data sets that a run was trained on, as far as it says."""
    return {
        found.dataset.digest
        for found in run.inputs.dataset_inputs
        if not NOT_TRAINING & {tag.value.lower() for tag in found.tags if tag.key == "mlflow.data.context"}
    }


def _digest(holdout: Path) -> str:
    return _digest_of(holdout, holdout.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _digest_of(holdout: Path, modified: int) -> str:
    from mlflow.data.digest_utils import compute_pandas_digest

    return str(compute_pandas_digest(read_rows(holdout)))
