"""Reads the predictions that were kept when a candidate was measured, as far as they can be believed.

They are files that anyone who may write to MLflow could have written: used as long as they give the measured numbers.
"""

import tempfile
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException

from podium.candidate import Candidate
from podium.measurement import Holdout, Predictions, differs, measure
from tasks.effects.measuring import SAID
from tasks.effects.prediction import load_predictions
from tasks.effects.store import Store
from tasks.effects.writing import place_of

BYTES_PER_ROW = 4096
"""Larger files of predictions are not opened."""


def kept_predictions(store: Store, holdout: Holdout, candidate: Candidate) -> Predictions | None:
    """Return what a candidate said when it was measured, if that was kept and gives the numbers that were measured."""
    if candidate.run_id is None:
        return None
    uri = f"runs:/{candidate.run_id}/{place_of(holdout)}/{SAID}"
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
