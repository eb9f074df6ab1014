"""Sampled Shapley values are the exact ones where these are known, whatever kinds of columns there are."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tasks.effects.explaining import sampled
from tasks.effects.prediction import NotUsableError


def table(rows: int = 400) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": generator.normal(size=rows),
            "b": generator.integers(0, 5, rows),
            "c": generator.choice(["x", "y"], rows),
            "d": generator.normal(size=rows),
        }
    )


def answer(rows: pd.DataFrame) -> np.ndarray:
    """A sum over the columns but the last, of which one is a text."""
    found: np.ndarray = 2.0 * rows["a"].to_numpy() - rows["b"].to_numpy() + 3.0 * (rows["c"] == "x").to_numpy()
    return found


def test_of_a_sum_each_column_gets_its_own_part() -> None:
    """The value of a column is what it adds beyond its mean, and nothing where it is not looked at."""
    rows, some = table(), list(range(0, 400, 4))
    effects, bases = sampled(answer, rows, some)
    expected = 2.0 * (rows["a"].iloc[some] - rows["a"].mean())
    assert effects[:, 0] == pytest.approx(expected.to_numpy(), abs=1.6)
    assert np.corrcoef(effects[:, 0], expected)[0, 1] > 0.97
    assert effects[:, 3] == pytest.approx(0, abs=1e-12)
    assert bases + effects.sum(axis=1) == pytest.approx(answer(rows.iloc[some]))


def test_columns_that_work_together_share_what_they_do() -> None:
    """Of a product of two columns alike in all, each gets half of what rows of ones have beyond the mean."""
    rows = pd.DataFrame({"a": [0.0, 1.0] * 200, "b": [0.0, 1.0] * 200})
    effects, _ = sampled(lambda given: (given["a"] * given["b"]).to_numpy(), rows, list(range(100)))
    ones = effects[1::2]
    assert ones.mean(axis=0) == pytest.approx([0.25, 0.25], abs=0.04)


def test_the_same_rows_give_the_same_values() -> None:
    """Sampling has a seed."""
    rows = table(60)
    first, again = (sampled(answer, rows, [0, 5, 9])[0] for _ in range(2))
    assert (first == again).all()


def test_types_of_columns_stay_what_they_are() -> None:
    """A model sees whole numbers as whole numbers and categories as such."""
    rows = table(50).astype({"c": "category"})
    seen: list[pd.Series] = []

    def watched(given: pd.DataFrame) -> np.ndarray:
        seen.append(given.dtypes)
        return np.zeros(len(given))

    sampled(watched, rows, [0, 1])
    assert all((dtypes == rows.dtypes).all() for dtypes in seen)


@pytest.mark.parametrize(
    ("answers", "said"),
    [(lambda rows: np.full(len(rows), np.nan), "not all numbers"), (lambda rows: rows[:3], "3 answers")],
)
def test_answers_that_are_none_are_said_to_be(answers: Any, said: str) -> None:
    """Rows that are put together may be such as a model gives no number for."""
    rows = table(20)[["a"]]
    with pytest.raises(NotUsableError, match=said):
        sampled(lambda given: answers(given["a"].to_numpy()), rows, [0, 1])
