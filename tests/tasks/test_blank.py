"""The empty databases that are kept as SQL are those that MLflow and Prefect make themselves."""

import sqlite3
from pathlib import Path

import pytest

from tasks.effects.blank import HERE, Product, is_current, migrated, place


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


def test_for_another_version_nothing_is_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that the SQL was not made with makes its own database."""
    monkeypatch.setattr("tasks.effects.blank.version", lambda product: "0.0.1")
    place("mlflow", tmp_path / "mlflow.db")
    assert list(tmp_path.iterdir()) == []
