"""Checks what encodes categories and words before it makes sparse numbers, whose columns nobody looks at again."""

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np


def one_hot(part: Any) -> str | None:
    """Return what is wrong with an encoder that has a column for each category."""
    if "categories_" not in vars(part):
        return None
    if not all(_is_last_greatest(np.asarray(found)) for found in part.categories_):
        return "has numbers in disorder as its categories"
    dropped = part._drop_idx_after_grouping
    left = [_left(*one) for one in zip(part.categories_, *_grouped(part), strict=True)]
    columns = left if dropped is None else [_without(*one) for one in zip(left, dropped, strict=True)]
    right = min(columns, default=0) >= 0 and list(part._n_features_outs) == columns
    return None if right else "has columns for categories that are not there"


def words(part: Any) -> str | None:
    """Return what is wrong with what counts words or keys: each has a column of its own."""
    known = vars(part).get("vocabulary_")
    if known is None or (type(known) is dict and sorted(known.values()) == list(range(len(known)))):
        return None
    return "has other columns than words"


def _is_last_greatest(categories: Any) -> bool:
    """Whether no number is greater than the last category: its place would be looked for behind all of them.

    Objects are looked up one by one, in whatever order; rows of numbers are refused beside them.
    """
    return categories.dtype == object or not np.searchsorted(categories[-1:], categories).any()


def _grouped(part: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return for each column which categories are too rare for columns of their own, and what is made of all."""
    if part._infrequent_enabled:
        return part._infrequent_indices, part._default_to_infrequent_mappings
    return [None] * len(part.categories_), [None] * len(part.categories_)


def _left(categories: Any, rare: Any, mapping: Any) -> int:
    """Return how many categories are left where the rare ones are one; -1 if something else is made of them."""
    if rare is None and mapping is None:
        return len(categories)
    left = len(categories) - int(rare.size) + 1
    return left if 0 <= np.min(mapping) <= np.max(mapping) < left else -1


def _without(left: int, dropped: Any) -> int:
    """Return how many columns are left without the category that has none; -1 if there is no such category."""
    if dropped is None:
        return left
    return left - 1 if 0 <= index(dropped) < left else -1
