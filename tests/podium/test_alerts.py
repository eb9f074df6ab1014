"""What a channel is told: the first time, not again too soon, when it gets worse, and that it is over."""

from dataclasses import replace

import pytest

from podium.alerts import (
    HOUR,
    Alert,
    Limits,
    Outcome,
    Ruling,
    Told,
    message_of,
    owed,
    recent_messages,
    remembered,
    rule,
)

NOW = 1_800_000_000.0
DOWN = Alert("verification", "raised", "critical", "failed", about="latency")
WELL = Alert("verification", "clear", "critical", "passes")
NEWS = Alert("promotion", "event", "info", "promoted", about="d1")
ALL = Limits(minimum="info")


class Channel:
    """A channel that remembers, with a clock of its own."""

    def __init__(self, limits: Limits = ALL) -> None:
        self.limits, self.now = limits, NOW
        self.answers: Outcome = "told"
        self.told: dict[str, Told] = {}
        self.got: list[str] = []

    def hears(self, alert: Alert, recent: int | None = None) -> Ruling:
        """What is done about an alert."""
        known = self.told.get(alert.key)
        count = recent_messages(self.told.values(), self.now) if recent is None else recent
        ruling = rule(alert, known, self.limits, count, self.now)
        outcome = self.answers if ruling.action == "send" else "unsent"
        if outcome in ("told", "perhaps"):
            self.got.append(message_of(alert, known, "churn", self.now).title)
        self.told |= {alert.key: news} if (news := remembered(alert, known, ruling, outcome, self.now)) else {}
        return ruling


def test_the_same_is_not_said_again_too_soon() -> None:
    """It is held back with the reason, and said again later, with how long it has been so."""
    channel = Channel()
    assert channel.hears(DOWN).action == "send"
    channel.now += HOUR
    assert channel.hears(DOWN) == Ruling("hold", "told 60 min ago, repeated after 24 h")
    channel.now += 24 * HOUR
    assert channel.hears(DOWN).action == "send"
    assert "It has been so for 25 h." in message_of(DOWN, channel.told[DOWN.key], "churn", channel.now).text


def test_what_is_new_about_it_is_said_at_once() -> None:
    """Another failed check, or a higher severity; a lower one is no news."""
    channel = Channel()
    channel.hears(replace(DOWN, severity="warning"))
    assert channel.hears(DOWN).action == "send"
    assert channel.hears(replace(DOWN, severity="warning")).action == "hold"
    assert channel.hears(replace(DOWN, about="loads")).action == "send"


def test_that_it_is_over_is_said_once_to_who_knew() -> None:
    """Nobody hears an all-clear of what was not told; then everything begins anew."""
    channel = Channel()
    assert channel.hears(WELL) == Ruling("hold", "nothing was wrong")
    channel.hears(DOWN)
    channel.now += 3 * HOUR
    assert "It was wrong for 3 h." in message_of(WELL, channel.told[WELL.key], "churn", channel.now).text
    assert [channel.hears(alert).action for alert in (WELL, WELL, DOWN)] == ["send", "hold", "send"]
    assert channel.got == ["[critical] churn: failed", "[all clear] churn: passes", "[critical] churn: failed"]


def test_a_channel_may_want_no_all_clear() -> None:
    """It gets none, and the next alert is a first one."""
    channel = Channel(replace(ALL, all_clear=False))
    assert [channel.hears(alert).action for alert in (DOWN, WELL, DOWN)] == ["send", "hold", "send"]


def test_below_the_minimum_nothing_is_said_nor_remembered() -> None:
    """An all-clear of it neither."""
    channel = Channel(Limits(minimum="critical"))
    small = replace(DOWN, severity="warning")
    assert channel.hears(small) == Ruling("hold", "warning is below critical")
    assert channel.hears(WELL).reason == "nothing was wrong"


def test_an_event_is_told_once() -> None:
    """Again only when it is another."""
    channel = Channel()
    assert [channel.hears(a).action for a in (NEWS, NEWS, replace(NEWS, about="d2"))] == ["send", "hold", "send"]


def test_too_many_wait_and_are_owed_but_for_the_first_critical() -> None:
    """What waits is tried again for a day, the most severe first."""
    channel = Channel(replace(ALL, per_hour=2))
    for number in range(3):
        channel.hears(replace(NEWS, key=f"k{number}"))
    assert len(channel.got) == 2
    assert channel.hears(DOWN).action == "send"
    channel.now += 1
    again = channel.hears(replace(DOWN, about="loads"))
    assert again == Ruling("later", "3 messages in the last hour, and at most 2 are sent")
    assert [alert.key for alert in owed(channel.told.values(), channel.now)] == ["verification", "k2"]
    channel.now += 2 * HOUR
    assert [channel.hears(alert).action for alert in owed(channel.told.values(), channel.now)] == ["send", "send"]
    assert owed(channel.told.values(), channel.now) == []


