"""Decides what a channel is told of an alert: now, later, or not at all, each with its reason.

An alert is about a thing, its key: an ``event`` happened to it, it is ``raised`` because something is wrong with it, or
``clear`` because nothing is any more. What a channel was told of each thing before is given; two that decide at once
from the same memory send one message too many, and never one too few.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Severity = Literal["info", "warning", "critical"]
Kind = Literal["raised", "clear", "event"]
Outcome = Literal["told", "perhaps", "missed", "unsent"]
"""What became of a message: taken; sent, but not answered in time; not taken; not even tried."""
RANK: dict[str, int] = {"info": 0, "warning": 1, "critical": 2}
HOUR = 3600.0
OWED_FOR = 24 * HOUR
"""Seconds for which a message that did not get through is tried again."""
WAITS: dict[Outcome, tuple[float, float]] = {"missed": (HOUR / 12, HOUR), "perhaps": (HOUR, 24 * HOUR)}
"""Seconds from an attempt until the next: at first, and at most. What perhaps arrived has more time."""
LONGEST_TITLE, LONGEST_TEXT = 200, 1500
"""Characters; more than this belongs into a report."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What is to be told. ``about`` tells one occasion from another: other failed checks, another decision."""

    key: str
    kind: Kind
    severity: Severity
    title: str
    text: str = ""
    about: str = ""

    def shortened(self) -> "Alert":
        """Return the alert with as much of its texts as a message has."""
        title = " ".join(self.title.split())
        return replace(self, title=title[:LONGEST_TITLE], text=self.text[:LONGEST_TEXT])


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel wants: from which severity on, how often, and whether it is told that something is over.

    ``repeat_after`` is in seconds.
    """

    minimum: Severity = "warning"
    per_hour: int = 20
    repeat_after: float = 24 * HOUR
    all_clear: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel was told of one thing. Times are seconds of the epoch.

    ``at`` is since when it is so. ``raised`` is since when it is wrong, None if it is not. ``sent`` are the attempts of
    the last hour and the last one of all, taken or not. ``owed`` is what did not surely arrive, and ``wait`` how long
    after the last attempt it is tried again. ``tried``: a critical message about it was, since it went wrong.
    """

    at: float
    severity: Severity = "info"
    about: str = ""
    raised: float | None = None
    sent: tuple[float, ...] = ()
    owed: Alert | None = None
    wait: float = 0.0
    tried: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is done about an alert on one channel, and why."""

    action: Literal["send", "later", "hold"]
    reason: str


def rule(alert: Alert, told: Told | None, limits: Limits, recent: int, now: float) -> Ruling:
    """Return what is done about an alert, given what was told of the thing and ``recent``, the attempts of this hour.

    A critical message about a thing is sent whatever was sent before, until one about it surely arrived.
    """
    held = _cleared(told, limits, now) if alert.kind == "clear" else _held(alert, told, limits, now)
    if held:
        return Ruling("hold", held)
    if told and (left := _left_to_wait(alert, told, now)) > 0:
        return Ruling("later", f"it did not surely arrive, and is tried again in {in_words(left)}")
    if recent >= limits.per_hour and not _is_urgent(alert, told):
        return Ruling("later", f"{recent} messages in the last hour, and at most {limits.per_hour} are sent")
    return Ruling("send", "all clear" if alert.kind == "clear" else alert.severity)


def _is_urgent(alert: Alert, told: Told | None) -> bool:
    """Whether an alert is critical, and none about this surely arrived since it went wrong; back-off bounds tries."""
    arrived = told is not None and told.tried and _goes_on(alert, told) and not _is_owed(alert, told)
    return alert.severity == "critical" and alert.kind != "clear" and not arrived


def _goes_on(alert: Alert, told: Told) -> bool:
    """Whether it was wrong already, or is the occasion that is owed."""
    return (alert.kind == "raised" and told.raised is not None) or _is_owed(alert, told)


def _is_owed(alert: Alert, told: Told) -> bool:
    """Whether an alert is about the occasion that is owed, and no worse."""
    owed = told.owed
    same = owed is not None and (owed.kind, owed.about) == (alert.kind, alert.about)
    return same and RANK[alert.severity] <= RANK[told.severity]


def _left_to_wait(alert: Alert, told: Told, now: float) -> float:
    """Return the seconds until what is owed is tried again; what was never tried waits for nothing."""
    return told.wait - _since_last(told, now) if told.wait and _is_owed(alert, told) else 0.0


def _since_last(told: Told, now: float) -> float:
    """Return the age of the last attempt. One from the future is that of a wrong clock, and does not count."""
    age = now - told.sent[-1] if told.sent else float("inf")
    return age if age > -HOUR else float("inf")


def _cleared(told: Told | None, limits: Limits, now: float) -> str | None:
    """Return why nobody is told that a thing is well."""
    if told is None or (told.raised is None and told.owed is None):
        return "nothing was wrong"
    if told.raised is None and now - told.at >= OWED_FOR:
        return "it is over for too long to be told"
    return None if limits.all_clear else "this channel wants no all-clear"


def _held(alert: Alert, told: Told | None, limits: Limits, now: float) -> str | None:
    if RANK[alert.severity] < RANK[limits.minimum]:
        return f"{alert.severity} is below {limits.minimum}"
    if told is None or told.owed or told.about != alert.about or RANK[alert.severity] > RANK[told.severity]:
        return None
    if alert.kind == "event":
        return "it was told before"
    return _repeated(told, limits, now) if told.raised else None


def _repeated(told: Told, limits: Limits, now: float) -> str | None:
    """Return why a message is not repeated yet."""
    age = _since_last(told, now)
    if age < limits.repeat_after:
        return f"told {in_words(age)} ago, repeated after {in_words(limits.repeat_after)}"
    return None


def in_words(seconds: float) -> str:
    """Return a duration as text."""
    minutes = max(0, round(seconds / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // 1440} days"


def remembered(alert: Alert, told: Told | None, ruling: Ruling, outcome: Outcome, now: float) -> Told | None:
    """Return what a channel has been told now, or None if that is no news."""
    before = told or Told(now)
    if ruling.action == "hold":
        over = alert.kind == "clear" and before.raised is not None
        return replace(before, at=now, raised=None, owed=None, wait=0.0, tried=False) if over else None
    # Each flow that ends well words its all-clear anew.
    again = before.owed == alert or (alert.kind == "clear" and _is_owed(alert, before))
    if outcome == "unsent":
        return None if again else replace(_noted(alert, before, now), owed=alert)
    # Trying once more does not make what is owed younger.
    after = replace(_noted(alert, before, now), at=before.at if again else now, sent=(*_in_hour(before.sent, now), now))
    tried = after.tried or alert.severity == "critical"
    if outcome == "told":
        return replace(after, owed=None, wait=0.0, tried=tried)
    return replace(after, owed=alert, wait=_longer(after.wait, outcome), tried=tried)


def _noted(alert: Alert, before: Told, now: float) -> Told:
    """Return what is known of a thing when an alert about it is there, before anything is sent."""
    raised = (before.raised or now) if alert.kind == "raised" else None
    wait = before.wait if _is_owed(alert, before) else 0.0
    tried = before.tried and _goes_on(alert, before)
    news = replace(before, at=now, severity=alert.severity, about=alert.about, raised=raised)
    return replace(news, wait=wait, tried=tried)


def _longer(wait: float, outcome: Outcome) -> float:
    shortest, longest = WAITS[outcome]
    return min(max(2 * wait, shortest), longest)


def _in_hour(sent: Iterable[float], now: float) -> tuple[float, ...]:
    return tuple(moment for moment in sent if abs(now - moment) < HOUR)


def recent_messages(tolds: Iterable[Told], now: float) -> int:
    """Return the number of messages that were sent to a channel in the last hour, about whatever, taken or not."""
    return sum(len(_in_hour(told.sent, now)) for told in tolds)


def owed(tolds: Iterable[Told], now: float) -> list[Alert]:
    """Return what did not get through to a channel and may still be of interest, the most severe first."""
    due = [told.owed for told in tolds if told.owed and now - told.at < OWED_FOR]
    return sorted(due, key=lambda alert: -RANK[alert.severity])


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. ``tone`` is a severity, or ``clear``."""

    title: str
    text: str
    tone: Literal["info", "warning", "critical", "clear"]


