"""Many challengers are accounted for: the bounds hold together, and the winner's luck is taken off."""

import gc
import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom, norm

from podium import bootstrap
from podium.bootstrap import Draws, one_by_one
from podium.measurement import Predictions
from podium.multiplicity import Joint, joint_differences, shrink, simultaneous_bounds
from podium.scores import panel, target
from tests.podium.classifiers import classifier, family, truth_of


def joint(
    truth: npt.NDArray[Any],
    models: Sequence[Predictions],
    metric: str = "accuracy",
    resamples: int = 400,
    seed: int = 1,
) -> Joint:
    goal = target(metric, truth, "yes")
    return joint_differences(one_by_one(goal), panel(goal, models), goal.sign, resamples, seed)


@pytest.mark.parametrize("challengers", [1, 5, 40])
def test_the_bound_of_independent_normal_differences_is_the_known_one(challengers: int) -> None:
    """For k independent differences the critical value is the normal quantile at confidence ** (1 / k)."""
    draws = np.random.default_rng(0).normal(0, 0.01, (40_000, challengers))
    bounds = simultaneous_bounds(Draws(np.zeros(challengers), draws), 0.95, 10**6)
    assert bounds.critical == pytest.approx(norm.ppf(0.95 ** (1 / challengers)), rel=0.02)
    assert bounds.lower == pytest.approx(-bounds.critical * draws.std(axis=0, ddof=1))


def test_copies_of_one_challenger_count_once() -> None:
    """What always moves together needs no more allowance than one of it."""
    one = np.random.default_rng(0).normal(0, 0.01, (2000, 1))
    single = simultaneous_bounds(Draws(np.zeros(1), one), 0.95, 10**6)
    many = simultaneous_bounds(Draws(np.zeros(50), np.repeat(one, 50, axis=1)), 0.95, 10**6)
    assert many.critical == pytest.approx(single.critical)


def test_a_difference_that_does_not_vary_is_its_own_bound() -> None:
    """No division by an error of zero, and no influence on the others."""
    one = np.random.default_rng(0).normal(0, 0.01, (2000, 1))
    found = simultaneous_bounds(Draws(np.zeros(2), np.hstack([one, np.zeros((2000, 1))])), 0.95, 10**6)
    assert found.lower[1] == 0.0
    assert found.critical == pytest.approx(simultaneous_bounds(Draws(np.zeros(1), one), 0.95, 10**6).critical)
    assert simultaneous_bounds(Draws(np.zeros(1), np.zeros((2000, 1))), 0.95, 10**6).critical == 0.0


def test_all_bounds_hold_at_once_as_often_as_they_say() -> None:
    """In 90 percent of 200 samples or more all ten bounds lie below their true differences; one by one they do not."""
    true = np.array([0.0, 0.0, 0.02, -0.02, 0.04, 0.0, -0.05, 0.03, 0.0, 0.01])
    held, each = 0, 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        truth = truth_of(generator, 400)
        models = [classifier(generator, truth, 0.8), *(classifier(generator, truth, 0.8 + t) for t in true)]
        found = joint(truth, models, seed=seed)
        held += bool((simultaneous_bounds(found.draws, 0.9, 10**6).lower <= true).all())
        each += bool((np.quantile(found.draws.draws, 0.1, axis=0) <= true).all())
    assert held >= binom.ppf(0.001, 200, 0.9)
    assert each < 120


def test_the_shrunken_estimate_is_near_the_truth_and_the_naive_one_above() -> None:
    """Of 30 challengers as good as the champion the best looks better; shrunken, its gain is nearly nothing."""
    naive, shrunken = [], []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        truth = truth_of(generator, 300)
        found = joint(truth, [classifier(generator, truth, 0.8) for _ in range(31)], resamples=200, seed=seed)
        winner = shrink(found, int(found.draws.estimates.argmax()))
        assert winner is not None
        assert winner.estimate + winner.optimism == pytest.approx(winner.naive)
        naive.append(winner.naive)
        shrunken.append(winner.estimate)
    excess = np.mean(naive)
    assert excess > 0.03
    assert abs(np.mean(shrunken)) < excess / 2


def test_a_winner_by_far_is_hardly_shrunk() -> None:
    """One that is chosen in every resample owes nothing to the choice."""
    generator = np.random.default_rng(1)
    truth = truth_of(generator, 1000)
    found = joint(truth, family(generator, truth, [0.0, 0.0, 0.1, 3.0]), "f1_score")
    winner = shrink(found, 2)
    assert winner is not None
    assert (winner.chosen_again, winner.optimism) == (1.0, pytest.approx(0.0, abs=0.004))


def test_the_rows_left_out_are_those_that_were_not_drawn() -> None:
    """What the winner of a resample is worth is its score on the rows with weight zero, and on no other."""
    generator = np.random.default_rng(2)
    truth = truth_of(generator, 120)
    models = family(generator, truth, [0.0, 0.4, 0.4])
    goal = target("accuracy", truth, "yes")
    found = joint(truth, models, resamples=20)
    right = np.array([(m.labels == truth)[goal.order] for m in models]).astype(float)
    weights = np.vstack(list(bootstrap.drawn(one_by_one(goal), 20, 1)))
    for b in range(20):
        gain = right[found.chosen[b] + 1] - right[0]
        assert found.left_out[b] == pytest.approx(gain[weights[b] == 0].mean())
        assert found.draws.draws[b].max() == pytest.approx((gain * weights[b]).mean())


@pytest.mark.parametrize("metric", ["f1_score", "roc_auc", "log_loss"])
def test_two_hundred_challengers_are_compared(metric: str) -> None:
    """Each has its bound, the resamples are the same for all, and the same seed gives the same numbers."""
    generator = np.random.default_rng(3)
    truth = truth_of(generator, 500)
    models = [classifier(generator, truth, 0.7) for _ in range(201)]
    found, again = (joint(truth, models, metric, resamples=60) for _ in range(2))
    alone = joint(truth, [models[0], models[150]], metric, resamples=60)
    assert found.draws.draws.shape == (60, 200)
    assert np.array_equal(found.draws.draws, again.draws.draws)
    assert found.draws.draws[:, 149] == pytest.approx(alone.draws.draws[:, 0], abs=1e-12)


@pytest.mark.parametrize("metric", ["f1_score", "roc_auc"])
def test_memory_does_not_grow_with_the_resamples(metric: str) -> None:
    """Three times the resamples hardly take more; all weights at once would take 48 MB more."""
    generator = np.random.default_rng(3)
    truth = truth_of(generator, 20_000)
    models = [classifier(generator, truth, 0.7) for _ in range(4)]
    peaks = []
    joint(truth, models, metric, resamples=300)
    for resamples in (300, 900):
        gc.collect()
        tracemalloc.start()
        joint(truth, models, metric, resamples=resamples)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 2**21
