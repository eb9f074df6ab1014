"""Asks a model of MLflow about the holdout, in the sandbox: it may have been logged by anyone."""

from pathlib import Path

from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException

from configs.schema import PodiumConfig
from podium.candidate import Candidate
from podium.measurement import Holdout, Measurement, measure, unmeasurable
from tasks.effects.prediction import load_predictions
from tasks.effects.sandbox import Answer, sandbox
from tasks.effects.store import Store

SAID = "predictions.npz"
"""File of a scratch folder, and of what is kept of a measurement, that holds what a model said of the holdout."""


def score(store: Store, config: PodiumConfig, holdout: Holdout, candidate: Candidate, scratch: Path) -> Measurement:
    """Return the holdout metrics of a candidate. ``scratch`` is this question's own; what it said is in ``SAID``."""
    answer = asked(store, config, candidate.logged_model_id, scratch)
    if answer.value is None:
        return unmeasurable(answer.reason)
    found = measure(holdout, load_predictions(scratch / SAID))
    return found.asked_by(holdout, answer.value.get("columns", ()))


def asked(store: Store, config: PodiumConfig, named: str, scratch: Path, most: int | None = None) -> Answer:
    """Load a model in the sandbox and ask it about the holdout, or about its own example without one.

    ``named`` is a logged model, or ``name/version``; ``most`` is how many of the first rows it is asked about.
    """
    section, folder = config.holdout, scratch / "files"
    folder.mkdir()
    try:
        model = download_artifacts(f"models:/{named}", dst_path=str(folder), tracking_uri=store.uri)
    except (MlflowException, OSError) as error:
        return Answer(None, "gone", f"its files cannot be fetched: {str(error).splitlines()[0]}")
    if not Path(model, "MLmodel").is_file():
        return Answer(None, "gone", "its files are gone from the artifact store")
    return sandbox().ask(
        "score",
        scratch,
        config.sandbox,
        model=str(Path(model).absolute()),
        holdout=str(section.path) if section else None,
        target=section.target if section else None,
        id_columns=list(section.id_columns) if section else [],
        task=section.task if section else None,
        predictions=str(scratch / SAID),
        most=most,
    )
