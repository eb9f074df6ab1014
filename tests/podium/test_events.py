"""What is told again is one event where it is the same, and another where it is not."""

from dataclasses import replace
from datetime import date

from podium.checks import Check, Verification
from podium.events import Project, degraded

PROJECT = Project("tides_experiment", "tides")
FOUND = Verification(
    "4", "forest", (Check("loads", True, "1 s"), Check("latency", False, "80 ms"), Check("signature", False, "none"))
)
DAY = date(2026, 11, 28)


def test_the_same_failed_checks_of_a_day_are_one_event() -> None:
    """Whatever numbers each verification saw."""
    slower = replace(FOUND, checks=(*FOUND.checks[:1], Check("latency", False, "95 ms"), *FOUND.checks[2:]))
    assert degraded(PROJECT, slower, DAY).id == degraded(PROJECT, FOUND, DAY).id


def test_another_day_version_check_or_project_is_another_event() -> None:
    """Each is news."""
    fewer = replace(FOUND, checks=FOUND.checks[:2])
    others = (
        degraded(PROJECT, FOUND, date(2026, 11, 29)),
        degraded(PROJECT, replace(FOUND, version="5"), DAY),
        degraded(PROJECT, fewer, DAY),
        degraded(replace(PROJECT, registered_model="ebb"), FOUND, DAY),
        degraded(replace(PROJECT, experiment="ebb_experiment"), FOUND, DAY),
    )
    assert len({event.id for event in (*others, degraded(PROJECT, FOUND, DAY))}) == 6