def message_of(alert: Alert, told: Told | None, subject: str, now: float) -> Message:
    """Return an alert in words: how bad, about whose model, what, and for how long it was wrong."""
    tone = "clear" if alert.kind == "clear" else alert.severity
    mark = "all clear" if tone == "clear" else tone
    title, text = f"[{mark}] {subject}: {alert.title}", alert.text
    lasted = now - told.raised if told and told.raised else 0.0
    if lasted > 0 and tone == "clear":
        text = f"{text}\nIt was wrong for {in_words(lasted)}.".strip()
    elif lasted > 0 and told and told.sent:
        text = f"{text}\nIt has been so for {in_words(lasted)}.".strip()
    return Message(_harmless(title), _harmless(text), tone)


def _harmless(text: str) -> str:
    """Return a text that calls nobody: names of models are anybody's, and chats notify all by a word in them."""
    return re.sub(r"@(?=everyone|here|channel)|<(?=[!@#])", r"\g<0> ", text)


def standing(channel: str, told: Mapping[str, Told], now: float) -> dict[str, Any]:
    """Return what a channel was told that is still so, and what did not get through to it, as JSON."""
    wrong = [
        {"key": key, "severity": known.severity, "for": in_words(now - known.raised)}
        for key, known in sorted(told.items())
        if known.raised
    ]
    waiting = [{"key": alert.key, "title": alert.title} for alert in owed(told.values(), now)]
    return {"channel": channel, "recent": recent_messages(told.values(), now), "raised": wrong, "owed": waiting}
