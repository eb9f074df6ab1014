"""Three ways in for what others train: the event itself, `podium notify`, and MLflow's own webhooks."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from cryptography.fernet import Fernet
from prefect.blocks.system import Secret
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from sklearn.linear_model import LogisticRegression

from benchmarks.servers import MlflowServer, free_port
from benchmarks.stacks import BUSY, until
from deployments.projects import Project
from deployments.registering import register
from flows.notifying import notify
from podium.errors import UsageError
from podium.webhooks import signature_of
from tests.deployments.leaving import leaving_nothing
from tests.flows.listening import Listening
from tests.flows.projects import log_with_plain_mlflow, project, store_of
from tests.flows.receivers import Receiver
from tests.flows.test_cli import PODIUM, assert_one_line, document, podium

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to.md"
SECRET = "d0b1c7a4e0f94b7e8b0c"
NOBODY = {"prefect.resource.id": "podium.model.", "podium.model.id": ""}
"""Labels of an event that names no model at all."""
ROWS = pd.DataFrame({"tenure": [1.0, 2.0, 30.0, 40.0], "charge": [9.0, 8.0, 2.0, 1.0]})


def logged(config: Path, name: str) -> str:
    """Log a small model the way anybody's training code does; returns the logged model's id."""
    return log_with_plain_mlflow(config, LogisticRegression().fit(ROWS, [1, 1, 0, 0]), ROWS, name)


def project_named(home: Path, made: Path, name: str) -> Path:
    """A project whose names are its own."""
    return project(home.parent, made, mlflow={"registered_model": name, "experiment": f"{name}_experiment"})


def selections(client: SyncPrefectClient, project: Project) -> list[str]:
    """The names of the models whose events started the selections of a project."""
    selects = DeploymentFilter(name=DeploymentFilterName(any_=[f"{project.name}-select"]))
    runs = client.read_flow_runs(deployment_filter=selects)
    return [str(run.parameters["model_id"]) for run in runs if "model_id" in run.parameters]


def test_the_documented_line_starts_a_selection(prefect_server: str) -> None:
    """What docs/how-to.md tells training code to say is all there need be; a label that names the model counts first.

    An event of another registered model starts nothing. Prefect may lose one, as whoever tells does not hear of it: it
    is told again after a minute.
    """
    blocks = re.findall(r"```python\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    line = next(block for block in blocks if "emit_event(" in block).replace('"churn"', '"taught"')
    labelled = {"prefect.resource.id": "podium.model.x", "podium.registered_model": "taught", "podium.model.id": "m 1"}
    other = line.replace("taught", "someone else's")
    further = f"emit_event('podium.model.trained', {labelled})\nemit_event('podium.model.trained', {labelled | NOBODY})"
    project = Project("taught", None, "/srv")
    with leaving_nothing(prefect_server) as client:
        register(project)
        code = f'name = "by hand"\n{other}\n{line}\n{further}'
        words, variables = [sys.executable, "-c", code], {**os.environ, "PREFECT_API_URL": prefect_server}
        next_time = 0.0

        def all_are_there() -> bool:
            nonlocal next_time
            if time.monotonic() > next_time:
                subprocess.run(words, env=variables, check=True, timeout=120)
                next_time = time.monotonic() + 60
            return {"", "by hand", "m 1"} <= set(selections(client, project))

        until(all_are_there, "an event starts no selection", every=1.0)
        assert set(selections(client, project)) == {"", "by hand", "m 1"}


def test_a_run_or_a_logged_model_is_told_of(home: Path, made: Path, prefect_server: str) -> None:
    """Both name the same event, which a server takes for one; told again it is another."""
    config = project_named(home, made, "notified")
    model_id = logged(config, "linear")
    run_id = store_of(config).client.get_logged_model(model_id).source_run_id
    with Listening(prefect_server, "podium.model.") as ears:
        assert notify(run_id, str(config), dry_run=True).models[0].logged_model_id == model_id
        told = podium("notify", run_id, "--json", home=home, PODIUM_CONFIG=str(config), PREFECT_API_URL=prefect_server)
        assert document(told)["events"][0]["model_id"] == "linear"
        first = ears.next("podium.model.linear")
        assert (first.resource["podium.run.id"], first.resource["podium.logged_model.id"]) == (run_id, model_id)
        notify(model_id, str(config))
        notify(model_id, str(config), again=True)
        assert ears.next("podium.model.linear").id != first.id


def test_what_is_no_candidate_is_one_line(home: Path, made: Path, prefect_server: str) -> None:
    """Unknown, elsewhere, without a model, deleted, unfinished, or nobody to tell: each says what to do."""
    config = project_named(home, made, "missing")
    store = store_of(config)
    for name in ("nothing", "m-" + "0" * 32):
        with pytest.raises(UsageError, match=f"{name}.*no such"):
            notify(name, str(config))
    empty = store.client.create_run(store.experiment_id).info.run_id
    with pytest.raises(UsageError, match="no logged model that is ready"):
        notify(empty, str(config))
    half = store.client.create_logged_model(store.experiment_id, "half", empty).model_id
    with pytest.raises(UsageError, match="not ready"):
        notify(half, str(config))
    store.client.delete_run(empty)
    with pytest.raises(UsageError, match="deleted"):
        notify(empty, str(config))
    elsewhere = store.client.create_run(store.client.create_experiment("elsewhere")).info.run_id
    with pytest.raises(UsageError, match=r"'elsewhere'.*'missing_experiment'"):
        notify(elsewhere, str(config))
    here: dict[str, Any] = {"home": home, "PODIUM_CONFIG": str(config)}
    assert_one_line(podium("notify", logged(config, "linear"), **here), 1, "PREFECT_API_URL")
    assert_one_line(podium("notify", "nothing", PREFECT_API_URL=prefect_server, **here), 2, "'nothing'")


class Endpoint:
    """`podium webhooks serve` as a process of its own."""

    def __init__(self, *options: str, **variables: str) -> None:
        command = [PODIUM, "webhooks", "serve", "--port", "0", "--json", *options]
        self._process = subprocess.Popen(
            command,
            env={**os.environ, "PODIUM_WEBHOOK_SECRET": SECRET, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = ""
        while not said.rstrip().endswith("}"):
            part = self._process.stdout.readline()
            assert part, self._process.communicate()[1]
            said += part
        self.address = json.loads(said)["address"]

    def stop(self) -> str:
        """End it as Ctrl-C does, and return what it logged."""
        self._process.send_signal(signal.SIGINT)
        told = self._process.communicate(timeout=300)[1]
        assert self._process.returncode == 0, told
        return told


def delivery(version: str, name: str, source: str, **changed: Any) -> tuple[bytes, dict[str, str]]:
    """The body and the signed headers of a delivery; what is changed is changed before it is signed."""
    data: dict[str, Any] = {
        "name": name,
        "version": version,
        "source": source,
        "run_id": None,
        "tags": {},
        "description": None,
    }
    body = json.dumps({"entity": "model_version", "action": "created", "data": data}).encode()
    stamp, delivery_id = str(changed.get("stamp", int(time.time()))), str(uuid.uuid4())
    signature = signature_of(changed.get("secret", SECRET), delivery_id, stamp, body)
    return body, {
        "X-MLflow-Signature": signature,
        "X-MLflow-Timestamp": stamp,
        "X-MLflow-Delivery-Id": delivery_id,
        "Content-Type": "application/json",
    }


def posted(address: str, body: Any, headers: dict[str, str], method: str = "POST") -> tuple[int, str]:
    """Send a request and return the status of the answer and what it says."""
    request = urllib.request.Request(address, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def delivered(address: str, message: tuple[bytes, dict[str, str]]) -> int:
    """Deliver a message, again as often as the endpoint asks for it, and return the status of the last answer.

    It asks for it whenever Prefect's server is too busy to answer at once.
    """
    return int(until(lambda: (status := posted(address, *message)[0]) != BUSY and status, "it is not passed on"))


@pytest.fixture
def webhook_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowServer]:
    """A real MLflow server that may send webhooks to this machine."""
    monkeypatch.setenv("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("MLFLOW_WEBHOOK_ALLOWED_SCHEMES", "http")
    monkeypatch.setenv("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS", "true")
    server = MlflowServer(home)
    server.start()
    yield server
    server.kill()


def test_mlflows_webhook_becomes_an_event(
    webhook_server: MlflowServer, home: Path, made: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that others register is told of; forged, old, replayed and foreign deliveries are not."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", webhook_server.url)
    config = project_named(home, made, "hooked")
    here = {"PREFECT_API_URL": prefect_server, "PODIUM_CONFIG": str(config)}
    store = store_of(config)
    endpoint = Endpoint(**here)
    store.client.create_webhook("podium", endpoint.address, ["model_version.created"], secret=SECRET)
    model_id = logged(config, "from their code")
    with Listening(prefect_server, "podium.model.") as ears:
        mlflow.register_model(f"models:/{model_id}", "hooked")
        heard = ears.next("podium.model.from their code")
        assert heard.resource["podium.logged_model.id"] == model_id
        assert heard.resource["podium.registered_model"] == "hooked"
    source = f"models:/{model_id}"
    good = delivery("1", "hooked", source)
    assert delivered(endpoint.address, good) == 202
    assert posted(endpoint.address, *good)[0] == 409
    assert posted(endpoint.address, *delivery("1", "hooked", source, secret="another one of length"))[0] == 401
    assert posted(endpoint.address, *delivery("1", "hooked", source, stamp=int(time.time()) - 400))[0] == 400
    assert posted(endpoint.address, good[0] + b" ", good[1])[0] == 401
    assert posted(endpoint.address, b"x" * 70_000, good[1])[0] == 413
    assert posted(endpoint.address, iter([b"x" * 40_000] * 2), good[1])[0] == 413
    assert posted(endpoint.address, None, {}, "GET")[0] == 405
    assert "ignored" in posted(endpoint.address, *delivery("1", "other", source))[1]
    assert "no such logged model" in posted(endpoint.address, *delivery("1", "hooked", f"models:/m-{'0' * 32}"))[1]
    told = endpoint.stop()
    assert "another secret" in told
    assert SECRET not in told
    restarted = Endpoint(**here)
    assert posted(restarted.address, *good)[0] == 409
    assert SECRET not in restarted.stop()
    webhook_server.kill()
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {"mlflow.db", "webhooks.db"} <= {path.name for path in files}
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == [], "MLflow keeps it encrypted"


def test_what_prefect_does_not_hear_may_come_again(home: Path, made: Path, prefect_server: str) -> None:
    """A delivery that could not be passed on is no replay when MLflow sends it again; a block may hold the secret."""
    config = project_named(home, made, "patient")
    message = delivery("1", "patient", f"models:/{logged(config, 'late')}")
    Secret(value=SECRET).save("webhook-test", overwrite=True)
    deaf = Endpoint(PREFECT_API_URL=f"http://127.0.0.1:{free_port()}/api", PODIUM_CONFIG=str(config))
    assert [posted(deaf.address, *message)[0] for _ in range(2)] == [503, 503]
    assert "not delivered to Prefect" in deaf.stop()
    variables = {"PREFECT_API_URL": prefect_server, "PODIUM_CONFIG": str(config), "PODIUM_WEBHOOK_SECRET": ""}
    with Listening(prefect_server, "podium.model.") as ears:
        hearing = Endpoint("--secret-block", "webhook-test", **variables)
        assert delivered(hearing.address, message) == 202
        assert ears.next("podium.model.late").event == "podium.model.trained"
    hearing.stop()


def test_clocks_that_lie_apart_are_told_of_once_and_are_over(
    home: Path, made: Path, prefect_server: str, team: Receiver
) -> None:
    """Ten minutes of skew refuse deliveries; the log and the team say why, once, and that it is over."""
    names = {"registered_model": "skewed", "experiment": "skewed_experiment"}
    channels = {"team": {"url_env": "TEAM"}}
    config = project(home.parent, made, mlflow=names, alerts={"channels": channels})
    variables = {"PREFECT_API_URL": prefect_server, "PODIUM_CONFIG": str(config), "TEAM": f"json://{team.where}"}
    source = f"models:/{logged(config, 'early')}"
    endpoint = Endpoint(**variables)
    for _ in range(2):
        assert posted(endpoint.address, *delivery("1", "skewed", source, stamp=int(time.time()) - 600))[0] == 400
    assert delivered(endpoint.address, delivery("1", "skewed", source)) == 202
    told = endpoint.stop()
    assert told.count("Set the clocks of MLflow's machine and of this one") == 1
    assert team.titles == [
        "[warning] skewed: MLflow's webhooks are refused because of their time",
        "[all clear] skewed: MLflow's webhooks are in time again",
    ]


def test_an_endpoint_that_cannot_serve_says_why(home: Path, made: Path) -> None:
    """No secret, a short one, and a port that is taken are one line."""
    config: dict[str, Any] = {"home": home, "PODIUM_CONFIG": str(project_named(home, made, "unready"))}
    assert_one_line(podium("webhooks", "serve", **config), 2, "PODIUM_WEBHOOK_SECRET", "openssl")
    short = podium("webhooks", "serve", PODIUM_WEBHOOK_SECRET="abc", **config)
    assert_one_line(short, 2, "PODIUM_WEBHOOK_SECRET", "16 characters")
    with socket.create_server(("127.0.0.1", 0)) as taker:
        port = taker.getsockname()[1]
        taken = podium("webhooks", "serve", "--port", str(port), PODIUM_WEBHOOK_SECRET=SECRET, **config)
    assert_one_line(taken, 2, str(port), "--port")