def test_what_did_not_get_through_is_owed_for_a_day() -> None:
    """Trying again in vain does not make it younger; that it is over is told although nobody knew."""
    channel = Channel()
    channel.answers = "missed"
    channel.hears(DOWN)
    channel.now += 23 * HOUR
    (due,) = owed(channel.told.values(), channel.now)
    channel.hears(due)
    channel.now += 2 * HOUR
    assert owed(channel.told.values(), channel.now) == []
    channel.answers = "told"
    assert channel.hears(WELL).action == "send"


def heard(channel: Channel, hours: float) -> list[float]:
    """In which minutes a channel is sent something, if a flow finds the same each minute."""
    sent: list[float] = []
    for minute in range(round(60 * hours)):
        channel.now = NOW + 60 * minute
        sent += [minute] if channel.hears(replace(DOWN, text=f"at {minute}")).action == "send" else []
    return sent


def test_what_was_not_taken_is_tried_again_later_and_later() -> None:
    """After five minutes at first, and never less often than each hour; when it is taken, it is quiet."""
    channel = Channel()
    channel.answers = "missed"
    assert heard(channel, 5) == [0, 5, 15, 35, 75, 135, 195, 255]
    channel.answers, channel.now = "told", channel.now + HOUR
    assert [channel.hears(DOWN).action for _ in range(3)] == ["send", "hold", "hold"]


def test_what_perhaps_arrived_is_told_again_after_hours() -> None:
    """A slow receiver gets a few messages a day, and one that hangs gets them all when it is back."""
    channel = Channel()
    channel.answers = "perhaps"
    assert heard(channel, 24) == [0, 60, 180, 420, 900]


def test_what_was_sent_in_vain_counts_but_loses_no_critical_one() -> None:
    """It waits for no limit until it is told, but for its back-off; what is told after that waits as any other."""
    channel = Channel(replace(ALL, per_hour=2))
    channel.answers = "missed"
    assert [channel.hears(replace(NEWS, key=f"k{n}")).action for n in range(3)] == ["send", "send", "later"]
    assert channel.hears(DOWN).action == "send"
    assert channel.hears(DOWN).action == "later"
    channel.now += HOUR / 4
    channel.answers = "told"
    assert channel.hears(DOWN).action == "send"
    assert channel.hears(replace(NEWS, key="k9")) == Ruling(
        "later", "4 messages in the last hour, and at most 2 are sent"
    )


def test_an_all_clear_that_never_arrives_is_given_up() -> None:
    """However often a flow ends well and words it anew: it is not owed for longer than anything else."""
    channel = Channel()
    channel.hears(DOWN)
    channel.answers = "perhaps"
    said = []
    for minute in range(0, 30 * 24 * 60, 30):
        said.append(channel.hears(replace(WELL, text=f"at minute {minute}")).action)
        channel.now += HOUR / 2
    assert said.count("send") == 5
    assert set(said[2 * 24 :]) == {"hold"}


def test_what_was_not_even_tried_waits_for_nothing() -> None:
    """A channel without an address, or that was down in this flow; the first critical one stays the first."""
    channel = Channel(replace(ALL, per_hour=1))
    channel.hears(NEWS)
    channel.answers = "unsent"
    assert channel.hears(DOWN).action == "send"
    channel.answers = "told"
    assert [channel.hears(DOWN).action for _ in range(2)] == ["send", "hold"]


def test_what_is_worse_or_other_waits_for_no_try_in_vain() -> None:
    """Neither does that it is over."""
    channel = Channel()
    channel.answers = "missed"
    channel.hears(replace(DOWN, severity="warning"))
    others = (DOWN, replace(DOWN, about="loads"), WELL, DOWN)
    assert [channel.hears(alert).action for alert in others] == ["send"] * 4


def test_a_first_critical_is_never_missed() -> None:
    """Whatever the hour has seen, whatever failed before, and whatever the clock of the machine before said."""
    for told in (
        None,
        Told(NOW, "warning", "latency", raised=NOW - 60, sent=(NOW - 60,)),
        Told(NOW, "critical", "latency", raised=NOW - 60, owed=DOWN),
        Told(NOW - 9, "critical", "latency", raised=None, sent=(NOW - 60,)),
        Told(NOW, "critical", "latency", raised=NOW - 60, sent=(NOW - 999,), owed=DOWN),
    ):
        assert rule(DOWN, told, ALL, 1000, NOW).action == "send", told
    ahead = Told(NOW + 9e6, "critical", "latency", raised=NOW + 9e6, sent=(NOW + 9e6,))
    assert rule(DOWN, ahead, ALL, 0, NOW).action == "send"


def test_two_at_once_from_the_same_memory_both_send() -> None:
    """One message too many, never one too few."""
    first, second = Channel(), Channel()
    assert (first.hears(DOWN).action, second.hears(DOWN).action) == ("send", "send")


@pytest.mark.parametrize("name", ["@channel", "<!here>", "@everyone"])
def test_a_model_s_name_calls_nobody(name: str) -> None:
    """Names in a message are anybody's text."""
    message = message_of(replace(NEWS, title=name, text=name), None, "churn", NOW)
    assert name not in message.title
    assert name not in message.text
