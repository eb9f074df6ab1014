"""What the end of a flow gives rise to: alerts about what is wrong, what is well again, and what happened."""

from dataclasses import replace
from typing import Any

import pytest

from podium.alerts import Alert
from podium.chain import Chain
from podium.checks import Check, Verification
from podium.drift import Drift
from podium.errors import NegativeAnswerError, PodiumError, UnfinishedError
from podium.monitored import Batch, Monitored, Performance
from podium.occasions import occasions_of
from podium.outcome import OrderOutcome, Production, RetirementOutcome, SelectionOutcome
from podium.plan import MigrationReport, Outcome
from podium.ranking import Selection, Verdict
from tests.podium.factories import candidate

PRODUCTION = Production("2", "1", "m-1", "forest")


def told(flow: str, ended: object) -> dict[str, tuple[str, str]]:
    """Kind and severity of each alert, without the flow's own that are well."""
    own = {f"{flow}.failed", f"{flow}.refused"}
    return {
        alert.key: (alert.kind, alert.severity)
        for alert in occasions_of(flow, ended)
        if not (alert.key in own and alert.kind == "clear")
    }


def about(flow: str, ended: object, key: str) -> Alert:
    """The alert about a thing."""
    (found,) = [alert for alert in occasions_of(flow, ended) if alert.key == key]
    return found


def verification(*failed: str) -> Verification:
    """A verification of two checks."""
    return Verification("2", "forest", tuple(Check(n, n not in failed, f"of {n}") for n in ("loads", "latency")))


def test_a_failed_verification_is_critical_and_a_passed_one_clears_it() -> None:
    """It names the checks that failed, and what to do."""
    no = NegativeAnswerError("it failed", verification("latency"))
    assert told("verify", no) == {"verification": ("raised", "critical")}
    assert told("verify", verification()) == {"verification": ("clear", "critical")}
    raised = about("verify", no, "verification")
    assert (raised.about, raised.title) == ("latency", "version 2 in production failed its verification")
    assert "latency: of latency" in raised.text
    assert "podium rollback" in raised.text


def test_a_batch_tells_of_drift_and_of_performance_as_far_as_it_can() -> None:
    """Rows that are too few, or have no labels, raise nothing and clear nothing."""
    batch, drift = (
        Batch("b.csv", "d", 500, 500),
        Drift("tenure", 0.4, 0.25, 0.1, True, "missing: 0.0% of rows, now 20.0%"),
    )
    bad = Performance("f1_score", 500, 0.6, 0.5, 0.7, 0.8, allowed=0.75, degraded=True)
    good, doubtful = replace(bad, value=0.78, degraded=False), replace(bad, degraded=False)
    unknown = Performance("f1_score", 0, reason="the batch has no labels")
    look = Monitored("2", "forest", batch, (drift,), bad, "k")
    assert told("monitor", NegativeAnswerError("no", look)) == {
        "drift": ("raised", "warning"),
        "performance": ("raised", "critical"),
    }
    assert "tenure: PSI 0.40; missing" in about("monitor", look, "drift").text
    assert "podium rollback" in about("monitor", look, "performance").text
    by_chance = replace(look, drifts=(replace(drift, drifted=False),), performance=doubtful)
    assert told("monitor", by_chance) == {}
    same = replace(look, drifts=(replace(drift, drifted=False, psi=0.1),), performance=good)
    assert told("monitor", same) == {"drift": ("clear", "warning"), "performance": ("clear", "critical")}
    assert told("monitor", replace(look, drifts=(), performance=unknown)) == {}
    assert told("monitor", look.dry()) == {}


def test_a_migration_tells_of_quarantine_and_of_what_is_left() -> None:
    """Other quarantined models are another occasion, the same in another order are not."""
    good, bad, worse = (Outcome("quarantined", name, "broken", code="unreadable") for name in ("a", "b", "c"))
    left = Outcome("left", "d", "MLflow does not answer")
    report = MigrationReport((good, bad, left), 1.0)
    assert told("migrate", UnfinishedError("unfinished", report)) == {
        "quarantine": ("raised", "warning"),
        "migration": ("raised", "warning"),
    }
    assert {kind for kind, _ in told("migrate", MigrationReport((), 1.0)).values()} == {"clear"}
    first = about("migrate", report, "quarantine").about
    assert first == about("migrate", MigrationReport((bad, good), 1.0), "quarantine").about
    assert first != about("migrate", MigrationReport((bad, worse), 1.0), "quarantine").about


def test_many_quarantined_models_are_counted_and_some_named() -> None:
    """A message is no list of 30,000."""
    many = tuple(Outcome("quarantined", f"m{n:05}", "broken") for n in range(30_000))
    found = about("migrate", MigrationReport(many, 1.0), "quarantine")
    assert found.title == "30000 staged models are quarantined"
    assert found.text.splitlines()[-1] == "and 29990 more"


@pytest.mark.parametrize(
    ("error", "key"), [(PodiumError("lost its turn"), "select.failed"), (OSError("no space left"), "select.failed")]
)
def test_a_flow_that_ends_in_an_error_is_told(error: Exception, key: str) -> None:
    """With what it said."""
    assert told("select", error) == {key: ("raised", "warning")}
    assert about("select", error, key).text == str(error)


def test_a_flow_that_could_not_even_ask_is_told() -> None:
    """That nothing is in production is no failure of the flow."""
    no = NegativeAnswerError("nothing is in production yet")
    assert told("verify", no) == {"verify.refused": ("raised", "warning")}


def selection(verdict: Verdict, **more: Any) -> SelectionOutcome:
    """The outcome of a selection that recorded its verdict."""
    chosen = Selection(verdict, "holdout", candidate("forest"), (), ("the best of two",))
    return SelectionOutcome(chosen, PRODUCTION, "d1", recorded=True, **more)


def test_a_selection_tells_what_became_of_production() -> None:
    """A promotion is news, one that waits or was taken back is to be looked at, and so is a refusal."""
    well = {"selection": ("clear", "warning")}
    assert told("select", selection("promote")) == well | {"promotion": ("event", "info")}
    assert told("select", selection("keep")) == well
    waits = selection("promote", awaits_approval=True)
    assert told("select", waits) == well | {"approval": ("event", "warning")}
    assert "podium approve d1" in about("select", waits, "approval").text
    undone = NegativeAnswerError("undone", selection("promote", undone="latency: 900 ms"))
    assert told("select", undone) == well | {"undone": ("event", "warning")}
    refused = NegativeAnswerError("refused", selection("refuse"))
    assert told("select", refused) == {"selection": ("raised", "warning")}
    assert occasions_of("select", selection("promote", dry_run=True)) == ()


def test_what_a_person_orders_is_told() -> None:
    """A rollback is something to look at, the rest is news; a dry run is nothing."""
    outcome = OrderOutcome(PRODUCTION, ("back to version 2, asked by ana",), "d1")
    assert told("rollback", outcome) == {"rollback": ("event", "warning")}
    assert told("pin", outcome) == {"pin": ("event", "info")}
    assert occasions_of("rollback", OrderOutcome(PRODUCTION, ("would",), dry_run=True)) == ()
    assert told("retire", RetirementOutcome(())) == {}


def test_a_broken_chain_is_critical() -> None:
    """Whichever flow looked."""
    assert told("history", Chain((), (), None)) == {"decisions": ("clear", "critical")}
    broken = Chain((), (), "decision 3 does not refer to decision 2")
    assert told("audit", NegativeAnswerError("broken", broken)) == {"decisions": ("raised", "critical")}
