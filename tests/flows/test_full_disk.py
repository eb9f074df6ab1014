"""A disk that is full is said in one line, whoever met it."""

import sqlite3
from pathlib import Path

import httpx
import pytest
from mlflow.exceptions import MlflowException

from flows.cli import failures
from flows.cli.failures import describe


def write_to_the_full(device: Path) -> None:
    """Write where the system has no room left."""
    with device.open("w") as file:
        file.write("x")


def fill(database: Path) -> None:
    """Write more into a database than it may hold."""
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_says_what_could_not_be_written() -> None:
    """Whatever a library made of it: the cause tells."""
    with pytest.raises(OSError, match="No space left") as met:
        write_to_the_full(Path("/dev/full"))
    wrapped = MlflowException("artifact failed")
    wrapped.__cause__ = met.value
    for error in (met.value, wrapped):
        said = describe(error)
        assert said.startswith("no room is left: [Errno 28] No space left on device")
        assert said.endswith("run the same command to go on")


def test_a_database_on_a_full_disk_says_so(tmp_path: Path) -> None:
    """SQLite has words of its own."""
    with pytest.raises(sqlite3.OperationalError) as met:
        fill(tmp_path / "mlflow.db")
    assert describe(met.value).startswith("no room is left: database or disk is full; make room")


def test_a_prefect_that_fails_where_no_room_is_left_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server only says that it fails; as long as there is room, it is the server that is told."""
    monkeypatch.setenv("PODIUM_HOME", str(tmp_path))
    silent = httpx.ReadTimeout("timed out")
    assert describe(silent).startswith("Prefect's server fails or is too busy: timed out")
    monkeypatch.setattr(failures, "SCARCE", 1 << 62)
    assert describe(silent).startswith(f"no room is left: {tmp_path} has ")
