"""What the end of a flow gives rise to: alerts about what is wrong, what is well again, and what happened."""

import hashlib
from collections.abc import Callable
from typing import Any

from podium.alerts import Alert, Severity
from podium.chain import Chain
from podium.checks import Verification
from podium.errors import AnsweredError, NegativeAnswerError, first_line
from podium.monitored import Monitored
from podium.outcome import OrderOutcome, SelectionOutcome
from podium.plan import MigrationReport
from podium.training import TrainingReport

LISTED = 10
"""Models that a message names."""


def occasions_of(flow: str, ended: object) -> tuple[Alert, ...]:
    """Return the alerts of a flow that ended in an outcome, or in an error. A dry run gives rise to none."""
    answer = ended.answer if isinstance(ended, AnsweredError) else ended
    if getattr(answer, "dry_run", False):
        return ()
    if isinstance(ended, BaseException) and (answer is None or answer is ended):
        return _ended_in(flow, ended)
    answers = Alert(f"{flow}.refused", "clear", "warning", f"podium {flow} has an answer again")
    return (_runs(flow), answers, *_of(flow, answer))


def _runs(flow: str) -> Alert:
    return Alert(f"{flow}.failed", "clear", "warning", f"podium {flow} runs again")


def _ended_in(flow: str, error: BaseException) -> tuple[Alert, ...]:
    said = first_line(error)
    if isinstance(error, NegativeAnswerError):
        return (_runs(flow), Alert(f"{flow}.refused", "raised", "warning", f"podium {flow} answers no", said, said))
    return (Alert(f"{flow}.failed", "raised", "warning", f"podium {flow} failed", said),)


def _of(flow: str, answer: object) -> tuple[Alert, ...]:
    found = next((alerts for kind, alerts in BY_OUTCOME.items() if isinstance(answer, kind)), None)
    return found(flow, answer) if found else ()


def _of_verification(_: str, found: Verification) -> tuple[Alert, ...]:
    who = f"version {found.version} in production"
    if found.passed:
        return (Alert("verification", "clear", "critical", f"{who} passes its verification"),)
    failed = [check for check in found.checks if not check.passed]
    text = _lines(*(f"{check.name}: {check.detail}" for check in failed), "Mend it, or go back: podium rollback")
    about = ", ".join(check.name for check in failed)
    return (Alert("verification", "raised", "critical", f"{who} failed its verification", text, about),)


def _of_selection(_: str, outcome: SelectionOutcome) -> tuple[Alert, ...]:
    chosen, about, reasons = outcome.selection, outcome.decision_id or "", _lines(*outcome.selection.reasons)
    if chosen.verdict == "refuse":
        return (Alert("selection", "raised", "warning", "nothing can be promoted", reasons, about),)
    well = Alert("selection", "clear", "warning", f"a selection has a verdict again: {chosen.verdict}")
    if outcome.undone:
        return (well, Alert("undone", "event", "warning", "a promotion was taken back", outcome.undone, about))
    if outcome.awaits_approval:
        text = _lines(reasons, f"Settle it: podium approve {about}, or podium reject {about}")
        return (well, Alert("approval", "event", "warning", "a promotion waits for approval", text, about))
    if chosen.promoted is None or not outcome.recorded:
        return (well,)
    title = f"{outcome.production.model_id} (version {outcome.production.champion}) is in production"
    return (well, Alert("promotion", "event", "info", title, reasons, about))


def _of_migration(_: str, report: MigrationReport) -> tuple[Alert, ...]:
    return (_of_quarantine(report), _of_unfinished(report))


def _of_quarantine(report: MigrationReport) -> Alert:
    refused = report.of("quarantined")
    if not refused:
        return Alert("quarantine", "clear", "warning", "no staged model is quarantined")
    named = [f"{o.model_id}: {o.reason}" for o in refused[:LISTED]]
    more = [f"and {len(refused) - LISTED} more"] if len(refused) > LISTED else []
    about = hashlib.sha256(repr([(o.model_id, o.code) for o in refused]).encode()).hexdigest()[:16]
    count = f"{len(refused)} staged model{'s are' if len(refused) > 1 else ' is'} quarantined"
    return Alert("quarantine", "raised", "warning", count, _lines(*named, *more), about)


def _of_unfinished(report: MigrationReport) -> Alert:
    left = report.of("left")
    if not left:
        return Alert("migration", "clear", "warning", "the migration is finished")
    return Alert("migration", "raised", "warning", "a migration is unfinished", _lines(report.counts(), left[0].reason))


def _of_order(flow: str, outcome: OrderOutcome) -> tuple[Alert, ...]:
    severity: Severity = "warning" if flow == "rollback" else "info"
    text = _lines(*outcome.reasons[1:], f"In production now: version {outcome.production.champion or 'none'}")
    return (Alert(flow, "event", severity, outcome.reasons[0], text, outcome.decision_id or ""),)


def _of_monitoring(_: str, found: Monitored) -> tuple[Alert, ...]:
    return (*_of_drift(found), *_of_performance(found))


def _of_drift(found: Monitored) -> tuple[Alert, ...]:
    """Return what is said of drift; nothing where the rows were too few to tell."""
    if not found.drifted:
        well = Alert("drift", "clear", "warning", "the data are like the holdout again")
        return (well,) if found.is_alike else ()
    named = (f"{d.column}: PSI {d.psi:.2f}; {d.detail}" for d in found.drifted[:LISTED])
    about = ", ".join(sorted(d.column for d in found.drifted))
    return (Alert("drift", "raised", "warning", "the data have drifted", _lines(*named, _seen(found)), about),)


def _of_performance(found: Monitored) -> tuple[Alert, ...]:
    who = f"version {found.version} in production"
    if found.performance.degraded:
        text = _lines(found.performance.sentence, _seen(found), "Retrain: podium train; or go back: podium rollback")
        return (Alert("performance", "raised", "critical", f"{who} is degraded", text, found.version),)
    well = Alert("performance", "clear", "critical", f"{who} does as well as on the holdout")
    return (well,) if found.performance.is_good else ()


def _seen(found: Monitored) -> str:
    return f"batch {found.batch.name}, {found.batch.rows:,} rows"


def _of_training(_: str, report: TrainingReport) -> tuple[Alert, ...]:
    failed = report.failed
    if not failed:
        return (Alert("training", "clear", "warning", "every kind of model is trained"),)
    text, about = _lines(*(f"{one.kind}: {one.reason}" for one in failed)), ", ".join(one.kind for one in failed)
    return (Alert("training", "raised", "warning", f"a training gave no model of {about}", text, about),)


def _of_chain(_: str, chain: Chain) -> tuple[Alert, ...]:
    if chain.unbroken:
        return (Alert("decisions", "clear", "critical", "the chain of decisions is unbroken"),)
    text = _lines(chain.broken_at or "", "Look at it: podium history")
    return (Alert("decisions", "raised", "critical", "the chain of decisions is broken", text, chain.broken_at or ""),)


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


BY_OUTCOME: dict[type, Callable[[str, Any], tuple[Alert, ...]]] = {
    Verification: _of_verification,
    SelectionOutcome: _of_selection,
    MigrationReport: _of_migration,
    OrderOutcome: _of_order,
    TrainingReport: _of_training,
    Monitored: _of_monitoring,
    Chain: _of_chain,
}
