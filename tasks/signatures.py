"""Reads what two versions take and give, for the guardrail that a candidate fits where the champion stands."""

from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature, get_model_info
from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import PodiumConfig
from podium.candidate import Candidate
from podium.guardrails import Guardrail
from podium.measurement import Holdout
from podium.signatures import Signature, judge_signature
from tasks.effects.keeping import kept_each
from tasks.effects.store import Store, connect


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def compare_signatures(
    config: PodiumConfig, holdout: Holdout | None, candidate: Candidate, champion: Candidate
) -> Guardrail:
    """Return whether a candidate takes the columns, and gives the types and classes, of the champion."""
    store = connect(config.mlflow)
    return judge_signature(*(_signature(store, holdout, c) for c in (candidate, champion)))


def _signature(store: Store, holdout: Holdout | None, candidate: Candidate) -> Signature | None:
    try:
        found = get_model_info(f"models:/{candidate.logged_model_id}").signature
    except (MlflowException, OSError):
        return None
    [(_, said)] = kept_each(store, holdout, [candidate]) if holdout else [(candidate, None)]
    return _told(found, said.classes if said else ()) if found else None


def _told(found: ModelSignature, classes: tuple[str, ...]) -> Signature:
    columns = found.inputs.to_dict() if found.inputs else []
    named = {str(c["name"]): str(c["type"]) for c in columns if "name" in c}
    required = frozenset(str(c["name"]) for c in columns if "name" in c and c.get("required", True))
    outputs = tuple(str(c.get("type", c)) for c in found.outputs.to_dict()) if found.outputs else ()
    return Signature(named, required, outputs, classes)
