"""Decides whether a challenger is shown to be better than the champion: the statistics of a promotion in one function.

A challenger is shown to be better when the lower bound of its difference, which holds for all challengers at once, lies
above the minimum improvement and above zero. Then at most 1 - confidence of the selections in which nobody is better
promote somebody. Whatever cannot be computed counts for the champion.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from podium.bootstrap import Difference, Draws, affordable, compressed, differences, one_by_one, summary
from podium.candidate import EXACT
from podium.goals import Goal, NotScorableError
from podium.measurement import Predictions, Task
from podium.multiplicity import (
    Bounds,
    Shrunken,
    has_enough,
    joint_differences,
    shrink,
    shrink_best,
    simultaneous_bounds,
)
from podium.number_scores import number_target
from podium.scores import target
from podium.shown import Asked, Compared, Shown, Superiority

MINIMUM_ROWS = 30
"""Below this a percentile of the bootstrap is noticeably too close to the estimate."""
MINIMUM_OF_CLASS = 10
"""A resample misses r rows of a class altogether with probability near exp(-r): for ten, one in 20,000."""
MINIMUM_SCORED = 0.99
"""Share of the resamples that must allow a score."""


@dataclass(frozen=True, slots=True)
class _Field:
    """Those who can be compared: the champion's predictions, and the challengers' by id, in the order of ids."""

    goal: Goal
    champion: Predictions
    models: Mapping[str, Predictions]
    excluded: tuple[Compared, ...]


def seed_of(*parts: str) -> int:
    """Return a seed that is the same for the same texts, such as the digests of the holdout and the champion's id."""
    return int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[:6], "big")


def goal_of(task: Task, metric: str, truth: npt.NDArray[Any], positive: str | None, profit: Any) -> Goal:
    """Return what predictions of a task are scored against; raises NotScorableError for a metric that cannot be."""
    return number_target(metric, truth) if task == "regression" else target(metric, truth, positive, profit)


def worth_of_best(
    truth: npt.NDArray[Any],
    said: Sequence[Predictions],
    metric: str,
    positive: str | None,
    asked: Asked,
    profit: Any = None,
    task: Task = "classification",
) -> Shrunken | None:
    """Return what the best of some models is worth where there is no champion, in the metric's own direction.

    Chosen as the best it is partly so by luck. None if that cannot be computed, or nobody else was there.
    """
    try:
        goal = goal_of(task, metric, truth, positive, profit)
        usable = [one for one in said if is_usable(goal, one)]
        if len(usable) < 2 or shortage(goal):
            return None
        with threadpool_limits(1, "blas"):
            resamples = affordable(len(truth), asked.resamples)
            found = shrink_best(one_by_one(goal), goal.panel(usable), goal.sign, resamples, asked.seed)
    except NotScorableError:
        return None
    return replace(found, naive=goal.sign * found.naive, estimate=goal.sign * found.estimate) if found else None


def is_usable(goal: Goal, said: Predictions) -> bool:
    """Whether some predictions can be scored."""
    try:
        goal.check(said)
    except NotScorableError:
        return False
    return True


def show_better(
    truth: npt.NDArray[Any],
    champion: Predictions,
    challengers: Mapping[str, Predictions],
    metric: str,
    positive: str | None,
    asked: Asked,
    profit: Any = None,
    task: Task = "classification",
) -> Superiority:
    """Return whether any challenger is shown to be better than the champion on these rows.

    ``truth`` has shape (n,), and all labels are in its spelling (``podium.labels.align``). ``metric`` is a name of
    ``podium.scores.KNOWN``, or of ``podium.number_scores.KNOWN`` for the task of predicting numbers; ``profit``
    (classes, classes) goes with ``expected_profit``. The same input gives the same answer, in whatever order the
    challengers come.
    """
    try:
        goal = goal_of(task, metric, truth, positive, profit)
        _check(asked)
    except NotScorableError as error:
        return Superiority("not shown better", f"nothing can be compared: {error}", metric, len(truth), asked)
    try:
        goal.check(champion)
    except NotScorableError as error:
        return Superiority("not shown better", f"the champion cannot be scored: {error}", metric, len(truth), asked)
    ready = _ready(goal, champion, challengers)
    lacking = shortage(goal)
    if lacking or not ready.models:
        verdict: Shown = "not enough data" if lacking else "not shown better"
        reason = lacking or "no challenger can be compared"
        return Superiority(verdict, reason, metric, len(truth), asked, challengers=ready.excluded)
    return _compare(ready, asked)


