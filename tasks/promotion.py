"""Moves the aliases: makes a version the champion, and retires the ones before it. Every step may be done twice."""

from datetime import UTC, datetime

from mlflow.entities.model_registry import ModelVersion
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import MlflowSection, RetentionSection
from podium.outcome import Production
from podium.retention import Held, Retirement, keeping, retire
from podium.standing import parse_pin
from tasks.effects.backing import back
from tasks.effects.chains import require_own_chain
from tasks.effects.gone import if_there
from tasks.effects.store import (
    CHAMPION,
    PINNED,
    PREVIOUS,
    RETIRED,
    Registry,
    Store,
    connect,
    delete_version,
    find,
    find_registry,
    logged_model_of,
)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def in_production(section: MlflowSection, or_by_stage: bool = False) -> Production:
    """Return the versions that the aliases ``champion`` and ``previous`` point to, and the pin.

    ``or_by_stage`` takes the version that only the deprecated stage marks for the champion, as a selection will.

    Raises:
        ConfigError: the registered model is decided on in another experiment.
    """
    store = find_registry(section)
    if store is None:
        return Production(None, None, None, None)
    model = store.registered()
    require_own_chain(section, model.tags)
    aliases = {alias: str(version) for alias, version in model.aliases.items()}
    if or_by_stage and CHAMPION not in aliases and (staged := _by_stage(store)):
        aliases[CHAMPION] = staged
    champion, previous, pin = aliases.get(CHAMPION), aliases.get(PREVIOUS), parse_pin(model.tags.get(PINNED))
    if champion is None:
        return Production(None, previous, None, None, pin)
    version = store.client.get_model_version(store.registered_model, champion)
    backed_by = logged_model_of(version) or f"version {champion}, which no logged model backs"
    return Production(champion, previous, backed_by, version.tags.get("podium.model_id"), pin)


@task(cache_policy=NO_CACHE)
def switch_champion(section: MlflowSection, version: str, before: str | None, at: str) -> None:
    """Make a version the champion and note the one before it. ``at`` is the ISO time at which that is done.

    The champion comes first: between it and the comparison right before nothing else is asked of the server, and of a
    decision that is overtaken nothing stays. The alias is overwritten in place, so that at no moment there is none.
    """
    store = connect(section)
    client, name = store.client, store.registered_model
    client.set_registered_model_alias(name, CHAMPION, version)
    _note_previous(store, before, version)
    client.set_model_version_tag(name, version, "podium.promoted_at", at)
    client.set_model_version_tag(name, version, "podium.stage", "production")
    if section.mirror_stages:
        client.transition_model_version_stage(name, version, "Production", archive_existing_versions=True)


def _note_previous(store: Store, before: str | None, champion: str) -> None:
    """Let ``previous`` point to what was left, if that is there; to what is in production it never does."""
    if before is not None and before != champion:
        with if_there():
            store.client.set_registered_model_alias(store.registered_model, PREVIOUS, before)
            return
    if store.aliases().get(PREVIOUS) == champion:
        store.client.delete_registered_model_alias(store.registered_model, PREVIOUS)


@task(cache_policy=NO_CACHE)
def set_previous(section: MlflowSection, version: str | None) -> None:
    """Let ``previous`` point to a version, or to none if there is none, or not any more."""
    store = connect(section)
    if version is not None:
        with if_there():
            store.client.set_registered_model_alias(store.registered_model, PREVIOUS, version)
            return
    if PREVIOUS in store.aliases():
        store.client.delete_registered_model_alias(store.registered_model, PREVIOUS)


@task(cache_policy=NO_CACHE)
def production_by_stage(section: MlflowSection) -> str | None:
    """Return the newest version that only the deprecated stage marks as the one in production, if there is one."""
    return _by_stage(connect(section))


