"""Sends a message to a channel, by apprise or by a Prefect block, and says why if it did not arrive.

The address is read at the last moment, hidden from all logs, and kept nowhere.
"""

import logging
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from configs.alerts import ChannelSection
from podium.alerts import Message
from podium.errors import PodiumError, first_line
from podium.logs import guard_logs
from podium.receipts import Receipt
from podium.redaction import conceal_url
from tasks.effects.bounded import within
from tasks.effects.overhearing import Overheard

TYPES: dict[str, Any] = {"info": "info", "warning": "warning", "critical": "failure", "clear": "success"}
"""Severities in the words of apprise, which most services show as a colour."""
MARGIN = 0.5
"""Seconds that a service has beyond its own time-out to say at what it waited: connecting, or the answer."""
Send = Callable[[Message], bool]


def deliver(channel: ChannelSection, message: Message | None) -> Receipt:
    """Send a message and return what became of it, with the problem in one line without secrets if there was one.

    With no message it is only looked whether there is an address that can be used.
    """
    try:
        send = _sender(channel)
    except PodiumError as problem:
        return Receipt("unsent", str(problem))
    return _within(channel.timeout, lambda: send(message)) if message else Receipt("unsent")


def _sender(channel: ChannelSection) -> Send:
    guard_logs()
    # What it has to say is in the answer; elsewhere it would be a second line about the same. Why, it says at DEBUG.
    logging.getLogger("apprise").propagate = False
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    if channel.block:
        return _by_block(channel.block, channel.timeout)
    name = channel.url_env or ""
    if not os.environ.get(name):
        raise PodiumError(f"the environment variable {name} is not set")
    return _by_apprise(os.environ[name], channel.timeout)


def _by_block(reference: str, timeout: float) -> Send:
    # Importing them registers the types of blocks.
    from prefect.blocks.abstract import NotificationBlock
    from prefect.blocks.core import Block
    from prefect.blocks.system import Secret

    try:
        block: Any = Block.load(reference)
    except Exception as error:
        raise PodiumError(f"the Prefect block {reference} cannot be read: {first_line(error)}") from None
    if isinstance(block, Secret):
        return _by_apprise(str(block.get()), timeout)
    if not isinstance(block, NotificationBlock):
        raise PodiumError(f"the Prefect block {reference} is neither a Secret nor a notification block")
    for value in vars(block).values():
        if hasattr(value, "get_secret_value"):
            conceal_url(str(value.get_secret_value()))
    for service in getattr(block, "_apprise_client", None) or ():
        service.redirects = False
    return lambda message: _notified(block, message)


def _notified(block: Any, message: Message) -> bool:
    if hasattr(block, "notify_type"):
        block.notify_type = TYPES[message.tone]
    with block.raise_on_failure():
        block.notify(body=message.text or message.title, subject=message.title)
    return True


def _by_apprise(url: str, timeout: float) -> Send:
    import apprise

    conceal_url(url)
    asset = apprise.AppriseAsset(app_id="Podium", app_desc="Podium", app_url="")
    service = apprise.Apprise.instantiate(_known_to_apprise(url), asset=asset)
    if service is None:
        raise PodiumError("its address is none that apprise knows, see docs/alerts.md")
    service.socket_connect_timeout = service.socket_read_timeout = timeout
    # A redirect makes a GET of most messages, which arrives, is answered, and says nothing to anybody.
    service.redirects = False
    sender = apprise.Apprise(service, asset=asset)
    return lambda message: bool(
        sender.notify(message.text, message.title, TYPES[message.tone], body_format=apprise.NotifyFormat.TEXT)
    )


def _known_to_apprise(url: str) -> str:
    """Return an address as apprise takes it: a webhook that it knows by no other name gets JSON."""
    import apprise

    if not url.startswith(("http://", "https://")) or apprise.Apprise.instantiate(url):
        return url
    parts = urlsplit(url)
    query = "&".join(f"-{key}={quote(value)}" for key, value in parse_qsl(parts.query))
    return f"json{parts.scheme.removeprefix('http')}://{parts.netloc}{parts.path}{query and f'?{query}'}"


def _within(seconds: float, send: Callable[[], bool]) -> Receipt:
    """Return what became of a message. A service that goes on for longer than it may is left alone."""
    overheard = Overheard()
    try:
        return within(seconds + MARGIN, lambda: _attempted(send, overheard))
    except TimeoutError:
        return overheard.unanswered(seconds)


def _attempted(send: Callable[[], bool], overheard: Overheard) -> Receipt:
    with overheard:
        try:
            return Receipt("told") if send() else overheard.receipt()
        except Exception as error:
            return overheard.receipt(error)
