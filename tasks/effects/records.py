"""Reads decision records back from MLflow, without a flow: looking at the history needs no Prefect."""

from mlflow.artifacts import list_artifacts, load_text
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from configs.schema import MlflowSection
from podium.decision import Chain, Stored, check_chain
from tasks.effects.store import find

FILE = "decision.json"


def read_chain(section: MlflowSection) -> Chain:
    """Return all decisions, oldest first, checked against each other."""
    store = find(section)
    if store is None:
        return check_chain([])
    runs, token = [], None
    while True:
        page = store.client.search_runs([store.decisions_id], "tags.`podium.sequence` != ''", page_token=token)
        runs += list(page)
        token = page.token
        if not token:
            break
    runs.sort(key=lambda run: (int(run.data.tags["podium.sequence"]), run.info.start_time))
    return check_chain([_stored(run) for run in runs])


def _stored(run: Run) -> Stored:
    tags = run.data.tags
    return Stored(record_text(run), tags["podium.sha256"], tags["podium.decision_id"], tags.get("podium.state", ""))


def record_text(run: Run) -> str:
    """Return the text of a decision, or ``{}``, which no chain accepts, if its file is gone."""
    try:
        return str(load_text(f"{run.info.artifact_uri}/{FILE}"))
    except UnicodeDecodeError:
        return "{}"
    except (MlflowException, OSError):
        # A store that does not answer must not look like a record that is gone.
        if any(file.path == FILE for file in list_artifacts(artifact_uri=run.info.artifact_uri)):
            raise
        return "{}"
