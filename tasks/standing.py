"""Notes in the registry what stands between evidence and production: the pin, and versions that were rolled back."""

from mlflow.entities.model_registry import ModelVersion
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import MlflowSection
from podium.errors import UsageError
from podium.orders import Registered
from podium.outcome import Pin
from podium.standing import Hold, pin_text
from tasks.effects.gone import UNKNOWN, if_there
from tasks.effects.store import HELD, PINNED, Store, connect, logged_model_of

LISTED = 10
"""Versions that are named to somebody who named another."""


@task(cache_policy=NO_CACHE)
def version_named(section: MlflowSection, version: str) -> Registered:
    """Return a version of the registered model.

    Raises:
        UsageError: there is no such version.
    """
    store = connect(section)
    if found := _found(store, version):
        return _registered(store, found)
    known = sorted(int(v.version) for v in store.versions())[-LISTED:]
    there = f"there are {', '.join(map(str, known))}" if known else "there is none at all"
    raise UsageError(f"{store.registered_model}: no version {version!r}; {there}")


@task(cache_policy=NO_CACHE)
def version_there(section: MlflowSection, version: str) -> Registered | None:
    """Return a version of the registered model, None if it was deleted."""
    store = connect(section)
    found = _found(store, version)
    return _registered(store, found) if found else None


def _found(store: Store, version: str) -> ModelVersion | None:
    with if_there(UNKNOWN):
        return store.client.get_model_version(store.registered_model, version)
    return None


def _registered(store: Store, found: ModelVersion) -> Registered:
    logged = logged_model_of(found)
    held = found.tags.get(HELD) or (_held(store, logged) if logged else None)
    name = found.tags.get("podium.model_id") or f"version {found.version}"
    return Registered(str(found.version), name, found.run_id, logged, held)


def _held(store: Store, logged_model_id: str) -> str | None:
    """Return the text that holds back a logged model, which an earlier version of it may have left."""
    with if_there():
        found: str | None = store.client.get_logged_model(logged_model_id).tags.get(HELD)
        return found
    return None


@task(cache_policy=NO_CACHE)
def hold_version(section: MlflowSection, version: str, hold: Hold, logged_model_id: str | None = None) -> None:
    """Note that a version is not promoted again, nor what its logged model is registered as once it is deleted.

    ``logged_model_id`` is the logged model of a version that is deleted already, where that is known.
    """
    store, text = connect(section), hold.as_text()
    found = _found(store, version)
    if found:
        with if_there():
            store.client.set_model_version_tag(store.registered_model, version, HELD, text)
    if model_id := logged_model_of(found) if found else logged_model_id:
        with if_there():
            store.client.set_logged_model_tags(model_id, {HELD: text})


@task(cache_policy=NO_CACHE)
def free_version(section: MlflowSection, version: str) -> None:
    """Let a version be promoted again."""
    store = connect(section)
    found = _found(store, version)
    if found:
        with if_there():
            store.client.delete_model_version_tag(store.registered_model, version, HELD)
    if model_id := logged_model_of(found) if found else None:
        with if_there():
            store.client.delete_logged_model_tag(model_id, HELD)


@task(cache_policy=NO_CACHE)
def set_pin(section: MlflowSection, pin: Pin) -> None:
    """Hold the champion against automatic change."""
    store = connect(section)
    store.client.set_registered_model_tag(store.registered_model, PINNED, pin_text(pin))


@task(cache_policy=NO_CACHE)
def lift_pin(section: MlflowSection) -> None:
    """Let selections change the champion again."""
    store = connect(section)
    store.client.delete_registered_model_tag(store.registered_model, PINNED)