def _check(asked: Asked) -> None:
    if not 0.5 < asked.confidence < 1:
        raise NotScorableError(f"confidence {asked.confidence} is not between 0.5 and 1")
    if not math.isfinite(asked.minimum_improvement):
        raise NotScorableError(f"minimum improvement {asked.minimum_improvement} is not a number")
    if not has_enough(asked.resamples, asked.confidence):
        raise NotScorableError(f"{asked.resamples} resamples are too few for confidence {asked.confidence:g}")
    if asked.seed < 0:
        raise NotScorableError(f"seed {asked.seed} is negative")


def _ready(goal: Goal, champion: Predictions, challengers: Mapping[str, Predictions]) -> _Field:
    models, excluded = {}, []
    for name in sorted(challengers):
        try:
            goal.check(challengers[name])
        except NotScorableError as error:
            excluded.append(Compared(name, "not shown better", f"it cannot be compared: {error}"))
        else:
            models[name] = challengers[name]
    return _Field(goal, champion, models, tuple(excluded))


def shortage(goal: Goal) -> str | None:
    """Return what there is too little of for any statement, None if nothing is."""
    rows = len(goal.truth)
    if rows < MINIMUM_ROWS:
        return f"the holdout has {rows} rows; below {MINIMUM_ROWS} the bootstrap cannot be relied on"
    if goal.rarest is None or goal.rarest[1] >= MINIMUM_OF_CLASS:
        return None
    name, count = goal.rarest
    return f"the holdout has {count} rows of class {name}; {goal.metric} needs {MINIMUM_OF_CLASS}"


def least_differing_rows(confidence: float, challengers: int) -> int:
    """Return how many rows a challenger must call otherwise than the champion for any test to show it better.

    If all m of them went its way, the exact sign test would give 0.5 ** m; with that many challengers it must not
    exceed (1 - confidence) / challengers.
    """
    return math.ceil(math.log2(challengers / (1 - confidence)) - 1e-9)


def _compare(ready: _Field, asked: Asked) -> Superiority:
    draws, shrunken = _draw(ready, asked)
    goal, rows = ready.goal, len(ready.goal.truth)
    if len(draws.draws) < MINIMUM_SCORED * asked.resamples:
        reason = f"only {len(draws.draws)} of {asked.resamples} resamples allow a score"
        return Superiority("not enough data", reason, goal.metric, rows, asked, challengers=ready.excluded)
    bounds = simultaneous_bounds(draws, asked.confidence, goal.effective_rows, asked.among)
    found = [_one(ready, name, i, draws, bounds, asked) for i, name in enumerate(ready.models)]
    found.sort(key=lambda c: (-round(_gain(c), EXACT), c.candidate))
    best = next((c for c in found if c.verdict == "better"), None)
    told, leading = best or found[0], found[0].candidate
    everyone = (*found, *ready.excluded)
    name = best.candidate if best else None
    why = told.verdict, told.reason, goal.metric, rows, asked
    return Superiority(*why, name, leading, everyone, shrunken, bounds.critical, bounds.criticals)


def _gain(compared: Compared) -> float:
    return compared.difference.estimate if compared.difference else -math.inf


