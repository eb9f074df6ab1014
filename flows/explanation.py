"""Explains the champion: which columns move its answers, how much, and which way."""

from prefect.artifacts import create_table_artifact

from configs.loading import load_config
from flows.alerting import telling
from flows.settlement import resume_interrupted
from podium.errors import ConfigError
from podium.explanation import Explanation
from podium.progress import announce
from tasks.explanation import explain_champion
from tasks.measurement import load_holdout


@telling("explain")
def explain(config_path: str | None = None, dry_run: bool = False) -> Explanation:
    """Sample how much each column moves the champion's answers to rows of the holdout, and keep it with its run.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.
        dry_run: Only say what is found, and write nothing.

    Raises:
        NegativeAnswerError: nothing is in production, or it does not answer.
    """
    config = load_config(config_path)
    holdout = load_holdout(config)
    if holdout is None:
        raise ConfigError("explain asks the champion about rows of the holdout: set holdout.path")
    if not dry_run:
        resume_interrupted(config)
    announce("asking the champion about its columns")
    found = explain_champion(config, holdout, dry_run)
    if not dry_run:
        create_table_artifact([one.as_json() for one in found.features], "podium-explanation", found.what)
    return found
