"""Prepares the process for Prefect and MLflow before either is imported: where state lives, and that they are quiet."""

import logging
import os
import warnings

import tasks
from configs.loading import podium_home
from configs.places import make_below_home
from configs.schema import PodiumConfig
from deployments.stack.home import StackHome
from flows.cli.embedded import wanted

NAMES_A_SERVER = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "PREFECT_API_URL", "PODIUM_CONFIG")
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})
LOOPBACK = ("127.0.0.1", "localhost", "::1")
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_CLI_PROMPT": "false",
    "DO_NOT_TRACK": "1",
    **tasks.QUIET,
}


def forget_servers() -> None:
    """Forget every server and setting that the environment names: the demo never writes to anybody's."""
    for name in [n for n in os.environ if n in NAMES_A_SERVER or (n.startswith("PODIUM_") and "__" in n)]:
        del os.environ[name]


def attach(config: PodiumConfig) -> None:
    """Use the servers of a `podium up` that runs in this home, where nobody named others."""
    found = StackHome(podium_home()).running()
    if found is None:
        return
    if wanted():
        os.environ["PREFECT_API_URL"] = found.api
    if config.mlflow.tracking_uri is None:
        os.environ["MLFLOW_TRACKING_URI"] = found.mlflow


def spare_loopback() -> None:
    """Let no proxy of the environment stand before this machine's own servers, in this process and what it starts."""
    if not any(name.lower() in PROXIES for name in os.environ):
        return
    spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    kept = [part.strip() for part in spared.split(",") if part.strip()]
    whole = ",".join([*kept, *(host for host in LOOPBACK if host not in kept)])
    # Libraries differ in which of the two they read.
    os.environ.update({"no_proxy": whole, "NO_PROXY": whole})


def prepare(verbose: bool) -> None:
    """Set what the user has not set. ``verbose`` lets Prefect's and MLflow's own logs through."""
    home = podium_home()
    # Prefect makes no parents of its folder.
    make_below_home(home / "prefect")
    os.environ.setdefault("PREFECT_HOME", str(home / "prefect"))
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO" if verbose else "CRITICAL")
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "INFO" if verbose else "CRITICAL")
    if not verbose:
        warnings.simplefilter("ignore")
        for name in ("mlflow", "alembic", "prefect", "sqlalchemy", "asyncio", "EventsWorker", "APILogWorker"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
