"""A message at which the server met its own locked database is handled once that is free again."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from prefect.server.utilities.messaging import Message, StopConsumer, create_publisher
from prefect.server.utilities.messaging.memory import MemoryMessage
from prefect.settings import PREFECT_MESSAGING_BROKER, temporary_settings
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from deployments.stack import messaging


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with one empty table."""
    path = tmp_path / "some.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE told (word TEXT)")
    return path


def told(database: Path) -> list[str]:
    """The words in the table."""
    with sqlite3.connect(database) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM told")]


def write(connection: Connection, word: str) -> None:
    """Write a word."""
    connection.execute(text("INSERT INTO told VALUES (:word)"), {"word": word})


def test_what_met_a_locked_database_is_handled_later(database: Path) -> None:
    """Prefect's own broker would put it away after four looks; here it is free only after more than those."""
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": 0})
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused: list[str] = []

    async def handle(message: Message) -> None:
        try:
            with engine.begin() as connection:
                write(connection, str(message.data, "utf-8") if isinstance(message.data, bytes) else message.data)
        except OperationalError as error:
            refused.append(str(error.orig))
            if len(refused) == 5:
                other.rollback()
            raise
        raise StopConsumer(ack=True)

    async def pass_on() -> None:
        consumer = messaging.Consumer("some-topic")
        async with create_publisher("some-topic") as publisher:
            await publisher.publish_data(b"word", {})
        await consumer.run(handle)

    with temporary_settings({PREFECT_MESSAGING_BROKER: "deployments.stack.messaging"}):
        asyncio.run(pass_on())
    assert refused == ["database is locked"] * 5
    assert told(database) == ["word"]


def test_any_other_failure_is_prefect_s(database: Path) -> None:
    """What would fail again is not waited for."""
    engine = create_engine(f"sqlite:///{database}")
    seen: list[int] = []

    async def handle(message: Message) -> None:
        seen.append(1)
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    async def handled() -> None:
        await messaging.patient(handle)(MemoryMessage(b"", {}))

    with pytest.raises(OperationalError, match="no such table"):
        asyncio.run(handled())
    assert len(seen) == 1
