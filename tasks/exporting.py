"""Exports the champion for those who serve from a folder: the model, its metadata, and a link that is switched at once.

A model's folder appears by one rename when it is whole, and is never changed again. ``current`` is replaced by another
rename. A reader sees the model before or the one after, and each of them whole.
"""

import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

from mlflow.artifacts import download_artifacts
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import MlflowSection
from podium.errors import ConfigError
from podium.names import folder_name
from tasks.effects.store import CHAMPION, Store, connect, logged_model_of

CURRENT, METADATA, MODEL = "current", "metadata.json", "model"


@task(cache_policy=NO_CACHE)
def export_champion(section: MlflowSection, directory: Path, decided: str | None = None) -> str | None:
    """Write the champion to a folder unless it is there, switch ``current`` to it, and return the folder's name.

    ``decided`` is the version in production by the last decision: where its alias is gone, what is served stays.

    Raises:
        ConfigError: ``current`` is there and is no link.
    """
    store, current = connect(section), directory / CURRENT
    if current.exists() and not current.is_symlink():
        raise ConfigError(f"export.directory: {current} is no link; move it away, it is switched by each promotion")
    directory.mkdir(parents=True, exist_ok=True)
    mark = f".podium-{folder_name(section.registered_model)}-"
    _clear(directory, mark)
    version = store.aliases().get(CHAMPION)
    if version is None:
        if decided is None:
            current.unlink(missing_ok=True)
        return None
    name = _written(store, version, directory, mark)
    _point(current, name, directory / f"{mark}{uuid.uuid4().hex}")
    return name


def _clear(directory: Path, mark: str) -> None:
    """Remove what a kill left half written."""
    for left in directory.glob(f"{mark}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def _written(store: Store, version: str, directory: Path, mark: str) -> str:
    """Return the name of a version's folder, having made it if it was not there."""
    document = _document(store, version)
    name = _free_name(directory, document)
    if _holds(directory / name, document) is None:
        _make(store, directory / name, directory / f"{mark}{uuid.uuid4().hex}", document)
    return name


def _free_name(directory: Path, document: dict[str, Any]) -> str:
    """Return the folder of a model: its id, with its version where that holds another."""
    plain = folder_name(document["model_id"])
    for name in (plain, numbered := f"{plain}-v{document['version']}"):
        if _holds(directory / name, document) is not False:
            return name
    raise ConfigError(f"export.directory: {directory / numbered} holds something else; move it away")


def _document(store: Store, version: str) -> dict[str, Any]:
    found = store.client.get_model_version(store.registered_model, version)
    return {
        "model_id": found.tags.get("podium.model_id") or f"version-{version}",
        "registered_model": store.registered_model,
        "version": str(version),
        "run_id": found.run_id,
        "logged_model_id": logged_model_of(found),
        "fingerprint": found.tags.get("podium.fingerprint"),
        "model_type": found.tags.get("podium.model_type"),
        "trained_at": found.tags.get("podium.trained_at"),
        "model": MODEL,
    }


def _holds(folder: Path, document: dict[str, Any]) -> bool | None:
    """Whether a folder holds just that model; None if there is no such folder."""
    if not folder.exists():
        return None
    try:
        return bool(json.loads((folder / METADATA).read_text(encoding="utf-8")) == document)
    except (OSError, ValueError):
        return False


def _make(store: Store, target: Path, scratch: Path, document: dict[str, Any]) -> None:
    """Fetch a model beside its place, and put it there by one rename when all of it is on disk."""
    (scratch / "fetched").mkdir(parents=True)
    uri = f"models:/{store.registered_model}/{document['version']}"
    fetched = Path(download_artifacts(uri, dst_path=str(scratch / "fetched"), tracking_uri=store.uri))
    fetched.rename(scratch / MODEL)
    if (scratch / "fetched").exists():
        (scratch / "fetched").rmdir()
    (scratch / METADATA).write_text(json.dumps(document, indent=2, sort_keys=True), encoding="utf-8")
    for path in (*scratch.rglob("*"), scratch):
        _flush(path)
    scratch.rename(target)
    _flush(target.parent)


def _point(current: Path, name: str, scratch: Path) -> None:
    """Let the link ``current`` name another folder, in one step."""
    if current.is_symlink() and current.readlink() == Path(name):
        return
    scratch.symlink_to(name)
    scratch.replace(current)
    _flush(current.parent)


def _flush(path: Path) -> None:
    """Wait until a file or a folder is on disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
