"""Tells what is registered of some bytes, so that none of them counts twice, whoever wrote them and however often.

Two machines may migrate the same model at once, a task may be run again after its worker died, and MLflow's client
sends a request once more whose answer was lost.
"""

from tasks.effects.store import Store, delete_version


def counted_once(store: Store, fingerprint: str, run_id: str, version: str) -> tuple[tuple[str, str] | None, str]:
    """Return run and version of the same bytes that another migration registered before, if one did, and the own one.

    On a server two migrations on two machines may both have found that a model was missing. Versions are numbered in
    the order of their registration, so that of the two it is always the later one that sees the earlier. A second
    version of the same run is deleted: the answer to its registration was lost, and MLflow's client sent it once more.
    """
    if store.is_sqlite:
        return None, version
    found = _versions_of(store, fingerprint)
    own, *echoes = [number for run, number in found if run == run_id] or [version]
    for echo in echoes:
        delete_version(store, echo)
    earlier = ((run, number) for run, number in found if run != run_id and int(number) < int(own))
    return next(earlier, None), own


def is_done_by_another(store: Store, fingerprint: str, run_id: str) -> bool:
    """Whether the same bytes were migrated by another run to its end: a task whose worker died is run once more."""
    return any(is_complete(store, run) for run, _ in _versions_of(store, fingerprint) if run != run_id)


def version_of(store: Store, fingerprint: str, before: str | None = None) -> tuple[str, str] | None:
    """Return run and version of some bytes, of several the first, if there is one ``before`` a version."""
    found = _versions_of(store, fingerprint)
    return next(((run, number) for run, number in found if before is None or int(number) < int(before)), None)


def _versions_of(store: Store, fingerprint: str) -> list[tuple[str, str]]:
    """Return run and version of each registration of some bytes, in their order."""
    wanted = f"name = '{store.registered_model}' and tags.`podium.fingerprint` = '{fingerprint}'"
    found = store.client.search_model_versions(wanted, max_results=100)
    return [(v.run_id or "", str(v.version)) for v in sorted(found, key=lambda v: int(v.version))]


def is_complete(store: Store, run_id: str | None) -> bool:
    """Whether the migration that began a run has ended it, so that it will take nothing of it back."""
    wanted = f"attributes.run_id = '{run_id}' and attributes.status = 'FINISHED'"
    return bool(run_id) and bool(store.client.search_runs([store.experiment_id], wanted, max_results=1))
