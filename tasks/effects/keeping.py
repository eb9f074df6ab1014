"""Reads the predictions that were kept when a candidate was measured, as far as they can be believed.

They are files that anyone who may write to MLflow could have written: used as long as they give the measured numbers.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from mlflow.artifacts import download_artifacts
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from podium.candidate import Candidate
from podium.measurement import Holdout, Measurement, Predictions, differs
from podium.measures import measure
from tasks.effects.describing import runs_of
from tasks.effects.measuring import SAID
from tasks.effects.prediction import load_predictions
from tasks.effects.scratch import scratch_folder
from tasks.effects.store import Store
from tasks.effects.writing import MEASUREMENT, place_of

AT_ONCE = 4
"""Files that are fetched and checked at the same time: most of it is waiting for a server, or sorting numbers."""
BYTES_PER_ROW = 4096
"""Larger files of predictions are not opened."""
MOST = 3
"""Earlier measurements that are looked at, the newest first."""
EXACT = 1e-9
"""What numbers that follow from the same predictions may differ by."""


def kept_each(
    store: Store, holdout: Holdout, candidates: Sequence[Candidate]
) -> Iterator[tuple[Candidate, Predictions | None]]:
    """Yield candidates with what each said when it was measured, if it was kept and gives the measured numbers."""
    runs = runs_of(store, [c.kept_in for c in candidates if c.kept_in])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        kept = pool.map(lambda c: _kept(store, holdout, c, runs.get(c.kept_in or "")), candidates)
        yield from zip(candidates, kept, strict=True)


def measured_anew(
    store: Store, holdout: Holdout, candidate: Candidate, run: Run | None, said: Path
) -> Measurement | None:
    """Measure a candidate by what it said of the same rows when other things were wanted of it, such as fewer slices.

    Returns None if nothing of that kind was kept that can be believed; else ``said`` gets a copy of its predictions.
    """
    for digest, metrics in list(candidate.earlier.items())[:MOST] if run else []:
        if not _is_of_the_same_rows(holdout, document_of(store, run, digest)):
            continue
        with scratch_folder() as folder:
            kept = _read(store, run, digest, folder, len(holdout.truth))
            now = measure(holdout, kept) if kept else None
            if now and _follows(metrics, now):
                shutil.copyfile(folder / SAID, said)
                return now.asked_by(holdout, (), candidate.identifiers)
    return None


def document_of(store: Store, run: Run, digest: str) -> dict[str, Any]:
    """Return what was written down of a measurement under a digest, empty if there is no such document."""
    with scratch_folder() as folder:
        path = _fetched(store, run, f"{place_of(digest)}/{MEASUREMENT}", folder)
        try:
            found = json.loads(path.read_text(encoding="utf-8")) if path else {}
        except ValueError:
            return {}
    return found if isinstance(found, dict) else {}


def _is_of_the_same_rows(holdout: Holdout, document: Mapping[str, Any]) -> bool:
    """Whether an earlier measurement was of the rows of a holdout, and looked for the same identifiers."""
    known = document.get("rows_digest"), document.get("asked_for")
    return bool(holdout.rows_digest) and known == (holdout.rows_digest, list(holdout.identifiers))


def _follows(metrics: Mapping[str, float], now: Measurement) -> bool:
    """Whether earlier numbers follow from the same predictions; those of slices and scorers come and go."""
    shared = {name: value for name, value in metrics.items() if name in now.metrics}
    return bool(shared) and differs(shared, now.metrics, EXACT) is None


def _kept(store: Store, holdout: Holdout, candidate: Candidate, run: Run | None) -> Predictions | None:
    if run is None:
        return None
    with scratch_folder() as folder:
        said = _read(store, run, holdout.digest, folder, len(holdout.truth))
    if said is None or differs(candidate.metrics, measure(holdout, said).metrics, EXACT):
        return None
    return said


def _read(store: Store, run: Run, digest: str, folder: Path, rows: int) -> Predictions | None:
    """Return the predictions that were kept under a digest, if they are there and are such."""
    path = _fetched(store, run, f"{place_of(digest)}/{SAID}", folder)
    try:
        return load_predictions(path) if path and _is_small(path, rows) else None
    except (OSError, ValueError, KeyError, BadZipFile):
        return None


def _fetched(store: Store, run: Run, name: str, folder: Path) -> Path | None:
    uri = f"{run.info.artifact_uri.rstrip('/')}/{name}"
    try:
        return Path(download_artifacts(uri, dst_path=str(folder), tracking_uri=store.uri))
    except (MlflowException, OSError):
        return None


def _is_small(path: Path, rows: int) -> bool:
    with ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist()) <= BYTES_PER_ROW * max(rows, 100)
