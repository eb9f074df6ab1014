"""Verifies the production model: loads it by its alias in a fresh process and tests what it answers."""

from datetime import UTC, datetime

from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.alerting import telling
from flows.settlement import resume_interrupted
from podium.checks import Verification
from podium.errors import NegativeAnswerError
from podium.events import degraded
from podium.measurement import Holdout
from podium.progress import announce
from tasks.decisions import waiting_decision
from tasks.effects.events import project_of, tell
from tasks.measurement import load_holdout
from tasks.verification import verify_champion


@telling("verify")
def verify(config_path: str | None = None) -> Verification:
    """Test the model in production and return every check.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.

    Raises:
        NegativeAnswerError: a check failed, and its answer is the verification; or nothing is in production.
    """
    config = load_config(config_path)
    holdout = load_holdout(config)
    resume_interrupted(config)
    announce("verifying the champion in a fresh process")
    found = _verified(config, holdout)
    if not found.passed:
        tell(degraded(project_of(config.mlflow), found, datetime.now(UTC).date()))
        failed = ", ".join(check.name for check in found.checks if not check.passed)
        who = f"{config.mlflow.registered_model} version {found.version}"
        raise NegativeAnswerError(f"{who} failed its verification: {failed}", found)
    return found


def _verified(config: PodiumConfig, holdout: Holdout | None) -> Verification:
    """Return the checks; where nothing is in production, say what waits to be approved, if anything does."""
    try:
        return verify_champion(config, holdout)
    except NegativeAnswerError:
        if waiting := waiting_decision(config.mlflow):
            who, how = config.mlflow.registered_model, f"podium approve {waiting.decision_id}"
            raise NegativeAnswerError(f"{who}: nothing is in production yet; a promotion waits: run `{how}`") from None
        raise
