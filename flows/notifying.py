"""Tells that somebody else's training code logged a model, so that a selection looks at it at once."""

from dataclasses import dataclass
from typing import Any

from configs.loading import load_config
from podium.errors import UsageError
from podium.events import TRAINED, Told, trained
from tasks.effects.arrivals import models_named
from tasks.effects.events import project_of, tell_or_fail
from tasks.effects.store import find


@dataclass(frozen=True, slots=True)
class Notified:
    """The models that were told of."""

    models: tuple[Told, ...]
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium notify``."""
        rows = [
            {"event": TRAINED, "model_id": m.model_id, "run_id": m.run_id, "logged_model_id": m.logged_model_id}
            for m in self.models
        ]
        return {"events": rows, "dry_run": self.dry_run}


def notify(name: str, config_path: str | None = None, *, again: bool = False, dry_run: bool = False) -> Notified:
    """Tell that the models of a run, or one logged model, were trained. Told ``again`` it is another event.

    Raises:
        UsageError: there is no such candidate in the experiment of the configuration.
        UntoldError: Prefect's server cannot be told.
    """
    section = load_config(config_path).mlflow
    store = find(section)
    if store is None:
        raise UsageError(f"{name!r}: MLflow has no experiment {section.experiment!r} yet; see mlflow.experiment")
    models = tuple(models_named(store, name))
    for model in () if dry_run else models:
        tell_or_fail(trained(project_of(section), model, again=again))
    return Notified(models, dry_run)
