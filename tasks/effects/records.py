"""Reads decision records back from MLflow, without a flow: looking at the history needs no Prefect."""

from mlflow.artifacts import list_artifacts, load_text
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from configs.schema import MlflowSection
from podium.decision import Chain, Stored, check_chain
from tasks.effects.store import Store, find

FILE = "decision.json"
NEWEST = "podium.newest_decision"
"""Tag of the experiment of decisions."""


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
    return check_chain([_stored(run) for run in runs], _newest(store))


def note_newest(store: Store, number: int, sha256: str) -> None:
    """Note beside the records which is the newest, so that it is missed if it is gone."""
    store.client.set_experiment_tag(store.decisions_id, NEWEST, f"{number} {sha256}")


def _newest(store: Store) -> tuple[int, str] | None:
    number, _, digest = store.client.get_experiment(store.decisions_id).tags.get(NEWEST, "").partition(" ")
    return (int(number), digest) if number.isdigit() else None


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
