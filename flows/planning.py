"""Writes a selection down as a plan to be reviewed, and carries a plan out as long as nothing has changed since."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import flow

from configs.loading import load_config
from flows.alerting import telling
from flows.selection import preview, select_as_planned
from flows.shared import now
from podium import __version__
from podium.errors import NegativeAnswerError
from podium.outcome import SelectionOutcome
from podium.plans import Plan, Planned, make_plan, read_plan
from tasks.measurement import load_holdout
from tasks.planning import load_plan, save_plan


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """A plan, the file it was written to, and the preview that it is of."""

    plan: Plan
    file: str
    preview: SelectionOutcome

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of ``podium select --plan``."""
        return {**self.preview.as_json(), "plan": {"file": self.file, "sha256": self.plan.sha256}}


@flow(name="plan", validate_parameters=False)
def plan(file: str, config_path: str | None = None) -> PlanOutcome:
    """Write what a selection would do to a file, and nothing else anywhere."""
    config = load_config(config_path)
    holdout = load_holdout(config)
    found, evidence = preview(config, holdout)
    name = config.mlflow.registered_model
    made = make_plan(found.selection, evidence, found.production, model=name, code=__version__, at=now())
    save_plan(made, Path(file))
    return PlanOutcome(made, file, found)


@telling("apply")
def apply(file: str, config_path: str | None = None, asked_by: str = "user") -> SelectionOutcome:
    """Carry a plan out if champion, candidates, data and policy are still those it was made from.

    Raises:
        UsageError: the file is no plan, or was changed.
        NegativeAnswerError: it promotes nothing, something has changed since, or what was promoted was taken back.
    """
    config = load_config(config_path)
    found = read_plan(load_plan(Path(file)), file)
    if not found.promotes:
        raise NegativeAnswerError(f"{file}: nothing to carry out, its verdict is {found.content['verdict']}")
    return select_as_planned(config, Planned(found, file), f"{asked_by}, plan {found.sha256[:12]}")
