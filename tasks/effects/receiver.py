"""The endpoint that MLflow's webhooks are sent to, small enough to be read before it is trusted."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from podium.alerts import Alert
from podium.errors import PodiumError, UsageError, first_line
from podium.events import printable
from podium.webhooks import (
    LARGEST,
    TOLERANCE,
    Delivery,
    Refusal,
    Version,
    check,
    clocks_agree,
    clocks_apart,
    version_in,
)
from tasks.effects.deliveries import Deliveries

LOG = logging.getLogger("podium")
PATH = "/mlflow"
SLOWEST = 10.0
"""Seconds in which a delivery must have arrived."""
AGAIN = {"Retry-After": "2"}
MOST_AT_ONCE = 64
"""Deliveries that are passed on at once; what nobody signed takes none of these places."""
Handle = Callable[[Version], str]
Tell = Callable[[Alert], None]


@dataclass
class Clocks:
    """What the last delivery with the right secret showed: whether clocks agree, None as long as there was none."""

    agree: bool | None = None

    def note(self, agree: bool) -> bool:
        """Note what a delivery shows, and return whether it is news."""
        news, self.agree = self.agree is not agree, agree
        return news


@dataclass(frozen=True, slots=True)
class Receiver:
    """Receives deliveries. ``handle`` passes a version on and returns what it did, in words.

    ``tell`` has people told, in the order of its calls, and waits for nobody: MLflow wants its answer.
    """

    secret: str
    registered_model: str
    deliveries: Deliveries
    handle: Handle
    tell: Tell
    tolerance: int = TOLERANCE
    clocks: Clocks = field(default_factory=Clocks)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))

    def app(self) -> Starlette:
        """Return the application."""
        routes = [Route(PATH, self.receive, methods=["POST"]), Route("/health", _healthy, methods=["GET"])]
        return Starlette(routes=routes)

    async def receive(self, request: Request) -> Response:
        """Answer one delivery. What the secret did not sign is not looked at."""
        try:
            body = await asyncio.wait_for(_body(request), SLOWEST)
        except TimeoutError:
            return _refused(Refusal(408, "it did not arrive in time"))
        except ClientDisconnect:
            return _refused(Refusal(400, "its sender went away"))
        if body is None:
            return _refused(Refusal(413, f"it has more than {LARGEST} bytes"))
        found = check(request.headers, body, self.secret, time.time(), self.tolerance)
        if isinstance(found, Refusal):
            self._note_skew(found.apart)
            return _refused(found)
        if self.clocks.note(True):
            self.tell(clocks_agree())
        if self.places.locked():
            return _refused(Refusal(503, "as many as may be are being passed on; to be sent again"), AGAIN)
        async with self.places:
            return await asyncio.to_thread(self._accepted, found)

    def _note_skew(self, apart: float | None) -> None:
        """Have people told that clocks lie apart, if a refusal shows it; the log says so once."""
        if apart is None:
            return
        alert = clocks_apart(apart, self.tolerance)
        if self.clocks.note(False):
            LOG.error("%s", alert.text)
        self.tell(alert)

    def _accepted(self, delivery: Delivery) -> Response:
        if not self.deliveries.claim(delivery.id, time.time()):
            return _refused(Refusal(409, "it was received before"))
        try:
            return self._passed_on(delivery)
        except UsageError as error:
            return _answered(200, f"ignored: {error}")
        except ValueError as error:
            return _refused(Refusal(400, f"it is none of MLflow's documents: {first_line(error)}"))
        except Exception as error:
            # MLflow or Prefect cannot be reached: MLflow sends the same delivery again, and it must be new then.
            self.deliveries.release(delivery.id)
            told = first_line(error) if isinstance(error, PodiumError) else type(error).__name__
            return _answered(503, f"not passed on, to be sent again: {told}", AGAIN)

    def _passed_on(self, delivery: Delivery) -> Response:
        found = version_in(delivery.body, self.registered_model)
        if isinstance(found, str):
            return _answered(200, f"ignored: {found}")
        return _answered(202, self.handle(found))


async def _healthy(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _body(request: Request) -> bytes | None:
    """Return the body, None as soon as there is more of it than there may be."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > LARGEST:
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return None
    return body


def _refused(why: Refusal, headers: dict[str, str] | None = None) -> Response:
    LOG.warning("webhook refused (%s): %s", why.status, printable(why.reason))
    return JSONResponse({"refused": printable(why.reason)}, why.status, headers)


def _answered(status: int, said: str, headers: dict[str, str] | None = None) -> Response:
    LOG.info("webhook %s", printable(said))
    return JSONResponse({"said": printable(said)}, status, headers)
