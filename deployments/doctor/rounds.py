"""Makes the round of all checks. Servers are asked at the same time: one that is gone takes its whole patience."""

import os
import platform
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from configs.loading import config_path, load_config, podium_home
from configs.places import SQLITE, tracking_uri
from configs.schema import MlflowSection
from deployments.doctor import databases, notifications, permissions, places, servers, stores
from deployments.doctor.channels import channels
from deployments.doctor.inputs import inputs
from deployments.doctor.spreading import runner
from deployments.stack.home import StackHome
from podium import __version__
from podium.errors import ConfigError
from podium.health import Health
from podium.names import slug

HTTP = ("http://", "https://")


def examine(given: str | None) -> list[Health]:
    """Return every check, in the order in which to mend what fails."""
    own = [_versions(), *places.home(podium_home()), *places.stack(podium_home())]
    try:
        config = load_config(given)
    except ConfigError as error:
        return [*own, _not_read(config_path(given), error), *_without_config()]
    read = Health("config", "pass", str(config_path(given) or "the built-in defaults"))
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(_mlflow, config.mlflow), pool.submit(_prefect, slug(config.mlflow.registered_model))]
        asked += [pool.submit(runner, config.runner), pool.submit(channels, config.alerts, _api())]
        found = [*own, read, *inputs(config), *places.export(config.export.directory)]
        return [*found, *(check for one in asked for check in one.result())]


def _not_read(path: Path | None, error: ConfigError) -> Health:
    """Return the check of a configuration that cannot be read; ``path`` is its file, if it has one."""
    if path and not path.exists():
        return Health(
            "config", "fail", f"{path}: no such file", "name one that is there: --config FILE or PODIUM_CONFIG"
        )
    if str(error).startswith("environment: "):
        return Health("config", "fail", str(error), "mend or unset that variable")
    return Health("config", "fail", str(error), "mend it: podium config check tells every mistake")


def _without_config() -> list[Health]:
    """Look at the servers that the environment or a local stack names, of no project: which one is not known."""
    running = StackHome(podium_home()).running()
    uri = os.environ.get("PODIUM_MLFLOW__TRACKING_URI") or os.environ.get("MLFLOW_TRACKING_URI")
    uri, api = uri or (running.mlflow if running else None), _api()
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(_store, uri)] if uri else []
        asked += [pool.submit(servers.prefect_server, api)] if api else []
        return [check for one in asked for check in one.result()]


def _api() -> str | None:
    """Return the address of the Prefect server that the environment names, else of that of a local stack."""
    running = StackHome(podium_home()).running()
    return os.environ.get("PREFECT_API_URL") or (running.api if running else None)


def _store(uri: str) -> list[Health]:
    """Look at a server of MLflow or its database."""
    return servers.mlflow_server(uri) if uri.startswith(HTTP) else [databases.mlflow_database(uri)]


def _versions() -> Health:
    named = ", ".join(f"{name} {version(name)}" for name in ("prefect", "mlflow", "scikit-learn"))
    return Health("versions", "pass", f"podium {__version__}, Python {platform.python_version()}, {named}")


def _mlflow(section: MlflowSection) -> list[Health]:
    running = StackHome(podium_home()).running()
    uri = running.mlflow if running and section.tracking_uri is None else tracking_uri(section)
    found = _store(uri)
    if not uri.startswith(HTTP):
        beside = Path(uri.removeprefix(SQLITE)).parent / "artifacts"
        return [*found, *(places.artifacts(beside) if uri.startswith(SQLITE) else [])]
    if found[0].status != "pass":
        return found
    location = servers.artifact_location(uri, section)
    decisions = servers.decisions(section.model_copy(update={"tracking_uri": uri}))
    listed = stores.artifacts(location, uri) if location else []
    return [*found, *decisions, permissions.may_write(uri, section), *listed]


def _prefect(project: str) -> list[Health]:
    if api := os.environ.get("PREFECT_API_URL"):
        return _prefect_server(api, project)
    stack = StackHome(podium_home())
    kept = databases.prefect_database("stack schema", stack.prefect / "prefect.db")
    if running := stack.running():
        return [*_prefect_server(running.api, project), *kept]
    embedded = Health(
        "prefect", "pass", "each command starts one of its own; `podium up` or PREFECT_API_URL shares one"
    )
    own = Path(os.environ.get("PREFECT_HOME") or podium_home() / "prefect")
    return [embedded, *databases.prefect_database("prefect schema", own / "prefect.db"), *kept]


def _prefect_server(api: str, project: str) -> list[Health]:
    found = servers.prefect_server(api)
    if found[0].status != "pass":
        return found
    return [*found, servers.workers(api, project), *notifications.told(api, project)]
