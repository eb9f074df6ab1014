"""Reads and tidies what MLflow already holds of earlier migrations."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import MlflowSection
from podium.plan import Known
from podium.writer import is_abandoned
from tasks.effects.processes import is_alive, this_writer
from tasks.effects.store import UNFINISHED, connect, find
from tasks.effects.transfer import settle


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def known_models(section: MlflowSection) -> dict[str, Known]:
    """Return the migrated models by fingerprint."""
    store = find(section)
    versions = store.versions() if store else []
    held = [v for v in versions if "podium.fingerprint" in v.tags]
    return {
        v.tags["podium.fingerprint"]: Known(
            v.tags.get("podium.model_id", ""), v.run_id or "", str(v.version), _also(v.tags)
        )
        for v in sorted(held, key=lambda v: int(v.version), reverse=True)
    }


def _also(tags: dict[str, str]) -> tuple[str, ...]:
    return tuple(part for part in tags.get("podium.also_known_as", "").split("\n") if part)


@task(cache_policy=NO_CACHE)
def note_aliases(section: MlflowSection, aliases: dict[str, tuple[str, ...]]) -> None:
    """Note on a version the further ids under which its bytes were staged."""
    store = connect(section)
    for version, names in aliases.items():
        store.client.set_model_version_tag(store.registered_model, version, "podium.also_known_as", "\n".join(names))


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def settle_interrupted(section: MlflowSection) -> int:
    """Finish or remove what a killed migration left half done, and return how many there were.

    A run whose version exists only lacks its end; anything earlier is deleted and migrated anew. What a living process
    is still writing is left alone.
    """
    store = connect(section)
    here = this_writer()
    found = store.client.search_runs([store.experiment_id], UNFINISHED, max_results=1000)
    left = [run for run in found if is_abandoned(run.data.tags.get("podium.writer", ""), here, is_alive)]
    for run in left:
        settle(store, run.info.run_id)
    return len(left)
