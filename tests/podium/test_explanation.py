"""Columns are ordered by what they move, a tendency is said only where there is one, and a page shows no code."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from podium.curves import evenly
from podium.explanation import Explanation, Feature, Sampled, effects_page, explained, rows_json


def sampled(**effects: Any) -> Sampled:
    """Effects of columns whose values are 0 to 99."""
    values = np.column_stack([np.arange(100.0)] * len(effects))
    return Sampled(tuple(effects), np.column_stack(list(effects.values())), np.full(100, 0.25), values, "x")


def test_the_column_that_moves_most_comes_first_with_its_tendency() -> None:
    """The mean of absolute effects, their shares, and the rank correlation with the values."""
    up, noise = np.linspace(-1, 1, 100) ** 3, np.random.default_rng(0).normal(0, 0.01, 100)
    found = explained("3", "m", sampled(noise=noise, down=-3 * up, up=up))
    assert [f.column for f in found.features] == ["down", "up", "noise"]
    assert found.features[0].effect == pytest.approx(3 * np.abs(up).mean())
    assert sum(f.share for f in found.features) == pytest.approx(1)
    assert [f.tendency for f in found.features] == ["more lowers it", "more raises it", ""]
    assert found.base == 0.25


def test_texts_and_constants_have_no_tendency() -> None:
    """There is no more or less of a text, and no effect that varies of a constant."""
    texts = Sampled(("a", "b"), np.ones((50, 2)), np.zeros(50), np.full((50, 2), np.nan), "x")
    assert {f.direction for f in explained("1", "m", texts).features} == {None}
    nothing = Sampled(("a",), np.zeros((50, 1)), np.zeros(50), np.zeros((50, 1)), "x")
    assert [f.share for f in explained("1", "m", nothing).features] == [0]


def test_where_each_row_is_asked_something_else_there_is_no_tendency() -> None:
    """The probability of the class it says is another one from row to row."""
    up = np.linspace(-1, 1, 100)
    found = explained("3", "m", replace(sampled(up=up), steady=False))
    assert found.features[0].direction is None


@pytest.mark.parametrize(
    ("changed", "doubt"),
    [
        ({}, None),
        ({"effects": np.full((100, 1), np.nan)}, "not all numbers"),
        ({"bases": np.zeros(99)}, "another shape"),
        ({"columns": ("a", "b")}, "another shape"),
        ({"effects": np.zeros(100)}, "another shape"),
    ],
)
def test_what_cannot_be_is_doubted(changed: dict[str, Any], doubt: str | None) -> None:
    """It comes from a process in which somebody else's model ran."""
    found = replace(sampled(a=np.zeros(100)), **changed).doubt
    assert (found is None) if doubt is None else (found is not None and doubt in found)


def test_effects_of_a_row_add_up_to_its_answer() -> None:
    """Together with what they start from."""
    first = rows_json(sampled(a=np.full(100, 0.5), b=np.full(100, -0.25)))[0]
    assert first == {"answer": 0.5, "base": 0.25, "effects": {"a": 0.5, "b": -0.25}}


def test_the_page_is_escaped() -> None:
    """A column may be called anything."""
    feature = Feature("<script>", 0.5, 1.0, None)
    page = effects_page(Explanation("1", "<b>m", "the probability of <i>", 10, 0.5, (feature,)))
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(("total", "places"), [(3, [0, 1, 2]), (101, [0, 25, 50, 75, 100]), (1, [0])])
def test_rows_are_spread_evenly(total: int, places: list[int]) -> None:
    """The first and the last are among them, and none comes twice."""
    assert evenly(total, 5) == places
