"""McNemar's and DeLong's tests give the numbers that were published, and words where there is nothing to test."""

import numpy as np
import pytest
from scipy.stats import binomtest

from podium.bootstrap import paired_bootstrap
from podium.paired_tests import delong, mcnemar
from podium.scores import target
from tests.podium.classifiers import family, truth_of


def decided(both: int, ours: int, theirs: int, none: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows champion and challenger decide right, from the counts of the four kinds."""
    champion = np.repeat([True, False, True, False], [both, ours, theirs, none])
    challenger = np.repeat([True, True, False, False], [both, ours, theirs, none])
    return champion, challenger


@pytest.mark.parametrize(
    ("counts", "p_value"),
    [
        # The example of R's exact2x2 (Fay, Biostatistics 2010): 21, 9, 2, 12.
        ((21, 9, 2, 12), 0.06543),
        # Approval of the prime minister in two surveys (Agresti, Categorical Data Analysis, 1990, p. 350).
        ((794, 86, 150, 570), 3.716e-05),
        # Small enough to count by hand: 2 * (1 + 6) / 2 ** 6.
        ((3, 5, 1, 3), 14 / 64),
    ],
)
def test_mcnemar_gives_the_published_numbers(counts: tuple[int, int, int, int], p_value: float) -> None:
    """The exact p-value of published tables, from the rows."""
    found = mcnemar(*decided(*counts), 0.95)
    assert found.p_value == pytest.approx(p_value, rel=2e-4)
    assert (found.only_challenger_right, found.only_champion_right) == counts[1:3]
    assert f"{counts[1] + counts[2]} rows" in found.sentence


def test_mcnemar_without_discordant_rows_has_nothing_to_test() -> None:
    """Models that are right on the same rows give p = 1 and say so."""
    found = mcnemar(*decided(5, 0, 0, 5), 0.95)
    assert (found.p_value, found.low, found.high, found.discordant) == (1.0, 0.0, 1.0, 0)
    assert "nothing to test" in found.sentence


# 113 patients after a subarachnoid haemorrhage, first the 41 with a poor outcome: a clinical grade, and the rank of a
# protein (Turck et al., Intensive Care Medicine 2010), the example of pROC (Robin et al., BMC Bioinformatics 2011).
GRADE = (
    "32455552521254425552525245441442255225555111151221221112121134141551124112212122111121211324214115422111312244111"
)
PROTEIN = (
    *(8, 5, 11, 7, 25, 30, 28, 2, 19, 4, 2, 23, 21, 27, 30, 15, 30, 30, 30, 2, 30, 17, 0, 4, 13, 30, 15, 30, 3, 15),
    *(8, 5, 6, 13, 30, 9, 30, 18, 30, 30, 25),
    *(8, 9, 5, 1, 26, 12, 5, 5, 1, 3, 1, 4, 6, 2, 12, 2, 6, 8, 12, 1, 11, 9, 20, 4, 29, 26, 11, 2, 24, 26, 6, 3, 4, 3),
    *(1, 8, 5, 9, 10, 1, 1, 4, 1, 4, 3, 11, 4, 3, 19, 6, 16, 2, 5, 18, 2, 1, 14, 22, 5, 10, 3, 9, 5, 2, 1, 12, 10, 26),
    *(12, 10, 29, 27),
)


def test_delong_gives_the_published_numbers() -> None:
    """The areas, z, p-value and interval that pROC publishes for its own example."""
    positive = np.arange(113) < 41
    protein, grade = np.array(PROTEIN, float), np.array([float(g) for g in GRADE])
    found = delong(positive, protein, grade, 0.95)
    assert (found.champion_auc, found.challenger_auc) == (pytest.approx(0.731368563686), pytest.approx(0.823678861789))
    assert (found.z, found.p_value) == (pytest.approx(2.20898359144091), pytest.approx(0.0271757822291882))
    assert (found.low, found.high) == (pytest.approx(0.0104061769564846), pytest.approx(0.174214419249478))


def pairwise(positive: np.ndarray, score: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The area and its structural components by comparing each pair, as DeLong and others define them."""
    high, low = score[positive], score[~positive]
    wins = (high[:, None] > low[None, :]) + 0.5 * (high[:, None] == low[None, :])
    return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)


@pytest.mark.parametrize("decimals", [1, 9])
def test_delong_is_what_its_definition_gives(decimals: int) -> None:
    """The fast algorithm equals the covariance of the components over all pairs, with and without ties."""
    generator = np.random.default_rng(5)
    truth = truth_of(generator, 300)
    first, second = (np.round(m.probabilities[:, 1], decimals) for m in family(generator, truth, [0.0, 0.8]))
    positive = truth == "yes"
    (a, a10, a01), (b, b10, b01) = (pairwise(positive, s) for s in (first, second))
    s10, s01 = np.cov(a10, b10), np.cov(a01, b01)
    covariance = s10 / positive.sum() + s01 / (~positive).sum()
    error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    found = delong(positive, first, second, 0.95)
    assert (found.champion_auc, found.challenger_auc) == (pytest.approx(a), pytest.approx(b))
    assert found.z == pytest.approx((b - a) / error)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * error)


def test_delong_agrees_with_the_bootstrap() -> None:
    """Its standard error is that of the resampled difference, within a few percent."""
    generator = np.random.default_rng(6)
    truth = truth_of(generator, 1000)
    pair = family(generator, truth, [0.0, 0.2])
    resampled = paired_bootstrap(target("roc_auc", truth, "yes"), *pair, confidence=0.95, resamples=2000, seed=1)
    first, second = (m.probabilities[:, 1] for m in pair)
    found = delong(truth == "yes", first, second, 0.95)
    assert found.difference == pytest.approx(resampled.estimate)
    assert found.standard_error == pytest.approx(resampled.standard_error, rel=0.1)


@pytest.mark.parametrize(
    ("positive", "champion", "challenger", "words"),
    [
        ([1, 0, 0, 0], [0.9, 0.1, 0.2, 0.3], [0.8, 0.1, 0.2, 0.3], "two rows of each class"),
        ([1, 1, 0, 0], [0.9, 0.8, 0.2, np.nan], [0.9, 0.8, 0.2, 0.1], "finite"),
        ([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1], [0.9, 0.7, 0.2, 0.0], "rank the rows alike"),
        ([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9], [0.9, 0.8, 0.2, 0.1], "do not vary"),
    ],
)
def test_delong_says_why_there_is_no_number(positive, champion, challenger, words) -> None:  # type: ignore[no-untyped-def]
    """One class, a score that is no number, and ranks without variation give words and no NaN."""
    found = delong(np.array(positive, bool), np.array(champion), np.array(challenger), 0.95)
    assert words in found.sentence
    assert (found.z, found.low) == (None, None)
    assert found.p_value in (None, 1.0)


@pytest.mark.parametrize(("ours", "theirs"), [(0, 6), (6, 0), (3, 9), (40_000, 41_000)])
def test_mcnemar_is_the_binomial_test(ours: int, theirs: int) -> None:
    """The p-value and the interval of the share are those of scipy's binomial test, at the ends too."""
    found, expected = mcnemar(*decided(1, ours, theirs, 1), 0.9), binomtest(ours, ours + theirs)
    interval = expected.proportion_ci(0.9, "exact")
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
