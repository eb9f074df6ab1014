"""Tells whether a database that MLflow's client uses without a server answers: MLflow itself would ask for minutes."""

import contextlib

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
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    try:
        limit = {"connect_timeout": PATIENCE} if _driver(uri) in TIMED else {}
        with contextlib.closing(create_engine(uri, connect_args=limit, poolclass=NullPool).connect()):
            return None
    except (SQLAlchemyError, ImportError, ValueError) as error:
        return first_line(error, 200)


def _driver(uri: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(uri).get_driver_name()
