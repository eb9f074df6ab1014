"""Hears what a Prefect server is told, as it is told."""

import asyncio
import queue
import threading
from types import TracebackType
from typing import Any

import pytest
from prefect.events.clients import PrefectEventSubscriber
from prefect.events.filters import EventFilter, EventNameFilter

PATIENCE = 240
TELLING = 60.0
"""Seconds that whoever tells in this process waits for the server; a command gives up far sooner, and goes on."""


class Listening:
    """Hears Podium's events of one resource from the moment that it is entered."""

    def __init__(self, server: str, prefix: str = "podium.") -> None:
        self._server, self._prefix = server, prefix
        self._heard: queue.Queue[Any] = queue.Queue()
        self._ready = threading.Event()
        self._patient = pytest.MonkeyPatch()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True)

    def __enter__(self) -> "Listening":
        self._patient.setattr("tasks.effects.events.PATIENCE", TELLING)
        self._thread.start()
        assert self._ready.wait(PATIENCE), "the server's events cannot be heard"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patient.undo()
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(PATIENCE)

    async def _listen(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._loop, self._cancel = asyncio.get_running_loop(), task.cancel
        wanted = EventFilter(event=EventNameFilter(prefix=[self._prefix]))
        try:
            async with PrefectEventSubscriber(api_url=self._server, filter=wanted) as told:
                self._ready.set()
                async for event in told:
                    self._heard.put(event)
        except asyncio.CancelledError:
            return

    def next(self, resource: str) -> Any:
        """Return the next event about a resource; those about others, of other tests, are passed over."""
        while True:
            event = self._heard.get(timeout=PATIENCE)
            if event.resource.id == resource:
                return event

    def silent_about(self, resource: str, marker: str) -> bool:
        """Whether nothing is told of a resource before something is told of the marker."""
        while (event := self._heard.get(timeout=PATIENCE)).resource.id != marker:
            if event.resource.id == resource:
                return False
        return True
