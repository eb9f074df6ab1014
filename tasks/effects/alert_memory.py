"""Remembers what each channel was told, so that a repeat is quiet on every machine.

It is in tags of the decisions experiment, one for each channel and thing, which machines share; none is written by two
things at once. A copy is in ``PODIUM_HOME``: MLflow may be what is wrong. The later of the two counts.
"""

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException

from configs.loading import podium_home
from configs.schema import MlflowSection
from podium.alerts import Alert, Told
from podium.errors import PodiumError, first_line
from podium.names import key as safe
from tasks.effects.store import Store, find

LOG = logging.getLogger("podium.alerts")
PREFIX = "podium.alert/"


class Memory:
    """What the channels were told of one registered model."""

    def __init__(self, section: MlflowSection) -> None:
        self._model = section.registered_model
        self._store = _reachable(section)
        self._told: dict[str, Told] = {}
        for text in (*_files(), *_tags(self._store)):
            self._read(text)

    def _read(self, text: str) -> None:
        try:
            found = json.loads(text)
            name, told = str(found["name"]), told_from(found["told"])
        except (ValueError, TypeError, KeyError):
            # At worst something is said twice.
            LOG.warning("what a channel was told cannot be read: %.80s", text)
            return
        known = self._told.get(name)
        if known is None or known.at < told.at:
            self._told[name] = told

    def of(self, channel: str) -> dict[str, Told]:
        """Return what a channel was told, by the thing that it is about."""
        start = f"{self._model}/{channel}/"
        return {name.removeprefix(start): told for name, told in self._told.items() if name.startswith(start)}

    def keep(self, channel: str, key: str, told: Told) -> None:
        """Remember what a channel was told of a thing."""
        name = f"{self._model}/{channel}/{key}"
        self._told[name] = told
        text = json.dumps({"name": name, "told": asdict(told)}, ensure_ascii=False)
        try:
            _write(safe(name).replace("/", "~"), text)
            if self._store:
                self._store.client.set_experiment_tag(self._store.decisions_id, safe(f"{PREFIX}{name}"), text)
        except (MlflowException, OSError) as error:
            LOG.warning("what %s was told is not remembered: %s", channel, first_line(error))


def told_from(found: dict[str, Any]) -> Told:
    """Return what was written of what a channel was told.

    Raises:
        TypeError, KeyError: it is no such thing.
    """
    owed = Alert(**found["owed"]) if found["owed"] else None
    return Told(**{**found, "sent": tuple(found["sent"]), "owed": owed})


def _reachable(section: MlflowSection) -> Store | None:
    try:
        return find(section)
    except (PodiumError, MlflowException, OSError) as error:
        LOG.info("what channels were told is known to this machine alone: %s", first_line(error))
        return None


def _tags(store: Store | None) -> list[str]:
    if store is None:
        return []
    try:
        tags = store.client.get_experiment(store.decisions_id).tags
    except MlflowException as error:
        LOG.info("what channels were told is known to this machine alone: %s", first_line(error))
        return []
    return [text for name, text in tags.items() if name.startswith(PREFIX)]


def _files() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((podium_home() / "alerts").glob("*.json"))]


def _write(name: str, text: str) -> None:
    folder = podium_home() / "alerts"
    folder.mkdir(parents=True, exist_ok=True)
    fresh = Path(folder, f"{name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(folder / f"{name}.json")
