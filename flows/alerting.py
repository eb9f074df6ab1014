"""Tells the channels of a configuration how a flow ended: what ``@telling`` makes a flow may have news.

How it ended is noted here and not read from its state. When the answer to the last state's report is lost, Prefect's
client reports again, and what the server then returns is the state without its result.

A channel that fails fails no flow; what it should have been told is tried again at the end of the next one.
"""

import functools
import inspect
import logging
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import UUID

from prefect import Flow, flow
from prefect.context import FlowRunContext
from prefect.utilities.hashing import file_hash

from configs.alerts import ChannelSection
from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.enduring import ending_behind, outlast_restarts
from podium.alerts import HOUR, Alert, Limits, Message, Outcome, message_of, owed, recent_messages, remembered, rule
from podium.errors import UsageError
from podium.occasions import occasions_of
from podium.redaction import redacted
from tasks.effects.alert_memory import Memory
from tasks.effects.delivery import deliver

if TYPE_CHECKING:
    from prefect import State
    from prefect.client.schemas.objects import FlowRun

LOG = logging.getLogger("podium.alerts")
P = ParamSpec("P")
R = TypeVar("R")
SAID: dict[Outcome, str] = {
    "told": "told in part",
    "perhaps": "perhaps told",
    "missed": "not told",
    "unsent": "not told",
}
_ended: dict[UUID, object] = {}
"""What each flow run returned or raised, until it is told."""
outlast_restarts()


def telling(name: str) -> Callable[[Callable[P, R]], Flow[P, R]]:
    """Make a function a flow at whose end whoever is to be told is told."""

    def decorate(function: Callable[P, R]) -> Flow[P, R]:
        # Prefect takes a flow's version from the file of its function, which would be this one.
        version = file_hash(inspect.getsourcefile(function) or __file__)
        made = flow(name=name, version=version, validate_parameters=False, on_completion=[alert], on_failure=[alert])
        return made(_noting(function))

    return decorate


def _noting(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that notes what it returns or raises for the end of its flow run."""

    @functools.wraps(function)
    def noted(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            ended = function(*args, **kwargs)
        except Exception as error:
            if ending := ending_behind(error):
                raise ending from error
            _note(error)
            raise
        _note(ended)
        return ended

    return noted


def _note(ended: object) -> None:
    context = FlowRunContext.get()
    if context and context.flow_run:
        _ended[context.flow_run.id] = ended


def alert(flow: "Flow[..., Any]", flow_run: "FlowRun", state: "State[Any]") -> None:
    """Tell whoever is to be told how a flow ended.

    What a person wrote wrongly that person is told at once, and nobody else.
    """
    ended = _ended.pop(flow_run.id, None)
    if ended is None or (state.is_failed() and not isinstance(ended, Exception)):
        ended = state.result(raise_on_failure=False)
    if isinstance(ended, UsageError) and flow_run.deployment_id is None:
        return
    alert_outcome(load_config(flow_run.parameters.get("config_path")), flow.name, ended)


def alert_outcome(config: PodiumConfig, flow: str, ended: object, *, and_owed: bool = True) -> None:
    """Tell every channel what follows from the end of a flow and, unless that may take no time, what is owed to it."""
    tell_all(config, occasions_of(flow, ended), f"podium {flow}", and_owed=and_owed)


def tell_all(
    config: PodiumConfig,
    alerts: Sequence[Alert],
    by: str,
    *,
    and_owed: bool = True,
    clock: Callable[[], float] = time.time,
) -> None:
    """Tell every channel of some alerts; ``by`` is who noticed."""
    if not alerts or not config.alerts.channels:
        return
    memory, name = Memory(config.mlflow), config.mlflow.registered_model
    where = f"{by} on {platform.node()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    signed = [_signed(alert, where) for alert in alerts]
    for channel, section in config.alerts.channels.items():
        _Telling(channel, section, memory, name, clock).tell(signed, and_owed)


def _signed(alert: Alert, where: str) -> Alert:
    """Return an alert that says from where it comes, and no secret."""
    text = redacted(f"{alert.text}\n{where}".strip())
    return replace(alert, title=redacted(alert.title), text=text).shortened()


class _Telling:
    """What one channel is told at the end of one flow."""

    def __init__(
        self, channel: str, section: ChannelSection, memory: Memory, subject: str, clock: Callable[[], float]
    ) -> None:
        self._channel, self._section, self._memory, self._subject = channel, section, memory, subject
        repeat = section.repeat_after * HOUR
        self._limits = Limits(section.minimum, section.per_hour, repeat, section.all_clear)
        self._clock, self._down = clock, False

    def tell(self, alerts: Iterable[Alert], and_owed: bool) -> None:
        """Tell what is new, and, if the channel answers, what it should have been told before."""
        for alert in alerts:
            self._settle(alert)
        if and_owed and not self._down:
            for alert in owed(self._memory.of(self._channel).values(), self._clock()):
                self._settle(alert)

    def _settle(self, alert: Alert) -> None:
        told, now = self._memory.of(self._channel), self._clock()
        known = told.get(alert.key)
        ruling = rule(alert, known, self._limits, recent_messages(told.values(), now), now)
        LOG.info("%s: %s: %s: %s", self._channel, alert.key, ruling.action, ruling.reason)
        outcome: Outcome = "unsent"
        if ruling.action == "send":
            outcome = self._send(message_of(alert, known, self._subject, now))
        if news := remembered(alert, known, ruling, outcome, now):
            self._memory.keep(self._channel, alert.key, news)

    def _send(self, message: Message) -> Outcome:
        """Return what became of a message; a channel that did not take one is not tried again at once."""
        if self._down:
            return "unsent"
        receipt = deliver(self._section, message)
        self._down = receipt.outcome != "told"
        if receipt.problem:
            said = SAID[receipt.outcome]
            LOG.warning("alert channel %s: %s; %s: %s", self._channel, receipt.problem, said, message.title)
        return receipt.outcome
