"""Empty databases of MLflow and Prefect, made in a moment.

Both would make theirs by running every migration of their history, which takes longer than anything else in a first
run. What comes of that is always the same, so it is kept beside this module as SQL, one file each, and used as long as
the installed version is the one it was made with. ``python -m tasks.effects.blank`` makes the files anew.
"""

import contextlib
import os
import sqlite3
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

Product = Literal["mlflow", "prefect"]
HERE = Path(__file__).parent / "schemas"


def place(product: Product, database: Path) -> None:
    """Put an empty database where there is none, if it can be made; else its product makes it, slowly."""
    script = HERE / f"{product}.sql"
    if database.exists() or not _fits(script, product):
        return
    with tempfile.TemporaryDirectory(dir=database.parent, prefix=".blank-") as folder:
        made = Path(folder, database.name)
        _build(script, made)
        # A link, unlike a rename, never replaces a database that another process has put there meanwhile. Where a file
        # system knows no links, the product makes its database itself.
        with contextlib.suppress(OSError):
            os.link(made, database)


def is_current(product: Product, database: Path) -> bool:
    """Whether a database needs no migration for the installed version of its product."""
    script = HERE / f"{product}.sql"
    revision = revision_of(database)
    noted = f"INSERT INTO \"alembic_version\" VALUES('{revision}');\n"
    return revision is not None and _fits(script, product) and noted in _text(script)


def revision_of(database: Path) -> str | None:
    """Return the revision of a database, None if it is not there or notes none."""
    if not database.exists():
        return None
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as connection:
        try:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.Error:
            return None
    return str(found[0]) if found else None


@cache
def _text(script: Path) -> str:
    return script.read_text(encoding="utf-8")


def _fits(script: Path, product: Product) -> bool:
    return _text(script).startswith(f"{_header(product)}\n")


def _header(product: Product) -> str:
    return f"-- {product} {version(product)}"


def _build(script: Path, database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executescript(_text(script))
        # Kept in the file: a write then waits for the disk once and not several times, and readers wait for nobody.
        connection.execute("PRAGMA journal_mode=WAL")


def migrated(product: Product, folder: Path) -> str:
    """Return the SQL of an empty database that a product made by itself in a folder."""
    database = folder / f"{product}.db"
    {"mlflow": _migrate_mlflow, "prefect": _migrate_prefect}[product](database)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return "\n".join((_header(product), *connection.iterdump(), ""))


def _migrate_mlflow(database: Path) -> None:
    from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

    engine = create_sqlalchemy_engine(f"sqlite:///{database}")
    _initialize_tables(engine)
    engine.dispose()


def _migrate_prefect(database: Path) -> None:
    import asyncio

    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings

    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: f"sqlite+aiosqlite:///{database}"}):
        from prefect.server.database import provide_database_interface

        asyncio.run(provide_database_interface().create_db())


def main() -> None:
    """Write both files."""
    HERE.mkdir(exist_ok=True)
    products: tuple[Product, ...] = ("mlflow", "prefect")
    for product in products:
        with tempfile.TemporaryDirectory() as folder:
            (HERE / f"{product}.sql").write_text(migrated(product, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
