"""What the stack's Prefect server passes on within itself: whoever met a locked database looks again a little later.

Prefect's own broker, which this one extends, has a message looked at four times within a moment, and then puts it
away: on SQLite a burst of events could so take an alert with it. ``PREFECT_MESSAGING_BROKER`` names this module.

An event that follows another waits until that was looked at, which a server forgets when it is started again: what
became of a run that it had under way was told 15 minutes late.
"""

import asyncio
from datetime import timedelta
from sqlite3 import OperationalError
from typing import Any

from prefect.server.events.ordering import memory as ordering
from prefect.server.utilities.messaging import Message, MessageHandler
from prefect.server.utilities.messaging import memory as prefects
from prefect.server.utilities.messaging.memory import Cache, Publisher, break_topic, ephemeral_subscription
from sqlalchemy.exc import OperationalError as FailedStatement

__all__ = ["Cache", "Consumer", "Publisher", "break_topic", "ephemeral_subscription"]
FOLLOWING = timedelta(seconds=30)
"""How long an event waits for the one that it follows: within one process that is there in a moment, or never."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each further look; after the last the message goes to the end of Prefect's own few tries."""

ordering.PRECEDING_EVENT_LOOKBACK = FOLLOWING  # type: ignore[attr-defined]


class Consumer(prefects.Consumer):
    """Prefect's consumer of a topic, whose handler has the patience that SQLite asks for."""

    async def run(self, handler: MessageHandler) -> None:
        """Handle the messages of the topic until told to stop."""
        await super().run(patient(handler))


def patient(handler: MessageHandler) -> MessageHandler:
    """Return a handler that begins again, after a pause, with a message at which it met a locked database."""

    async def handled(message: Message) -> Any:
        for pause in PAUSES:
            try:
                return await handler(message)
            except FailedStatement as error:
                if not _is_locked(error):
                    raise
            await asyncio.sleep(pause)
        return await handler(message)

    return handled


def _is_locked(error: FailedStatement) -> bool:
    return isinstance(error.orig, OperationalError) and "locked" in str(error.orig)
