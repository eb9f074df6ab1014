"""The reference production stack as processes of this machine: what deployments/compose.yaml says, one by one."""

import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from benchmarks.servers import free_port
from tests.deployments.written import DEPLOYMENTS, ROOT, compose, image_words
from tests.production.composed import BINARIES, Container
from tests.production.postgres import Postgres
from tests.services import Service, answers

LISTENS = {"objects": "9000", "mlflow": "5000", "prefect": "4200", "webhooks": "8788"}
"""The ports of the services on the network of the stack."""
WORKERS = ("first", "second")
CHECKED_AT = "8080"
"""The port of a worker's health check."""
BUCKET = compose()["services"]["bucket"]["command"][-1]
AT_ONCE = int(image_words("CMD")[image_words("CMD").index("--limit") + 1])
"""Runs that one worker takes."""


@dataclass
class Stack:
    """Everything that runs, and the environment that a client of it has.

    What the services keep is in ``folder``. ``secrets`` is elsewhere: what deployments/make-secrets.sh made.
    """

    folder: Path
    secrets: Path
    postgres: Postgres
    ends: ExitStack
    ports: dict[str, str] = field(default_factory=lambda: {name: str(free_port()) for name in LISTENS})
    services: dict[str, Service] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The config file of the project."""
        return self.folder / "project" / "churn.yaml"

    @property
    def words(self) -> dict[str, str]:
        """Every secret by the name of its file, without the account that it is of."""
        return {path.name: path.read_text().rpartition(":")[2] for path in self.secrets.glob("[A-Z]*")}

    @property
    def client(self) -> dict[str, str]:
        """The environment of a worker, and of a person at the command line: it has no access to S3."""
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "NO_COLOR": "1", "COLUMNS": "200"}
        return {**self.container("worker").variables, **quiet}

    @property
    def object_access(self) -> dict[str, str]:
        """The environment of whoever reads and writes the bucket."""
        return self.container("bucket").variables

    def container(self, service: str, name: str = "", **own: str) -> Container:
        """A container of a service, with the addresses of this stack and the variables of tests."""
        hosts = {f"{name}:{port}": f"127.0.0.1:{self.ports[name]}" for name, port in LISTENS.items()}
        replaced = {
            **hosts,
            **{port: self.ports[name] for name, port in LISTENS.items()},
            CHECKED_AT: own.get("PREFECT_WORKER_WEBSERVER_PORT", CHECKED_AT),
            "/srv/podium/configs/churn.yaml": str(self.config),
        }
        database = {"PGHOST": "127.0.0.1", "PGPORT": str(self.postgres.port)}
        return Container(service, self.folder / (name or service), self.secrets, replaced, {**database, **own})

    def begin(self, service: Service) -> Service:
        """Start a service, which ends with the stack."""
        self.services[service.name] = service.start()
        self.ends.callback(service.end)
        return service

    def stored(self) -> dict[str, bytes]:
        """Every object of the bucket."""
        client = self._bucket_client()
        found: dict[str, bytes] = {}
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for item in page.get("Contents", ()):
                found[item["Key"]] = client.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        return found

    def _bucket_client(self) -> Any:
        access = self.object_access
        return boto3.client(
            "s3",
            endpoint_url=access["MLFLOW_S3_ENDPOINT_URL"],
            aws_access_key_id=access["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=access["AWS_SECRET_ACCESS_KEY"],
            region_name=access["AWS_DEFAULT_REGION"],
        )

    def run(self, program: str, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a program of this project's environment as a client of the stack."""
        home = str(self.folder / "home")
        return subprocess.run(
            [str(BINARIES / program), *words],
            cwd=ROOT,
            env={**os.environ, "PODIUM_HOME": home, **self.client, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


def start(folder: Path, secrets: Path, ends: ExitStack) -> Stack:
    """Start the whole stack but for the webhooks, which need a project; ``ends`` takes it down."""
    subprocess.run([DEPLOYMENTS / "make-secrets.sh", secrets], check=True)
    postgres = Postgres((secrets / "PGPASSWORD").read_text())
    ends.callback(postgres.stop)
    postgres.start()
    postgres.execute(compose()["configs"]["databases"]["content"])
    stack = Stack(folder, secrets, postgres, ends)
    _start_object_store(stack)
    servers = [stack.begin(stack.container(name).process()) for name in ("mlflow", "prefect")]
    for server in servers:
        server.await_ready()
    _start_workers(stack)
    return stack


def _start_object_store(stack: Stack) -> None:
    """A server of the tests in the place of MinIO, and the bucket as the stack makes it."""
    port = stack.ports["objects"]
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", port]
    ready = answers(f"http://127.0.0.1:{port}")
    stack.begin(Service("objects", command, stack.folder / "objects.log", ready)).await_ready()
    made = stack.container("bucket").run()
    assert made.returncode == 0, made.stderr


def _start_workers(stack: Stack) -> None:
    """As many workers as the stack has, each with a home of its own as on a machine of its own."""
    assert compose()["services"]["worker"]["deploy"]["replicas"] == len(WORKERS)
    own = {"PREFECT_WORKER_QUERY_SECONDS": "1"}
    started = [
        stack.begin(stack.container("worker", name, PREFECT_WORKER_WEBSERVER_PORT=str(free_port()), **own).process())
        for name in WORKERS
    ]
    for worker in started:
        worker.await_ready()
