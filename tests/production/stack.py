"""The reference production stack as processes of this machine; every secret is in the environment alone."""

import os
import secrets
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from benchmarks.servers import free_port
from tests.production.postgres import Postgres
from tests.services import Service, answers, listens

ROOT = Path(__file__).parents[2]
BUCKET = "podium-artifacts"
POOL = "podium"
WORKERS = ("first", "second")


@dataclass
class Stack:
    """Everything that runs, and the environment that a client of it has."""

    folder: Path
    postgres: Postgres
    objects: str
    mlflow: str
    prefect: str
    secrets: dict[str, str]
    services: dict[str, Service] = field(default_factory=dict)

    @property
    def client(self) -> dict[str, str]:
        """The environment of a worker, and of a person at the command line: it has no access to S3."""
        return {
            "MLFLOW_TRACKING_URI": self.mlflow,
            "MLFLOW_TRACKING_USERNAME": "admin",
            "MLFLOW_TRACKING_PASSWORD": self.secrets["mlflow"],
            "PREFECT_API_URL": self.prefect,
            "PREFECT_API_AUTH_STRING": f"admin:{self.secrets['prefect']}",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    @property
    def object_access(self) -> dict[str, str]:
        """The environment of whoever reads and writes the bucket."""
        return {
            "MLFLOW_S3_ENDPOINT_URL": self.objects,
            "AWS_ACCESS_KEY_ID": "podium",
            "AWS_SECRET_ACCESS_KEY": self.secrets["objects"],
            "AWS_DEFAULT_REGION": "eu-central-1",
        }

    def stored(self) -> dict[str, bytes]:
        """Every object of the bucket."""
        client = bucket_client(self)
        found: dict[str, bytes] = {}
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for item in page.get("Contents", ()):
                found[item["Key"]] = client.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        return found

    def run(self, program: str, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a program of this project's environment as a client of the stack."""
        home = str(self.folder / "home")
        return subprocess.run(
            [str(Path(sys.executable).with_name(program)), *words],
            cwd=ROOT,
            env={**os.environ, "PODIUM_HOME": home, **self.client, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


def bucket_client(stack: Stack) -> Any:
    """A client of the object store."""
    return boto3.client(
        "s3",
        endpoint_url=stack.objects,
        aws_access_key_id="podium",
        aws_secret_access_key=stack.secrets["objects"],
        region_name="eu-central-1",
    )


def start(folder: Path, ends: ExitStack) -> Stack:
    """Start the whole stack; ``ends`` takes it down."""
    postgres = Postgres()
    ends.callback(postgres.stop)
    postgres.start()
    ports = [free_port() for _ in range(3)]
    objects, mlflow, prefect = (f"http://127.0.0.1:{port}" for port in ports)
    said = {name: secrets.token_hex(16) for name in ("objects", "mlflow", "prefect", "session")}
    stack = Stack(folder, postgres, objects, mlflow, f"{prefect}/api", {**said, "postgres": postgres.password})
    _start_object_store(stack, ends)
    _start_mlflow(stack, ends)
    _start_prefect(stack, ends)
    for service in stack.services.values():
        service.await_ready()
    _start_workers(stack, ends)
    return stack


def _started(stack: Stack, ends: ExitStack, service: Service) -> Service:
    stack.services[service.name] = service.start()
    ends.callback(service.end)
    return service


def _log(stack: Stack, name: str) -> Path:
    return stack.folder / f"{name}.log"


def _python(*words: str) -> list[str]:
    return [sys.executable, "-m", *words]


def _start_object_store(stack: Stack, ends: ExitStack) -> None:
    port = stack.objects.rsplit(":", 1)[1]
    command = _python("moto.server", "--host", "127.0.0.1", "--port", port)
    service = _started(stack, ends, Service("objects", command, _log(stack, "objects"), answers(stack.objects)))
    service.await_ready()
    client = bucket_client(stack)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})


def _start_mlflow(stack: Stack, ends: ExitStack) -> None:
    port = stack.mlflow.rsplit(":", 1)[1]
    accounts = stack.folder / "accounts.ini"
    accounts.write_text(
        "[mlflow]\ndefault_permission = READ\nadmin_username = admin\nauth_cache_ttl_seconds = 60\n"
        f"database_uri = {stack.postgres.create('mlflow_accounts')}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    environment = {
        "MLFLOW_BACKEND_STORE_URI": stack.postgres.create("mlflow"),
        "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{BUCKET}/mlflow",
        "MLFLOW_AUTH_CONFIG_PATH": str(accounts),
        "MLFLOW_AUTH_ADMIN_PASSWORD": stack.secrets["mlflow"],
        "MLFLOW_FLASK_SERVER_SECRET_KEY": stack.secrets["session"],
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PGPASSWORD": stack.postgres.password,
        **stack.object_access,
    }
    command = _python("mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", "1")
    command += ["--app-name", "basic-auth"]
    _started(
        stack, ends, Service("mlflow", command, _log(stack, "mlflow"), answers(f"{stack.mlflow}/health"), environment)
    )


def _start_prefect(stack: Stack, ends: ExitStack) -> None:
    port = stack.prefect.removesuffix("/api").rsplit(":", 1)[1]
    address = stack.postgres.create("prefect").replace("+psycopg", "+asyncpg")
    environment = {
        "PREFECT_HOME": str(stack.folder / "prefect-server"),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": address,
        "PREFECT_SERVER_API_AUTH_STRING": f"admin:{stack.secrets['prefect']}",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
        "PGPASSWORD": stack.postgres.password,
    }
    command = _python("prefect", "server", "start", "--host", "127.0.0.1", "--port", port)
    _started(
        stack,
        ends,
        Service("prefect", command, _log(stack, "prefect"), answers(f"{stack.prefect}/health"), environment),
    )


def _start_workers(stack: Stack, ends: ExitStack) -> None:
    """Two workers, each with a home of its own as on a machine of its own, and for one flow at a time."""
    pool = stack.run("prefect", "work-pool", "create", POOL, "--type", "process")
    assert pool.returncode == 0, pool.stdout + pool.stderr
    for name in WORKERS:
        home = stack.folder / name
        (home / "prefect").mkdir(parents=True)
        port = free_port()
        environment = {
            **stack.client,
            "PODIUM_HOME": str(home),
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_WORKER_WEBSERVER_PORT": str(port),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_LOGGING_LEVEL": "INFO",
        }
        words = ("worker", "start", "--pool", POOL, "--type", "process", "--name", name, "--limit", "1")
        command = _python("prefect", *words, "--with-healthcheck")
        _started(
            stack,
            ends,
            Service(f"worker {name}", command, _log(stack, f"worker-{name}"), listens(port), environment, ROOT),
        )
    for name in WORKERS:
        stack.services[f"worker {name}"].await_ready()
