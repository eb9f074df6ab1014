"""Compares challengers with the champion on the same rows, by the predictions that were kept when they were measured.

Kept predictions are files that anyone who may write to MLflow could have written. They are used as long as they give
the numbers that were measured; the champion is always asked anew, and so is the winner before it is promoted.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from configs.schema import PodiumConfig
from podium.candidate import Candidate
from podium.curves import Curves, curves_of
from podium.evidence import names_of
from podium.labels import align
from podium.measurement import Holdout, Predictions, answers_of
from podium.shown import Asked, Superiority
from podium.superiority import seed_of, show_better
from tasks.effects.keeping import kept_predictions
from tasks.effects.measuring import SAID, score
from tasks.effects.prediction import load_predictions
from tasks.effects.store import Store, connect


@task(cache_policy=NO_CACHE)
def compare_with_champion(
    config: PodiumConfig,
    holdout: Holdout,
    champion: Candidate,
    challengers: Sequence[Candidate],
    asked: Asked,
    metric: str,
) -> Superiority:
    """Return which challengers are shown to be better than the champion; they are called as by ``names_of``.

    The same rows and champion draw the same resamples.
    """
    store, named = connect(config.mlflow), names_of(challengers)
    theirs = _anew(store, config, holdout, champion)
    said = {name: _kept(store, holdout, c) or _anew(store, config, holdout, c) for name, c in named.items()}
    seeded = replace(asked, seed=seed_of(holdout.digest, champion.logged_model_id))
    return show_better(holdout.truth, theirs, said, metric, holdout.positive, seeded)


@task(cache_policy=NO_CACHE)
def draw_curves(config: PodiumConfig, holdout: Holdout, candidates: Sequence[Candidate]) -> dict[str, Curves]:
    """Return by model id the curves of those candidates whose predictions were kept and give any."""
    store = connect(config.mlflow)
    found: dict[str, Curves] = {}
    for candidate in candidates:
        said = kept_predictions(store, holdout, candidate)
        answers = answers_of(holdout, said) if said else ""
        drawn = None if isinstance(answers, str) else curves_of(answers)
        found |= {candidate.model_id: drawn} if drawn else {}
    return found


def _kept(store: Store, holdout: Holdout, candidate: Candidate) -> Predictions | None:
    said = kept_predictions(store, holdout, candidate)
    return _spelled(holdout, said) if said else None


def _anew(store: Store, config: PodiumConfig, holdout: Holdout, candidate: Candidate) -> Predictions:
    """Return what a model says now; one that says nothing has no labels, which no comparison accepts."""
    with tempfile.TemporaryDirectory(prefix="podium-") as folder:
        found = score(store, config, holdout, candidate, Path(folder))
        if found.reason:
            return Predictions(holdout.truth[:0])
        return _spelled(holdout, load_predictions(Path(folder, SAID)))


def _spelled(holdout: Holdout, said: Predictions) -> Predictions:
    """Return predictions in the holdout's spelling of its labels."""
    aligned = align(holdout.truth, said.labels, said.classes, holdout.positive)
    return said if aligned.labels is None else Predictions(aligned.labels, aligned.classes, said.probabilities)
