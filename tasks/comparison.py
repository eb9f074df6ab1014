"""Compares challengers with the champion on the same rows, by the predictions that were kept when they were measured.

Kept predictions are files that anyone who may write to MLflow could have written. They are used as long as they give
the numbers that were measured; the champion is asked anew for whatever is recorded, and so is the winner before it is
promoted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import PodiumConfig
from podium.candidate import Candidate
from podium.curves import Curves, Residuals, curves_of, residuals_of
from podium.evidence import names_of
from podium.intervals import Interval, intervals
from podium.measurement import NO_LABELS, Holdout, Predictions, Task
from podium.measures import answers_of, numbers_of, spelled
from podium.multiplicity import Shrunken
from podium.shown import Asked, Superiority
from podium.superiority import seed_of, show_better, worth_of_best
from tasks.effects.keeping import kept_each
from tasks.effects.measuring import SAID, score
from tasks.effects.prediction import load_predictions
from tasks.effects.scratch import scratch_folder
from tasks.effects.store import Store, connect


@task(cache_policy=NO_CACHE)
def compare_with_champion(
    config: PodiumConfig,
    holdout: Holdout,
    champion: Candidate,
    challengers: Sequence[Candidate],
    asked: Asked,
    metric: str,
    anew: bool = True,
) -> Superiority | str:
    """Return which challengers are shown to be better than the champion; they are called as by ``names_of``.

    The same rows and champion draw the same resamples. The champion is asked ``anew``, or what it said is believed.
    Where it does not answer that is the reason why nothing is compared.
    """
    named = names_of(challengers)
    store = connect(config.mlflow)
    theirs = _anew(store, config, holdout, champion) if anew else _said(config, holdout, [champion])[0]
    if isinstance(theirs, str):
        return theirs
    said = dict(zip(named, _said(config, holdout, list(named.values())), strict=True))
    seeded = replace(asked, seed=seed_of(holdout.digest, champion.logged_model_id))
    profits, task = holdout.profits(), holdout.task
    return show_better(holdout.truth, theirs, said, metric, holdout.positive, seeded, profits, task)


@task(cache_policy=NO_CACHE)
def shrink_first(
    config: PodiumConfig, holdout: Holdout, candidates: Sequence[Candidate], asked: Asked, metric: str
) -> Shrunken | None:
    """Return what the best of some candidates is worth on rows that did not choose it, where there is no champion."""
    said = _said(config, holdout, candidates)
    seeded, profits = replace(asked, seed=seed_of(holdout.digest)), holdout.profits()
    return worth_of_best(holdout.truth, said, metric, holdout.positive, seeded, profits, holdout.task)


@task(cache_policy=NO_CACHE)
def draw_curves(
    config: PodiumConfig, holdout: Holdout, candidates: Mapping[str, Candidate]
) -> dict[str, Curves | Residuals]:
    """Return by their names the drawings of those candidates whose predictions were kept and give any."""
    kept = kept_each(connect(config.mlflow), holdout, list(candidates.values()))
    drawn = {name: DRAWS[holdout.task](holdout, one) for name, (_, one) in zip(candidates, kept, strict=True) if one}
    return {name: found for name, found in drawn.items() if found}


@task(cache_policy=NO_CACHE)
def draw_intervals(
    config: PodiumConfig, holdout: Holdout, candidates: Sequence[Candidate], asked: Asked, metric: str
) -> dict[str, Interval]:
    """Return by logged model how sure its number is, of those whose predictions were kept."""
    kept = kept_each(connect(config.mlflow), holdout, candidates)
    said = {c.logged_model_id: spelled(holdout, one) for c, one in kept if one}
    seeded, profits = replace(asked, seed=seed_of(holdout.digest)), holdout.profits()
    return intervals(holdout.truth, said, metric, holdout.positive, seeded, profits, holdout.task)


def _curves(holdout: Holdout, said: Predictions) -> Curves | None:
    answers = answers_of(holdout, said)
    return None if isinstance(answers, str) else curves_of(answers)


def _residuals(holdout: Holdout, said: Predictions) -> Residuals | None:
    numbers = numbers_of(holdout, said)
    return None if isinstance(numbers, str) else residuals_of(holdout.truth, numbers)


DRAWS: dict[Task, Callable[[Holdout, Predictions], Curves | Residuals | None]] = {
    "classification": _curves,
    "regression": _residuals,
}
"""What is drawn of the predictions of each task."""


def _said(config: PodiumConfig, holdout: Holdout, candidates: Sequence[Candidate]) -> list[Predictions]:
    """Return what some candidates said when they were measured, or say now where that was not kept."""
    store = connect(config.mlflow)
    kept = kept_each(store, holdout, candidates)
    found = [spelled(holdout, said) if said else _anew(store, config, holdout, c) for c, said in kept]
    # One that says nothing has no labels, which no comparison accepts.
    return [Predictions(NO_LABELS) if isinstance(said, str) else said for said in found]


def _anew(store: Store, config: PodiumConfig, holdout: Holdout, candidate: Candidate) -> Predictions | str:
    """Return what a model says now, or why it says nothing."""
    with scratch_folder() as folder:
        found = score(store, config, holdout, candidate, folder)
        if found.reason:
            return found.reason
        return spelled(holdout, load_predictions(folder / SAID))
