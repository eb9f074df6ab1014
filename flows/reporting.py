"""What a decision is shown with: intervals, curves, the mistakes of the best, and the report that holds them."""

from collections.abc import Mapping
from dataclasses import replace

from prefect.artifacts import create_markdown_artifact

from configs.schema import PodiumConfig
from flows.shared import question_of
from podium.candidate import Candidate
from podium.curves import Curves, Residuals
from podium.decision import Decision
from podium.evidence import champion_in, names_of
from podium.intervals import CONFIDENCE, LISTED
from podium.measurement import Holdout
from podium.outcome import Production
from podium.progress import announce
from podium.ranking import Selection
from podium.report import render
from podium.retention import sentence
from tasks.comparison import draw_curves, draw_intervals
from tasks.decisions import link_report, write_decision
from tasks.effects.locks import Turn
from tasks.measurement import Confirmation, Matrix, confusion_matrix_of

Drawn = Mapping[str, Curves | Residuals]


def with_intervals(config: PodiumConfig, holdout: Holdout | None, selection: Selection) -> Selection:
    """Return a selection with the interval of each measured number, as far as its ranking is read."""
    if holdout is None:
        return selection
    placed = [r.candidate for r in selection.ranking if r.place is not None][:LISTED]
    announce("drawing intervals", detail=f"{len(placed)} candidates")
    asked = replace(question_of(config.policy.evidence), confidence=config.policy.evidence.confidence or CONFIDENCE)
    return replace(selection, intervals=draw_intervals(config, holdout, placed, asked, selection.primary))


def matrices_of(
    config: PodiumConfig,
    holdout: Holdout | None,
    selection: Selection,
    production: Production,
    seen: Confirmation | None,
) -> dict[str, Matrix]:
    """Return by name the mistakes of the best candidate, as seen just now if it was, and of the champion."""
    if holdout is None:
        return {}
    promoted = selection.promoted.logged_model_id if seen and selection.promoted else None
    found = {
        name: seen.matrix
        if seen and c.logged_model_id == promoted
        else confusion_matrix_of(config.mlflow, c, holdout.digest)
        for name, c in _shown(selection, production).items()
    }
    return {name: matrix for name, matrix in found.items() if matrix}


def curves_of(config: PodiumConfig, holdout: Holdout | None, selection: Selection, production: Production) -> Drawn:
    """Return by name the curves of the best candidate and of the champion."""
    if holdout is None or selection.best is None:
        return {}
    return draw_curves(config, holdout, _shown(selection, production))


def _shown(selection: Selection, production: Production) -> dict[str, Candidate]:
    """Return the best candidate and the champion, as far as there are two, by names that tell them apart."""
    champion = champion_in(selection, production.logged_model_id)
    return names_of([c for c in (selection.best, champion if champion != selection.best else None) if c])


def publish(config: PodiumConfig, decision: Decision, matrices: Mapping[str, Matrix], curves: Drawn, turn: Turn) -> str:
    """Write the record and the report before anything changes, and return the folder of the report."""
    rule = sentence(config.retention.keep_previous, config.retention.delete_older, config.retention.keep_days)
    report = render(decision, matrices, rule, curves)
    create_markdown_artifact(report.markdown, key="podium-selection", description=decision.content["verdict"])
    folder = write_decision(config.mlflow, decision, report, turn)
    link_report(config.mlflow, decision, folder)
    return folder
