"""Watches over the records: an audit that nobody starts by hand is the only one that finds what somebody changed."""

from prefect import flow

from configs.loading import load_config
from flows.history import history
from podium.chain import Chain
from podium.errors import NegativeAnswerError


@flow(name="audit", validate_parameters=False)
def audit(config_path: str | None = None) -> Chain:
    """Check that the chain of decisions is unbroken, and tell if it is not.

    Args:
        config_path: Config file of the project; not set: PODIUM_CONFIG of the worker, else configs/churn.yaml.

    Raises:
        NegativeAnswerError: it is broken; its answer is the chain.
    """
    chain = history(config_path)
    if not chain.unbroken:
        name = load_config(config_path).mlflow.registered_model
        raise NegativeAnswerError(f"{name}: the chain of decisions is broken: {chain.broken_at}", chain)
    return chain
