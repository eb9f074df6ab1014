"""Reads decision records back from MLflow, without a flow: looking at the history needs no Prefect."""

from mlflow.artifacts import list_artifacts, load_text
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from configs.schema import MlflowSection
from podium.chain import Chain, Stored, check_chain
from tasks.effects.chains import DECIDED_IN, DECIDES_ON, not_its_own, require_own_chain, require_own_model
from tasks.effects.store import Store, find

FILE = "decision.json"
LATE = "podium.carried_out_at"
"""Tag of a decision that was interrupted: when it was finished."""
NEWEST = "podium.newest_decision"
"""Tag of the experiment of decisions."""


def read_chain(section: MlflowSection) -> Chain:
    """Return all decisions, oldest first, checked against each other.

    What was noted as the newest is read first: of a decision that is recorded meanwhile nothing is missed.
    """
    store = find(section)
    if store is None:
        return check_chain([])
    newest = _newest(store)
    return check_chain([_stored(run) for run in _chained(store)], newest)


def _chained(store: Store) -> list[Run]:
    """Return the runs of all decisions, oldest first: one that comes in meanwhile is the last, and moves no page."""
    wanted, order = "tags.`podium.sequence` != ''", ["metrics.sequence ASC"]
    runs, token = [], None
    while True:
        page = store.client.search_runs([store.decisions_id], wanted, order_by=order, page_token=token)
        runs += list(page)
        token = page.token
        if not token:
            break
    return sorted(runs, key=lambda run: (int(run.data.tags["podium.sequence"]), run.info.start_time))


def note_newest(store: Store, number: int, sha256: str) -> None:
    """Note beside the records which is the newest, so that it is missed if it is gone."""
    store.client.set_experiment_tag(store.decisions_id, NEWEST, f"{number} {sha256}")


def keep_to_chain(store: Store, section: MlflowSection) -> None:
    """Note at a registered model which experiment holds its decisions, and there which model they are about.

    That is before the first of them is in the chain.
    """
    tags, about = store.registered().tags, require_own_decisions(store, section)
    require_own_chain(section, tags)
    if about is None:
        store.client.set_experiment_tag(store.decisions_id, DECIDES_ON, store.registered_model)
    if DECIDED_IN not in tags:
        store.client.set_registered_model_tag(store.registered_model, DECIDED_IN, section.experiment)


def require_own_decisions(store: Store, section: MlflowSection) -> str | None:
    """Return the registered model that an experiment of decisions says it is about, None if it says nothing yet.

    Raises:
        ConfigError: it is about another.
    """
    tags = store.client.get_experiment(store.decisions_id).tags
    require_own_model(section, tags)
    if DECIDES_ON not in tags and _is_anothers(store):
        raise not_its_own(section, "another registered model")
    about: str | None = tags.get(DECIDES_ON)
    return about


def _is_anothers(store: Store) -> bool:
    """Whether decisions that do not say so are about another model: they put a version into production, and none was.

    Without that, whoever decides first has them.
    """
    switched = "tags.`podium.state` = 'settled' and tags.`podium.champion` != ''"
    there = store.client.search_runs([store.decisions_id], switched, max_results=1)
    return bool(there) and not store.versions("tags.`podium.promoted_at` != ''")


def _newest(store: Store) -> tuple[int, str] | None:
    number, _, digest = store.client.get_experiment(store.decisions_id).tags.get(NEWEST, "").partition(" ")
    return (int(number), digest) if number.isdigit() else None


def _stored(run: Run) -> Stored:
    tags = run.data.tags
    named, state = tags["podium.decision_id"], tags.get("podium.state", "")
    return Stored(record_text(run), tags["podium.sha256"], named, state, tags.get(LATE, ""))


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
