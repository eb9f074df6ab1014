"""Retires former production versions by the rule of the configuration; every promotion does so, too."""

from configs.loading import load_config
from flows.alerting import telling
from flows.settlement import deciding
from podium.outcome import RetirementOutcome
from tasks.promotion import in_production, plan_retirement, retire_versions


@telling("retire")
def retire(config_path: str | None = None, dry_run: bool = False) -> RetirementOutcome:
    """Archive what is no longer in production, and delete what the rule does not keep.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        dry_run: Only say what would be done, and write nothing.
    """
    config = load_config(config_path)
    if dry_run:
        return RetirementOutcome(plan_retirement(config.mlflow, config.retention), dry_run=True)
    with deciding(config):
        champion = in_production(config.mlflow).champion
        done = retire_versions(config.mlflow, config.retention, champion) if champion else ()
    return RetirementOutcome(done)
