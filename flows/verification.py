"""Verifies the production model: loads it by its alias in a fresh process and tests what it answers."""

from prefect import flow

from configs.loading import load_config
from podium.checks import Verification
from podium.progress import announce
from tasks.measurement import load_holdout
from tasks.verification import verify_champion


@flow(name="verify", validate_parameters=False)
def verify(config_path: str | None = None) -> Verification:
    """Test the model in production and return every check."""
    config = load_config(config_path)
    holdout = load_holdout(config.holdout)
    announce("verifying the champion in a fresh process")
    return verify_champion(config, holdout)
