"""The empty databases that are kept as SQL are those that MLflow and Prefect make themselves."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from configs.schema import MlflowSection
from tasks.effects.blank import HERE, Product, is_current, migrated, place

NORMAL, FULL = 1, 2
"""How SQLite numbers what ``PRAGMA synchronous`` knows."""


def statements(script: str) -> list[str]:
    """The lines of a script in an order of their own: constraints and indexes come in no fixed order."""
    return sorted(line.strip().removesuffix(",") for line in script.splitlines())


@pytest.mark.parametrize("product", ["mlflow", "prefect"])
def test_the_kept_database_is_what_the_installed_version_makes(product: Product, tmp_path: Path) -> None:
    """If this fails after an upgrade: run ``python -m tasks.effects.blank`` and commit what it writes."""
    kept = (HERE / f"{product}.sql").read_text()
    assert statements(kept) == statements(migrated(product, tmp_path))


def test_a_database_that_is_there_is_never_touched(tmp_path: Path) -> None:
    """An older database stays for its product to migrate."""
    database = tmp_path / "prefect.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('older')")
    before = database.read_bytes()
    place("prefect", database)
    assert database.read_bytes() == before
    assert not is_current("prefect", database)


def test_what_is_not_there_is_not_current(tmp_path: Path) -> None:
    """Neither a missing database nor one without a revision spares the server its migrations."""
    assert not is_current("prefect", tmp_path / "prefect.db")
    sqlite3.connect(tmp_path / "prefect.db").close()
    assert not is_current("prefect", tmp_path / "prefect.db")


def test_a_placed_database_needs_no_migration(tmp_path: Path) -> None:
    """What is placed is current, and nothing else is left in its folder."""
    place("prefect", tmp_path / "prefect.db")
    assert is_current("prefect", tmp_path / "prefect.db")
    assert [p.name for p in tmp_path.iterdir()] == ["prefect.db"]


def test_the_embedded_database_waits_for_the_disk_at_checkpoints_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a write-ahead log, and MLflow's own connections to it are told so; any other database is left alone."""
    from sqlalchemy import create_engine

    from tasks.effects.store import connect

    monkeypatch.setenv("PODIUM_HOME", str(tmp_path))
    connect(MlflowSection())
    sqlite3.connect(tmp_path / "other.db").close()
    assert {name: _pragmas(create_engine(f"sqlite:///{tmp_path / name}")) for name in ("mlflow.db", "other.db")} == {
        "mlflow.db": ("wal", NORMAL),
        "other.db": ("delete", FULL),
    }


def _pragmas(engine: Engine) -> tuple[str, int]:
    with engine.connect() as connection:
        journal, synchronous = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")
        )
    engine.dispose()
    return journal, synchronous


def test_for_another_version_nothing_is_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that the SQL was not made with makes its own database."""
    monkeypatch.setattr("tasks.effects.blank.version", lambda product: "0.0.1")
    place("mlflow", tmp_path / "mlflow.db")
    assert list(tmp_path.iterdir()) == []
