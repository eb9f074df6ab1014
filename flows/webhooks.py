"""Serves the endpoint of MLflow's webhooks: a version that others registered becomes the event of a trained model."""

import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from configs.loading import load_config, podium_home
from configs.schema import MlflowSection, PodiumConfig
from podium.alerts import Alert
from podium.errors import UsageError
from podium.events import trained
from podium.webhooks import SHORTEST_SECRET, Version
from tasks.effects.arrivals import models_named
from tasks.effects.connections import server
from tasks.effects.deliveries import Deliveries
from tasks.effects.events import project_of, tell_or_fail
from tasks.effects.receiver import PATH, Receiver
from tasks.effects.store import LOGGED_MODEL, connect

SECRET = "PODIUM_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class Listener:
    """Where the endpoint listens, and with which certificate, if with one."""

    host: str
    port: int
    certificate: str | None = None
    key: str | None = None
    tolerance: int = 300


def serve(config_path: str | None, where: Listener, secret_block: str | None, ready: Callable[[str], None]) -> None:
    """Serve until the process is asked to end; ``ready`` is called with the address once it listens.

    Raises:
        UsageError: there is no secret, it is too short, or the port is taken.
    """
    config = load_config(config_path)
    section = config.mlflow
    secret = secret_of(secret_block)
    listener = _listening(where)
    connect(section)
    seen = Deliveries(podium_home() / "webhooks.db", keep=2 * where.tolerance + 1)
    with closing(seen), _telling(config) as tell:
        handle = partial(pass_on, section)
        app = Receiver(secret, section.registered_model, seen, handle, tell, where.tolerance).app()
        serving = server(app, where.certificate, where.key)
        ready(f"{'https' if where.certificate else 'http'}://{where.host}:{listener.getsockname()[1]}{PATH}")
        serving.run(sockets=[listener])


@contextmanager
def _telling(config: PodiumConfig) -> Iterator[Callable[[Alert], None]]:
    """Give what has the channels of a configuration told, one alert after the other; at the end all are told."""
    from flows.alerting import tell_all

    with ThreadPoolExecutor(1) as one:

        def tell(alert: Alert) -> None:
            one.submit(tell_all, config, (alert,), "podium webhooks")

        yield tell


def pass_on(section: MlflowSection, version: Version) -> str:
    """Tell that the model of a version was trained, and return what was told.

    Raises:
        UsageError: it is no candidate of the experiment.
        UntoldError: Prefect's server cannot be told.
    """
    backed_by = LOGGED_MODEL.search(version.source)
    name = backed_by.group() if backed_by else version.run_id
    if not name:
        raise UsageError(f"version {version.version} of {version.name} has neither a logged model nor a run")
    models = models_named(connect(section), name)
    for model in models:
        tell_or_fail(trained(project_of(section), model))
    return f"version {version.version} of {version.name}: told of {', '.join(m.model_id for m in models)}"


def secret_of(block: str | None) -> str:
    """Return the secret of a Prefect block, else that of the environment, from which it is removed.

    Raises:
        UsageError: there is none, or one that could be guessed.
    """
    found = _of_block(block) if block else os.environ.pop(SECRET, "")
    where = f"the Prefect block {block}" if block else SECRET
    if not found:
        raise UsageError(f"{where}: no secret; make one with `openssl rand -hex 32` and give MLflow's webhook the same")
    if len(found) < SHORTEST_SECRET:
        raise UsageError(f"{where}: shorter than {SHORTEST_SECRET} characters; make one with `openssl rand -hex 32`")
    return found


def _of_block(name: str) -> str:
    from prefect.blocks.system import Secret
    from prefect.settings import PREFECT_API_URL

    if not PREFECT_API_URL.value():
        raise UsageError(f"--secret-block {name}: no Prefect server is named that could hold it; set PREFECT_API_URL")
    try:
        return str(Secret.load(name).get())  # type: ignore[union-attr]
    except ValueError:
        raise UsageError(f"no Prefect block secret/{name}; make one of the type Secret") from None


def _listening(where: Listener) -> socket.socket:
    for key, path in (("--certificate", where.certificate), ("--key", where.key)):
        if path and not Path(path).is_file():
            raise UsageError(f"{key}: {path}: no such file")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((where.host, where.port))
    except OSError as error:
        listener.close()
        raise UsageError(f"{where.host}:{where.port}: {error.strerror}; choose another with --port") from None
    listener.listen(128)
    return listener
