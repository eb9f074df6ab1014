"""Tells whether a database that is used without a server answers: MLflow itself would ask for minutes."""

import contextlib
import re
import sqlite3
from pathlib import Path

from podium.errors import PodiumError, first_line

SCHEMES = ("postgresql", "mysql", "mssql")
"""Databases behind a network, as SQLAlchemy calls them; SQLite is a file."""
PATIENCE = 10
"""Seconds in which a database must take a connection."""
OF_MLFLOW = "put a copy of it in its place; moved away, a new one is made, and what it held is gone"
OF_PREFECT = "change its owner, or move it away: it holds the record of runs, and no model or decision"
"""What to do about a file that is no database."""
UNOPENED, ACCESS = "unable to open", "let this account write to it and its folder, or set PODIUM_HOME to another"
TIMED = ("psycopg", "psycopg2", "pymysql", "mysqldb")
"""Drivers that know how long to wait for a connection, all by the same name."""


def is_database(uri: str) -> bool:
    """Whether an address is that of a database behind a network."""
    return uri.startswith(SCHEMES)


def refusal(uri: str) -> str | None:
    """Connect to a database once and return what it says against that, None if it answers."""
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    try:
        where = make_url(uri)
        timed = where.get_driver_name() in TIMED and "connect_timeout" not in where.query
        limit = {"connect_timeout": PATIENCE} if timed else {}
        with contextlib.closing(create_engine(uri, connect_args=limit, poolclass=NullPool).connect()):
            return None
    except (SQLAlchemyError, ImportError, ValueError) as error:
        return first_line(error, 200)


def against_file(path: Path) -> str | None:
    """Return what SQLite says against a file, None if it is a database, be it empty or in use."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=1, uri=True)
        ) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        in_use = (error.sqlite_errorcode & 0xFF) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
        return None if in_use else str(error)
    return None


def require_file(path: Path, mend: str) -> None:
    """Return if a file is a database, or not there yet.

    Raises:
        PodiumError: it is something else, or cannot be read.
    """
    if path.exists() and (said := against_file(path)):
        raise PodiumError(f"{path} cannot be read: {said}: {mend_of(said, mend)}")


def mend_of(said: str, mend: str) -> str:
    """Return what to do about a file that SQLite refuses: one that it may not open is no worse for that."""
    return ACCESS if UNOPENED in said else mend


def is_late(said: str) -> bool:
    """Whether a database took too long, as one does that has to be woken, and did not refuse."""
    return re.search(r"time(d )?out", said) is not None
