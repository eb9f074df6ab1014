"""The doctor looks at what is written: accounts, stores of artifacts, databases of Prefect, and files."""

import os
import sqlite3
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import boto3
import pandas as pd
import pytest
from mlflow import MlflowClient
from moto.server import ThreadedMotoServer

from benchmarks.servers import MlflowServer, free_port
from benchmarks.stacks import until
from deployments.doctor import stores
from deployments.doctor.asking import basic, get
from deployments.doctor.rounds import examine
from deployments.stack.home import StackHome
from podium.health import Health
from tasks.effects import blank
from tests.flows.projects import LOGISTIC, project
from tests.services import Service, answers

ADMIN, READER = "admin", "reader"
PASSWORDS = {ADMIN: "a-long-word-for-admin", READER: "a-long-word-for-reader"}


def found(config: Path) -> dict[str, Health]:
    """Every check by its name."""
    return {check.name: check for check in examine(str(config))}


@pytest.fixture
def config(home: Path, made: Path) -> Path:
    """A project that is in order."""
    return project(home.parent, made, LOGISTIC)


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[str]:
    """An MLflow server with an account that may do all, and one that may only read."""
    settings, port = tmp_path / "accounts.ini", free_port()
    settings.write_text(
        f"[mlflow]\ndefault_permission = READ\nadmin_username = {ADMIN}\n"
        f"database_uri = sqlite:///{tmp_path / 'accounts.db'}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--app-name", "basic-auth", "--backend-store-uri", f"sqlite:///{tmp_path / 'served.db'}"]
    environment = {
        "MLFLOW_AUTH_CONFIG_PATH": str(settings),
        "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORDS[ADMIN],
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a-secret-of-the-session",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_ARTIFACTS_DESTINATION": str(tmp_path / "artifacts"),
    }
    blank.place("mlflow", tmp_path / "served.db")
    url = f"http://127.0.0.1:{port}"
    service = Service("mlflow", command, tmp_path / "log", answers(f"{url}/health"), environment).start()
    try:
        service.await_ready()
        body = f'{{"username": "{READER}", "password": "{PASSWORDS[READER]}"}}'.encode()
        headers = {**basic(ADMIN, PASSWORDS[ADMIN]), "Content-Type": "application/json"}
        assert get(f"{url}/api/2.0/mlflow/users/create", headers, body, wait=120).status == 200
        for name in (ADMIN, READER):
            until(partial(is_answered, url, name), "the server does not get to know its accounts")
        yield url
    finally:
        service.end()


def is_answered(url: str, name: str) -> bool:
    """Whether an account has an answer within the time that the doctor gives a server for one."""
    return get(f"{url}/api/2.0/mlflow/experiments/get?experiment_id=0", basic(name, PASSWORDS[name])).status == 200


def test_an_account_that_may_only_read_is_told(config: Path, accounts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one line with the mend, an account that may write passes, and the question leaves nothing behind."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", accounts)

    def become(name: str) -> None:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORDS[name])

    for name in (READER, ADMIN):
        become(name)
        empty = found(config)
        assert (empty["permissions"].status, empty["artifacts"].status) == ("warn", "pass"), name
    client = MlflowClient(accounts, registry_uri=accounts)
    made = [client.create_experiment(f"churn_monitoring{end}", tags={"own": "1"}) for end in ("", ".decisions")]
    client.create_registered_model("churn", tags={"own": "1"})
    passed = found(config)
    assert (passed["permissions"].status, passed["artifacts"].status) == ("pass", "pass")
    assert all(name in passed["permissions"].detail for name in ("churn_monitoring", ".decisions", "model churn"))
    become(READER)
    refused = found(config)["permissions"]
    assert (refused.status, "model churn" in refused.detail, "EDIT" in refused.mend) == ("fail", True, True)
    become(ADMIN)
    assert {key for each in made for key in client.get_experiment(each).tags} == {"own"}
    assert client.get_registered_model("churn").tags == {"own": "1"}


def test_a_server_that_serves_no_artifacts_is_told(tmp_path: Path) -> None:
    """The place it names is asked for, and not taken on trust."""
    server = MlflowServer(tmp_path, shared=True)
    server.start()
    try:
        (check,) = stores.artifacts("mlflow-artifacts:/1", server.url)
    finally:
        server.kill()
    assert (check.status, "--artifacts-destination" in check.mend) == ("fail", True)


def test_a_bucket_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not there fails, one that is passes and stays empty."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    try:
        (missing,) = stores.artifacts("s3://nowhere/churn", "")
        client = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
        client.create_bucket(Bucket="somewhere")
        (there,) = stores.artifacts("s3://somewhere/churn", "")
        kept = client.list_objects_v2(Bucket="somewhere")["KeyCount"]
    finally:
        server.stop()
    assert (missing.status, "bucket does not exist" in missing.detail, bool(missing.mend)) == ("fail", True, True)
    assert (there.status, kept) == ("pass", 0)


@pytest.mark.parametrize("name", ["prefect schema", "stack schema"])
def test_a_database_of_prefect_of_another_version(
    name: str, config: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A current one passes, an older one is migrated at the next start, a newer one needs a newer Prefect."""
    monkeypatch.setenv("PREFECT_HOME", str(home / "prefect"))
    folder = home / "prefect" if name == "prefect schema" else StackHome(home).prefect
    folder.mkdir(parents=True)
    blank.place("prefect", folder / "prefect.db")
    assert found(config)[name].status == "pass"
    for revision, status, said in (("14806cb26270", "warn", "next start"), ("ffffffffffff", "fail", "newer version")):
        database = sqlite3.connect(folder / "prefect.db")
        with database:
            database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.close()
        check = found(config)[name]
        assert (check.status, said in check.detail, str(folder) in check.detail) == (status, True, True)


def test_every_place_of_the_configuration_is_looked_at(home: Path, made: Path) -> None:
    """Rows to train on, recent rows and the folder to serve from: as they should be, and as they should not."""
    batches, export = home.parent / "batches", home.parent / "serve"
    batches.mkdir()
    learned = home.parent / "learned.parquet"
    pd.read_parquet(made / "holdout.parquet").head(100).to_parquet(learned)
    sections = {
        "training": {"path": str(learned)},
        "monitoring": {"batches": str(batches)},
        "export": {"directory": str(export)},
    }
    config = project(home.parent, made, **sections)
    before = found(config)
    assert [before[name].status for name in ("training", "batches", "export")] == ["pass", "warn", "pass"]
    (batches / "1.csv").write_text("tenure,churn\n1,0\n")
    assert found(config)["batches"].status == "pass"
    (batches / "2.parquet").write_text("no rows")
    (export / "current").mkdir(parents=True)
    (home.parent / "train.csv").write_text("tenure\n1\n")
    text = config.read_text().replace(f"training:\n  path: {learned}", "training: {path: train.csv}")
    config.write_text(text)
    after = found(config)
    assert [after[name].status for name in ("training", "batches", "export")] == ["fail"] * 3
    assert "no column churn, customerID" in after["training"].detail
    assert "2.parquet" in after["batches"].detail
    assert "no link" in after["export"].detail
