"""Tells whether a database that MLflow's client uses without a server answers: MLflow itself would ask for minutes."""

import contextlib
import re

from podium.errors import first_line

SCHEMES = ("postgresql", "mysql", "mssql")
"""Databases behind a network, as SQLAlchemy calls them; SQLite is a file."""
PATIENCE = 10
"""Seconds in which a database must take a connection."""
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


def is_late(said: str) -> bool:
    """Whether a database took too long, as one does that has to be woken, and did not refuse."""
    return re.search(r"time(d )?out", said) is not None
