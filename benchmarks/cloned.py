"""Makes a store of many measured candidates out of one that Podium migrated and promoted.

Writing 10,000 candidates by the client takes a quarter of an hour, so that their rows are copied in the database: for
this set-up alone. Every copy has ids, a name and numbers of its own, all below those of the original, whose files are
the only ones there are.
"""

import random
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

OWNERS = {
    "runs": "run_uuid",
    "metrics": "run_uuid",
    "latest_metrics": "run_uuid",
    "params": "run_uuid",
    "tags": "run_uuid",
    "logged_models": "model_id",
    "logged_model_metrics": "model_id",
    "logged_model_params": "model_id",
    "logged_model_tags": "model_id",
    "model_versions": "version",
    "model_version_tags": "version",
}
"""The tables that a candidate has rows in, and the column by which they are its own."""
VALUES = {"metrics": "value", "latest_metrics": "value", "logged_model_metrics": "metric_value"}
SEED = 7
Row = dict[str, Any]


def multiply(database: Path, count: int) -> None:
    """Make ``count`` candidates of the one that a database holds."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.row_factory = sqlite3.Row
        model = dict(connection.execute("select * from logged_models").fetchone())
        own = {"run_uuid": model["source_run_id"], "model_id": model["model_id"], "version": 1}
        for table, column in OWNERS.items():
            found = connection.execute(f"select * from {table} where {column} = ?", (own[column],))  # noqa: S608
            rows = [dict(row) for row in found]
            if rows:
                _fill(connection, table, rows, own, count)


def _fill(connection: sqlite3.Connection, table: str, rows: list[Row], own: Row, count: int) -> None:
    names = list(rows[0])
    text = f"insert into {table} ({', '.join(names)}) values ({', '.join('?' * len(names))})"  # noqa: S608
    connection.executemany(text, ([copy[name] for name in names] for copy in _copies(table, rows, own, count)))


def _copies(table: str, rows: list[Row], own: Row, count: int) -> Iterator[Row]:
    """Give the rows of every copy; what is random of a copy is the same in every table."""
    for number in range(2, count + 1):
        chance = random.Random(f"{SEED} {number}")  # noqa: S311 - no secret
        ids = {"run_uuid": _hex(chance), "model_id": f"m-{_hex(chance)}", "version": number}
        less = chance.uniform(0.5, 0.999)
        changed = {str(own[key]): str(ids[key]) for key in ("run_uuid", "model_id")} | {"warm_up": f"copy_{number:05d}"}
        for row in rows:
            yield _changed(row, changed, number, VALUES.get(table), less)


def _changed(row: Row, changed: dict[str, str], number: int, value: str | None, less: float) -> Row:
    copy: Row = {name: _replaced(of, changed) if isinstance(of, str) else of for name, of in row.items()}
    if "version" in copy:
        copy["version"] = number
    if "creation_timestamp_ms" in copy:
        copy["creation_timestamp_ms"] += number
    if value:
        copy[value] *= less
    return copy


def _replaced(text: str, changed: dict[str, str]) -> str:
    for before, after in changed.items():
        text = text.replace(before, after)
    return text


def _hex(chance: random.Random) -> str:
    return uuid.UUID(int=chance.getrandbits(128)).hex