def _draw(ready: _Field, asked: Asked) -> tuple[Draws, Shrunken | None]:
    """Return the draws of all challengers, and the winner's shrunken difference where there was a choice."""
    goal, said = ready.goal, [ready.champion, *ready.models.values()]
    # Sums in one order whatever the machine has; and threads that wait for each other cost more than they bring here.
    with threadpool_limits(1, "blas"):
        rows, models = compressed(goal, said)
        if len(said) > 2 and len(rows.counts) == rows.total:
            joint = joint_differences(rows, models, goal.sign, asked.resamples, asked.seed)
            return joint.draws, shrink(joint, _leading(joint.draws))
        draws = differences(rows, models, goal.sign, asked.resamples, asked.seed)
        return draws, _shrunken(goal, said, asked, _leading(draws)) if len(said) > 2 else None


def _leading(draws: Draws) -> int:
    return int(np.argmax(np.round(draws.estimates, EXACT)))


def _shrunken(goal: Goal, said: Sequence[Predictions], asked: Asked, winner: int) -> Shrunken | None:
    """Return the winner's shrunken difference, for which rows are drawn one by one: kinds leave none out."""
    resamples = affordable(len(goal.truth), asked.resamples)
    return shrink(joint_differences(one_by_one(goal), goal.panel(said), goal.sign, resamples, asked.seed), winner)


def _one(ready: _Field, name: str, index: int, draws: Draws, bounds: Bounds, asked: Asked) -> Compared:
    difference = summary(draws.estimates[index], draws.draws[:, index], asked.confidence, ready.goal.effective_rows)
    said, bound = ready.models[name], float(bounds.lower[index])
    differing = ready.goal.differing(ready.champion, said)
    verdict, reason = _judge(ready, name, difference, bound, differing, bounds, asked)
    opinions = ready.goal.opinions(ready.champion, said, asked.confidence)
    return Compared(name, verdict, reason, difference, bound, differing, *opinions)


def _judge(
    ready: _Field, name: str, found: Difference, bound: float, differing: int, bounds: Bounds, asked: Asked
) -> tuple[Shown, str]:
    """Return the verdict on one challenger with its reason."""
    needed, metric = least_differing_rows(asked.confidence, len(ready.models)), ready.goal.metric
    least = max(asked.minimum_improvement, 0.0)
    what = gain_of(name, found.estimate, metric)
    if not is_more(found.estimate, least):
        return "not shown better", f"{what}; more than {least:.4f} is asked for"
    if differing < needed:
        return "not enough data", f"{what}, but they differ on {differing} rows; fewer than {needed} can show nothing"
    sure = sure_of(asked.confidence, len(ready.models), bound)
    if is_more(bound, least):
        return "better", f"{what}; {sure}"
    rows = _rows_to_show(ready, found, bounds, least)
    return "not shown better", f"{what}, but {sure}, and more than {least:.4f} is asked for{rows}"


def is_more(gain: float, least: float) -> bool:
    """Whether a gain is more than the least that is asked for, by more than what counts as a tie."""
    return round(gain - least, EXACT) > 0


def gain_of(name: str, estimate: float, metric: str) -> str:
    """Return in words what a challenger gains."""
    return f"{name} gains {estimate:+.4f} {metric} over the champion"


def sure_of(confidence: float, challengers: int, bound: float) -> str:
    """Return in words what is sure of a gain."""
    among = f" with {challengers} challengers accounted for" if challengers > 1 else ""
    return f"at {100 * confidence:g}% confidence{among} the gain is at least {bound:+.4f}"


def _rows_to_show(ready: _Field, found: Difference, bounds: Bounds, least: float) -> str:
    """Return about how many rows would show the difference, if it stayed: the error shrinks as the root of the rows."""
    times = (bounds.critical * found.standard_error / (found.estimate - least)) ** 2
    if not 1 < times < 1000:
        return ""
    return f"; about {float(f'{times * len(ready.goal.truth):.1e}'):,.0f} rows would show it if it stayed"