@task(cache_policy=NO_CACHE)
def back_version(section: MlflowSection, version: str) -> str:
    """Return the logged model behind a version, which one of an old registry gets now."""
    store = connect(section)
    return back(store, store.client.get_model_version(store.registered_model, version))


def _by_stage(store: Registry) -> str | None:
    return max((str(v.version) for v in store.versions() if v.current_stage == "Production"), key=int, default=None)


@task(cache_policy=NO_CACHE)
def vacate(section: MlflowSection, version: str) -> None:
    """Take a version out of production where there was none before it."""
    store = connect(section)
    if store.aliases().get(CHAMPION) == version:
        store.client.delete_registered_model_alias(store.registered_model, CHAMPION)
    if section.mirror_stages:
        with if_there():
            store.client.transition_model_version_stage(store.registered_model, version, "Archived")


@task(cache_policy=NO_CACHE)
def disown(section: MlflowSection, version: str) -> None:
    """Let a version whose promotion was taken back count for none that was in production, and take no place of one."""
    store = connect(section)
    with if_there():
        store.client.set_model_version_tag(store.registered_model, version, "podium.stage", "archived")
        store.client.delete_model_version_tag(store.registered_model, version, "podium.promoted_at")


@task(cache_policy=NO_CACHE)
def plan_retirement(section: MlflowSection, retention: RetentionSection) -> tuple[Retirement, ...]:
    """Return what happens to former production versions by the rule, without doing it."""
    store = find(section)
    champion = store.aliases().get(CHAMPION) if store else None
    return _planned(store, retention, champion) if store and champion else ()


@task(cache_policy=NO_CACHE)
def retire_versions(section: MlflowSection, retention: RetentionSection, champion: str) -> tuple[Retirement, ...]:
    """Archive former production versions, delete those that the rule says, and return what was done."""
    store = connect(section)
    actions = _planned(store, retention, champion)
    for action in actions:
        _carry_out(store, action)
    return actions


def _planned(store: Store, retention: RetentionSection, champion: str) -> tuple[Retirement, ...]:
    model = store.registered()
    pin, waiting = parse_pin(model.tags.get(PINNED)), _waiting(store)
    kept = dict.fromkeys(waiting, "a decision waits for it") | ({pin.version: "pinned"} if pin else {})
    aliases = {alias: str(version) for alias, version in model.aliases.items()}
    held = [_held(v, aliases, kept, retention.keep_tagged) for v in store.versions()]
    rule = keeping(retention.keep_previous, retention.delete_older, retention.keep_days, datetime.now(UTC))
    return retire(held, champion, rule)


def _waiting(store: Store) -> list[str]:
    """Return the versions that recorded decisions name which are not settled yet."""
    wanted = ("tags.`podium.state` = 'awaiting'", "tags.`podium.state` = 'pending'")
    found = [run for state in wanted for run in store.client.search_runs([store.decisions_id], state, max_results=100)]
    return [run.data.tags.get("podium.champion", "") for run in found]


def _held(version: ModelVersion, aliases: dict[str, str], kept: dict[str, str], tag: str) -> Held:
    tags, number = version.tags, str(version.version)
    pointing = tuple(a for a, v in aliases.items() if v == number)
    return Held(
        number,
        tags.get("podium.model_id", ""),
        tags.get("podium.stage", ""),
        tags.get("podium.promoted_at", ""),
        pointing,
        f"tagged {tag}" if tag in tags else kept.get(number),
    )


def _carry_out(store: Store, action: Retirement) -> None:
    if action.action == "delete":
        version = store.client.get_model_version(store.registered_model, action.version)
        if model_id := logged_model_of(version):
            when = datetime.now(UTC).isoformat(timespec="seconds")
            told = f"version {action.version} deleted on {when}: {action.reason}"
            store.client.set_logged_model_tags(model_id, {RETIRED: told})
        delete_version(store, action.version)
    else:
        store.client.set_model_version_tag(store.registered_model, action.version, "podium.stage", "archived")
