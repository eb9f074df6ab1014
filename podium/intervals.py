"""How sure a measured number is by itself: the interval that stands beside it in a ranking.

Intervals of two models that overlap say nothing about which of them is better: both were asked about the same rows, and
what is hard about a row cancels out in their difference (``podium.superiority``).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from podium.bootstrap import FEWEST, Rows, affordable, compressed, drawn, percentiles
from podium.goals import Goal, NotScorableError
from podium.measurement import Predictions, Task
from podium.panels import Panel
from podium.shown import Asked
from podium.superiority import goal_of, is_usable, shortage

LISTED = 20
"""Candidates of a ranking that get one."""
CONFIDENCE = 0.95
"""Of intervals, where the policy names none."""
Interval = tuple[float, float]


def intervals(
    truth: npt.NDArray[Any],
    said: Mapping[str, Predictions],
    metric: str,
    positive: str | None,
    asked: Asked,
    profit: Any = None,
    task: Task = "classification",
) -> dict[str, Interval]:
    """Return by name the percentile interval of a metric on these rows, at ``asked.confidence``.

    ``truth`` has shape (n,). Those whose predictions allow none are left out, and all where there are too few rows.
    Method: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, expanded as in ``bootstrap.percentiles``.
    """
    try:
        goal = goal_of(task, metric, truth, positive, profit)
    except NotScorableError:
        return {}
    if shortage(goal):
        return {}
    usable = {name: one for name, one in said.items() if is_usable(goal, one)}
    with threadpool_limits(1, "blas"):
        found = {name: _interval(goal, *compressed(goal, [one]), asked) for name, one in usable.items()}
    return {name: one for name, one in found.items() if one}


def _interval(goal: Goal, rows: Rows, model: Panel, asked: Asked) -> Interval | None:
    resamples = affordable(len(rows.counts), asked.resamples)
    scores = np.concatenate([model.score(weights)[:, 0] for weights in drawn(rows, resamples, asked.seed)])
    known = scores[np.isfinite(scores)]
    return percentiles(known, asked.confidence, goal.effective_rows) if len(known) >= FEWEST / 2 else None
