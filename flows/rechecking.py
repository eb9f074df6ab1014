"""Looks once more at what a recorded promotion rests on, where it is carried out later than it was decided.

In between, the rows, the policy, the files of the model or a tag that the policy requires may have become others.
"""

from configs.schema import PodiumConfig
from flows.shared import rules_of
from podium.candidate import Candidate, Evidence
from podium.decision import Decision
from podium.errors import PodiumError
from podium.measurement import Holdout
from podium.ranking import choose
from podium.states import moved_since
from tasks.candidates import candidate_now
from tasks.measurement import confirm, load_holdout
from tasks.standing import version_there
from tasks.verification import canary


def missing(config: PodiumConfig, decision: Decision) -> str | None:
    """Return that what a decision puts into production was deleted, None if it is there or if nothing is put there."""
    version = (decision.content["promoted"] or {}).get("version")
    is_gone = version is not None and version_there(config.mlflow, version) is None
    return f"version {version} of {config.mlflow.registered_model} was deleted" if is_gone else None


def rechecked(config: PodiumConfig, decision: Decision) -> str | None:
    """Return why what a decision promotes does not stand any more, None if it does. It fails closed."""
    promoted = decision.content["promoted"]
    try:
        return (
            missing(config, decision) or _evidence_doubt(config, decision) or canary(config, promoted["version"]).doubt
        )
    except PodiumError as error:
        return str(error)


def _evidence_doubt(config: PodiumConfig, decision: Decision) -> str | None:
    """Return what is against the evidence of a decision, which an order has none of."""
    if not decision.content["evidence"]:
        return None
    holdout = load_holdout(config)
    policy = config.policy.model_dump(mode="json")
    if moved := moved_since(decision, holdout.digest if holdout else None, policy):
        return moved
    candidate = candidate_now(config.mlflow, holdout, decision.content["promoted"])
    if candidate is None:
        return "it is no candidate any more"
    return _without_place(config, holdout, candidate) or confirm(config, holdout, candidate).doubt


def _without_place(config: PodiumConfig, holdout: Holdout | None, candidate: Candidate) -> str | None:
    """Return why the policy gives a candidate no place by what is known of it now, None if it does."""
    basis: Evidence = "holdout" if holdout else "recorded"
    (found,) = choose([candidate], None, rules_of(config, basis, holdout), basis).ranking
    return None if found.place is not None else found.reason or "the policy gives it no place"
