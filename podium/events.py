"""What Podium tells others: that a model was trained, that the champion changed, that something is wrong.

An event says who it is about in its resource and labels, so that others can wait for it without asking anybody.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from podium.chain import Chain
from podium.checks import Verification
from podium.decision import Decision
from podium.monitored import Monitored

TRAINED = "podium.model.trained"
PROMOTED = "podium.champion.promoted"
ROLLED_BACK = "podium.champion.rolled_back"
DEGRADED = "podium.champion.degraded"
DRIFTED = "podium.drift.detected"
BROKEN = "podium.audit.broken"
OF_VERDICT = {"promote": PROMOTED, "approve": PROMOTED, "adopt": PROMOTED, "rollback": ROLLED_BACK}
"""What is told of a decision once it is carried out; other verdicts change nobody's model."""
NAMESPACE = uuid.UUID("a3b0c1f6-6b5e-5d0e-9a34-1f8f0d6f3a77")
MEND = "podium verify and podium monitor look again; podium rollback puts the version before it back"
"""What somebody who is told of a champion can do."""
LONGEST = 500
"""Characters of a label's value."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. ``same_as`` is what makes two tellings of it one; without it each is another."""

    name: str
    resource: str
    labels: Mapping[str, str]
    payload: Mapping[str, Any] = field(default_factory=dict)
    same_as: str | None = None

    @property
    def id(self) -> uuid.UUID:
        """The id, which is the same however often the same is told."""
        return uuid.uuid5(NAMESPACE, f"{self.name} {self.same_as}") if self.same_as else uuid.uuid4()


@dataclass(frozen=True, slots=True)
class Told:
    """A model that was trained, in the names under which others find it."""

    model_id: str
    run_id: str | None
    logged_model_id: str


@dataclass(frozen=True, slots=True)
class Project:
    """The names that tell one project's events from those of another."""

    experiment: str
    registered_model: str

    def labels(self, **further: str | None) -> dict[str, str]:
        """Return the labels of an event of this project; ``model_id`` becomes ``podium.model.id``, none is left out."""
        named = {"experiment": self.experiment, "registered_model": self.registered_model, **further}
        return {_label(name): printable(value) for name, value in named.items() if value}


LABELS = {
    "model_id": "model.id",
    "run_id": "run.id",
    "logged_model_id": "logged_model.id",
    "decision_id": "decision.id",
}


def _label(name: str) -> str:
    return f"podium.{LABELS.get(name, name)}"


def printable(text: str, longest: int = LONGEST) -> str:
    """Return a text of somebody else's in one line of bounded length."""
    return "".join(c if c.isprintable() else " " for c in text)[:longest]


def trained(project: Project, model: Told, *, again: bool = False) -> Event:
    """Return the event of a model that was trained, the same whoever tells it; told ``again`` it is another."""
    labels = project.labels(model_id=model.model_id, run_id=model.run_id, logged_model_id=model.logged_model_id)
    same_as = None if again else model.logged_model_id
    return Event(TRAINED, f"podium.model.{printable(model.model_id)}", labels, same_as=same_as)


def carried_out(project: Project, decision: Decision) -> Event | None:
    """Return the event of a decision that was carried out, None if it put no other version into production."""
    content = decision.content
    name = OF_VERDICT.get(content["verdict"])
    if name is None:
        return None
    now = content["promoted"] or {}
    labels = project.labels(
        version=now.get("version"),
        model_id=now.get("model_id"),
        decision_id=decision.decision_id,
        verdict=content["verdict"],
        asked_by=content["asked_by"],
    )
    told = {"reasons": content["reasons"], "before": content["champion_before"], "decided_at": content["decided_at"]}
    return Event(name, _champion(project), labels, told, same_as=decision.sha256)


def degraded(project: Project, found: Verification, day: date) -> Event:
    """Return the event of a champion that fails its verification, the same for the same failed checks of a day."""
    failed = {check.name: check.detail for check in found.checks if not check.passed}
    said = "; ".join(f"{name}: {detail}" for name, detail in failed.items())
    text = f"version {found.version} ({found.model_id}) fails its verification: {said}. {MEND}"
    labels = project.labels(version=found.version, model_id=found.model_id, failed=", ".join(failed))
    same_as = f"{[project.experiment, project.registered_model, found.version, *failed]} on {day}"
    return Event(DEGRADED, _champion(project), labels, {"text": text, "failed": failed}, same_as=same_as)


def noticed(project: Project, found: Monitored) -> tuple[Event, ...]:
    """Return the events of a batch that is not like the holdout, or that the champion does worse on."""
    about = {"version": found.version, "model_id": found.model_id, "run_id": found.run_id}
    failed = ", ".join(drift.column for drift in found.drifted)
    names = [DEGRADED] * found.performance.degraded + [DRIFTED] * bool(found.drifted)
    what = {DEGRADED: found.performance.metric, DRIFTED: failed}
    told = {"alerts": list(found.alerts), "batch": found.batch.name}
    return tuple(
        Event(
            name,
            _champion(project),
            project.labels(**about, failed=what[name]),
            {"text": f"{found.batch.name}: {said}. {MEND}", **told},
            same_as=found.key,
        )
        for name, said in zip(names, found.alerts, strict=True)
    )


def broken(project: Project, chain: Chain) -> Event:
    """Return the event of a chain of decisions that is not what was written."""
    where = chain.broken_at or ""
    text = f"the chain of {len(chain.decisions)} decisions is broken: {where}. podium history shows it"
    told = {"text": text, "broken_at": where, "decisions": len(chain.decisions)}
    return Event(BROKEN, _champion(project), project.labels(broken_at=where), told)


def _champion(project: Project) -> str:
    return f"podium.champion.{project.registered_model}"


def asker(asked_by: str, model_id: str | None, by_hand: bool = False) -> str:
    """Return who asked for a selection, for its record: an event does so in the name of the model it is about.

    ``by_hand`` says that a person started the run of a deployment, whose parameters name its schedule; an empty
    ``model_id`` is that of an event that names no model.
    """
    if model_id is not None:
        return f"event {TRAINED} of {printable(model_id, 200) or 'a model without a name'}"
    return "user" if by_hand and asked_by == "schedule" else asked_by
