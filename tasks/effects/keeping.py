"""Reads the predictions that were kept when a candidate was measured, as far as they can be believed.

They are files that anyone who may write to MLflow could have written: used as long as they give the measured numbers.
"""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from mlflow.artifacts import download_artifacts
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from podium.candidate import Candidate
from podium.measurement import Holdout, Predictions, differs, measure
from tasks.effects.describing import runs_of
from tasks.effects.measuring import SAID
from tasks.effects.prediction import load_predictions
from tasks.effects.store import Store
from tasks.effects.writing import place_of

AT_ONCE = 4
"""Files that are fetched and checked at the same time: most of it is waiting for a server, or sorting numbers."""
BYTES_PER_ROW = 4096
"""Larger files of predictions are not opened."""


def kept_each(
    store: Store, holdout: Holdout, candidates: Sequence[Candidate]
) -> Iterator[tuple[Candidate, Predictions | None]]:
    """Yield candidates with what each said when it was measured, if it was kept and gives the measured numbers."""
    runs = runs_of(store, [c.run_id for c in candidates if c.run_id])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        kept = pool.map(lambda c: _kept(store, holdout, c, runs.get(c.run_id or "")), candidates)
        yield from zip(candidates, kept, strict=True)


def _kept(store: Store, holdout: Holdout, candidate: Candidate, run: Run | None) -> Predictions | None:
    if run is None:
        return None
    uri = f"{run.info.artifact_uri.rstrip('/')}/{place_of(holdout)}/{SAID}"
    with tempfile.TemporaryDirectory(prefix="podium-") as folder:
        try:
            path = Path(download_artifacts(uri, dst_path=folder, tracking_uri=store.uri))
            said = load_predictions(path) if _is_small(path, len(holdout.truth)) else None
        except (MlflowException, OSError, ValueError, KeyError, BadZipFile):
            return None
    if said is None or differs(candidate.metrics, measure(holdout, said).metrics, 1e-9):
        return None
    return said


def _is_small(path: Path, rows: int) -> bool:
    with ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist()) <= BYTES_PER_ROW * max(rows, 100)
