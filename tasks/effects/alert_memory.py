"""Remembers what each channel was told, so that a repeat is quiet on every machine.

It is in tags of the decisions experiment, one for each channel and thing, which machines share; none is written by two
things at once. A copy is in ``PODIUM_HOME``: MLflow may be what is wrong. The tag counts, unless the copy could not be
written to it and nobody has written to it since. Each writing of a tag has the next number; clocks lie apart.
"""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mlflow.exceptions import MlflowException
from pydantic import TypeAdapter

from configs.loading import podium_home
from configs.schema import MlflowSection
from podium.alerts import Told
from podium.errors import PodiumError, first_line
from podium.names import key as safe
from tasks.effects.store import Store, find

LOG = logging.getLogger("podium.alerts")
PREFIX = "podium.alert/"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept under a name. ``revision`` is the number of the tag, or of that from which an unshared copy came."""

    name: str
    told: Told
    revision: int = 0
    shared: bool = True


KEPT = TypeAdapter(_Kept)


class Memory:
    """What the channels were told of one registered model."""

    def __init__(self, section: MlflowSection) -> None:
        self._model = section.registered_model
        self._store = _reachable(section)
        self._kept = {kept.name: kept for kept in _copies()}
        tags = _tags(self._store)
        if tags is None:
            # Written without being read, a tag would have a number that others have given already.
            self._store = None
        for tag in tags or ():
            self._learn(tag)

    def of(self, channel: str) -> dict[str, Told]:
        """Return what a channel was told, by the thing that it is about."""
        start = f"{self._model}/{channel}/"
        return {name.removeprefix(start): kept.told for name, kept in self._kept.items() if name.startswith(start)}

    def keep(self, channel: str, key: str, told: Told) -> None:
        """Remember what a channel was told of a thing."""
        name = f"{self._model}/{channel}/{key}"
        before = self._kept.get(name)
        kept = self._share(_Kept(name, told, before.revision if before else 0, shared=False))
        self._kept[name] = kept
        self._write(kept)

    def _learn(self, tag: _Kept) -> None:
        """Take a tag for what is known, unless the copy is news that could not be shared.

        The tag's number is kept here: a copy that cannot be shared later on is news about what was seen last.
        """
        copy = self._kept.get(tag.name)
        is_news = copy is not None and not copy.shared and copy.revision == tag.revision
        if not is_news and copy != tag:
            self._kept[tag.name] = tag
            self._write(tag)

    def _write(self, kept: _Kept) -> None:
        try:
            _write(safe(kept.name).replace("/", "~"), _text(kept))
        except OSError as error:
            LOG.warning("what was told of %s is not remembered here: %s", kept.name, first_line(error))

    def _share(self, kept: _Kept) -> _Kept:
        """Write what is kept to its tag, and return it as it is there; where that fails, as it is."""
        if self._store is None:
            return kept
        shared = replace(kept, revision=kept.revision + 1, shared=True)
        try:
            self._store.client.set_experiment_tag(self._store.decisions_id, safe(f"{PREFIX}{kept.name}"), _text(shared))
        except MlflowException as error:
            LOG.warning("what was told of %s is remembered here alone: %s", kept.name, first_line(error))
            return kept
        return shared


def _text(kept: _Kept) -> str:
    return json.dumps(asdict(kept), ensure_ascii=False)


def _read(content: str | bytes) -> _Kept | None:
    """Return what was kept, or None if it cannot be read: at worst something is said twice."""
    try:
        return KEPT.validate_json(content)
    except ValueError:
        LOG.warning("what a channel was told cannot be read: %.80r", content)
        return None


def _reachable(section: MlflowSection) -> Store | None:
    try:
        return find(section)
    except (PodiumError, MlflowException, OSError) as error:
        LOG.info("what channels were told is known to this machine alone: %s", first_line(error))
        return None


def _tags(store: Store | None) -> list[_Kept] | None:
    """Return what is kept in tags, None if they cannot be read."""
    if store is None:
        return []
    try:
        tags = store.client.get_experiment(store.decisions_id).tags
    except MlflowException as error:
        LOG.info("what channels were told is known to this machine alone: %s", first_line(error))
        return None
    read = [_read(text) for name, text in tags.items() if name.startswith(PREFIX)]
    return [kept for kept in read if kept]


def _copies() -> Iterator[_Kept]:
    """Read the copies of this machine; one that cannot be read is put out of the way."""
    for path in sorted((podium_home() / "alerts").glob("*.json")):
        try:
            kept = _read(path.read_bytes())
        except OSError as error:
            LOG.warning("what a channel was told cannot be read: %s", first_line(error))
            kept = None
        if kept:
            yield kept
        else:
            _put_away(path)


def _put_away(path: Path) -> None:
    try:
        path.replace(path.with_suffix(".damaged"))
    except OSError as error:
        LOG.warning("it cannot be put out of the way: %s", first_line(error))


def _write(name: str, text: str) -> None:
    folder = podium_home() / "alerts"
    folder.mkdir(parents=True, exist_ok=True)
    fresh = Path(folder, f"{name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(folder / f"{name}.json")
