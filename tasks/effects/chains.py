"""Whose decisions are where: a registered model has one chain, and an experiment holds that of one registered model.

Each names the other by a tag. Decisions, claims and locks rest on that: they are told apart by nothing else.
"""

from collections.abc import Mapping

from configs.schema import MlflowSection
from podium.errors import ConfigError

DECIDED_IN = "podium.decided_in"
"""Tag of the registered model that names the experiment whose decisions are its one chain."""
DECIDES_ON = "podium.decides_on"
"""Tag of the experiment of decisions that names the registered model which they are about."""


def require_own_chain(section: MlflowSection, tags: Mapping[str, str]) -> None:
    """Return if the decisions on a registered model with these tags belong into the configured experiment.

    Raises:
        ConfigError: they are in another, whose decisions neither this one's turn nor its chain would know of.
    """
    where, name = tags.get(DECIDED_IN, section.experiment), section.registered_model
    if where != section.experiment:
        raise ConfigError(
            f"{name} is decided on in the experiment {where}, and this config says {section.experiment}: set "
            f"mlflow.experiment to {where}, or mlflow.registered_model to another; to begin a new chain of decisions "
            f"for {name}, delete the registered model's tag {DECIDED_IN}"
        )


def require_own_model(section: MlflowSection, tags: Mapping[str, str]) -> None:
    """Return if an experiment of decisions with these tags is about the configured registered model, or about none yet.

    Raises:
        ConfigError: it is about another, whose versions have the same numbers.
    """
    about = tags.get(DECIDES_ON, section.registered_model)
    if about != section.registered_model:
        raise not_its_own(section, about)


def not_its_own(section: MlflowSection, about: str) -> ConfigError:
    """Return the error of a config whose experiment holds the decisions on another registered model."""
    name, where = section.registered_model, section.experiment
    return ConfigError(
        f"the experiment {where} holds the decisions on {about}, and this config is about {name}: name another "
        f"mlflow.experiment; if they are the same model, renamed, set the tag {DECIDES_ON} of the experiment "
        f"{where}.decisions to {name}"
    )
