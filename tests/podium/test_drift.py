"""What has moved is found, what has not is not called so by chance, and the index is the one of the textbooks."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.drift import LEVEL, Counted, count_numbers, count_texts, drift_of, psi_parts

LIMIT = 0.25


def test_the_index_is_the_sum_over_bins() -> None:
    """Shares of 0.5 and 0.5 against 0.9 and 0.1: 0.4 ln 1.8 - 0.4 ln 0.2."""
    counted = Counted(("a", "b"), np.array([5e6, 5e6]), np.array([9e6, 1e6]))
    assert psi_parts(counted).sum() == pytest.approx(0.4 * np.log(1.8) - 0.4 * np.log(0.2), rel=1e-5)


def test_numbers_are_counted_by_deciles_and_what_is_missing_apart() -> None:
    """As many rows of the holdout in each bin; a batch that is all missing is all in the last."""
    counted = count_numbers(np.arange(1000.0), np.full(300, np.nan))
    assert counted.before.tolist() == [100.0] * 10 + [0.0]
    assert counted.now.tolist() == [0.0] * 10 + [300.0]
    found = drift_of("tenure", counted, LIMIT)
    assert found.drifted
    assert found.detail == "missing: 0.0% of rows, now 100.0%"


def test_a_new_text_is_found_and_named() -> None:
    """What no row of the holdout says counts among the others; of many texts the rare ones do."""
    counted = count_texts({"card": 600, "cheque": 400}, {"card": 300, "crypto": 200, None: 0})
    assert counted.bins[:2] == ("card", "cheque")
    assert counted.now.tolist() == [300.0, 0.0, 200.0, 0.0]
    assert drift_of("pays by", counted, LIMIT).drifted


@pytest.mark.parametrize(("rows", "shift", "drifted"), [(2000, 1.0, True), (2000, 0.0, False), (60, 0.0, False)])
def test_a_shift_by_one_spread_is_drift(rows: int, shift: float, drifted: bool) -> None:
    """On many rows; few rows that have not moved are not called drifted, though their index may be large."""
    generator = np.random.default_rng(0)
    before, now = generator.normal(0, 1, 5000), generator.normal(shift, 1, rows)
    assert drift_of("x", count_numbers(before, now), LIMIT).drifted == drifted


def test_chance_is_called_drift_no_more_often_than_stated() -> None:
    """Even with no limit at all, one look in a hundred, where one index of 40 rows in four is above 0.25."""
    generator = np.random.default_rng(1)
    looks = [
        drift_of("x", count_numbers(generator.normal(0, 1, 2000), generator.normal(0, 1, 40)), 1e-9) for _ in range(600)
    ]
    assert np.mean([one.psi > LIMIT for one in looks]) > 0.2
    assert np.mean([one.drifted for one in looks]) < 4 * LEVEL


def _counts(values: list[int]) -> dict[str | None, int]:
    return {str(value): count for value, count in Counter(values).items()}


@pytest.mark.parametrize(("rows", "now", "texts"), [(300, 2000, 500), (500, 5000, 5000), (200, 5000, 40)])
def test_rare_texts_from_which_nothing_has_moved_are_no_drift(rows: int, now: int, texts: int) -> None:
    """Postcodes and the like: those that are frequent in a small holdout are so by luck."""
    generator = np.random.default_rng(2)
    looks = []
    for _ in range(60):
        before, after = (_counts(generator.integers(0, texts, size).tolist()) for size in (rows, now))
        looks.append(drift_of("postcode", count_texts(before, after), LIMIT, 20).drifted)
    assert not any(looks)


@given(
    st.lists(st.floats(allow_infinity=False), min_size=1, max_size=50),
    st.lists(st.floats(allow_infinity=False), min_size=1, max_size=50),
)
def test_whatever_the_numbers_the_index_is_one(before: list[float], now: list[float]) -> None:
    """Not negative, finite, and every row is in one bin."""
    counted = count_numbers(np.array(before), np.array(now))
    assert (counted.before.sum(), counted.now.sum()) == (len(before), len(now))
    found = drift_of("x", counted, LIMIT)
    assert np.isfinite(found.psi)
    assert found.psi >= -1e-12
