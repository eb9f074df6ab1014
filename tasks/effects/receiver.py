"""The endpoint that MLflow's webhooks are sent to, small enough to be read before it is trusted."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from podium.errors import PodiumError, UsageError, first_line
from podium.events import printable
from podium.webhooks import LARGEST, TOLERANCE, Delivery, Refusal, Version, check, version_in
from tasks.effects.deliveries import Deliveries

LOG = logging.getLogger("podium")
PATH = "/mlflow"
SLOWEST = 10.0
"""Seconds in which a delivery must have arrived."""
AGAIN = {"Retry-After": "2"}
Handle = Callable[[Version], str]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Receives deliveries. ``handle`` passes a version on and returns what it did, in words."""

    secret: str
    registered_model: str
    deliveries: Deliveries
    handle: Handle
    tolerance: int = TOLERANCE

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
            return _refused(found)
        return await asyncio.to_thread(self._accepted, found)

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


def _refused(why: Refusal) -> Response:
    LOG.warning("webhook refused (%s): %s", why.status, printable(why.reason))
    return JSONResponse({"refused": why.reason}, why.status)


def _answered(status: int, said: str, headers: dict[str, str] | None = None) -> Response:
    LOG.info("webhook %s", printable(said))
    return JSONResponse({"said": said}, status, headers)
