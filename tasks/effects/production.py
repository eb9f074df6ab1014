"""Finds what is in production, for those who ask or look at it."""

from dataclasses import dataclass
from typing import Any

from mlflow.entities.model_registry import ModelVersion

from configs.schema import MlflowSection
from podium.errors import NegativeAnswerError, PodiumError
from tasks.effects.sandbox import Answer
from tasks.effects.store import CHAMPION, Store, connect, find

PASSING = frozenset({"gone", "timeout"})
"""Answers that say nothing of the model: asked again it may answer."""


@dataclass(frozen=True, slots=True)
class Champion:
    """The version in production, with the store it is in."""

    store: Store
    found: ModelVersion

    @property
    def version(self) -> str:
        """Its number in the registry."""
        return str(self.found.version)

    @property
    def model_id(self) -> str:
        """What people call it."""
        return str(self.found.tags.get("podium.model_id", ""))

    @property
    def files(self) -> str:
        """The URI of its files, by its number: the alias may move meanwhile."""
        return f"models:/{self.store.registered_model}/{self.version}"

    def require(self, answer: Answer, about: str) -> dict[str, Any]:
        """Return what it answered when it was asked about something.

        Raises:
            NegativeAnswerError: it cannot answer that.
            PodiumError: its files could not be had, or it took too long.
        """
        if answer.value is not None:
            return answer.value
        kind = PodiumError if answer.code in PASSING else NegativeAnswerError
        raise kind(f"{self.store.registered_model} version {self.version} does not answer {about}: {answer.reason}")


def champion_of(section: MlflowSection) -> Champion:
    """Return what is in production.

    Raises:
        NegativeAnswerError: nothing is.
    """
    store = find(section)
    version = store.aliases().get(CHAMPION) if store else None
    if store is None or version is None:
        raise NegativeAnswerError(f"{section.registered_model}: nothing is in production yet; run `podium select`")
    return Champion(store, store.client.get_model_version(store.registered_model, version))


def version_of_model(section: MlflowSection, version: str) -> Champion:
    """Return a version that was in production when its number was looked up."""
    store = connect(section)
    return Champion(store, store.client.get_model_version(store.registered_model, version))
