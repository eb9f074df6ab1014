"""Asks a model about rows in which columns of others were put in, in the sandbox: how its answers come about.

A column's Shapley value is the mean of what putting it in changes, over all orders of putting columns in; here over
some orders and the same ones backwards, with another row of the holdout for each (Štrumbelj and Kononenko, Explaining
prediction models and individual predictions with feature contributions, Knowledge and Information Systems 2014;
Mitchell et al., Sampling permutations for Shapley value estimation, JMLR 2022). It needs nothing of a model but its
answers and is in terms of the team's own columns, whatever a pipeline makes of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from podium.curves import evenly
from podium.explanation import Values
from podium.measurement import Predictions
from tasks.effects.conversion import pyfunc_predictions
from tasks.effects.kinds import kind_of
from tasks.effects.logged import load_logged
from tasks.effects.prediction import NotUsableError, read_rows
from tasks.effects.scoring import features_for

ROWS = 200
"""Rows that are explained."""
ASKED = 400_000
"""Rows a model is asked about, as long as ``FEWEST`` orders are tried forwards and backwards."""
ORDERS, FEWEST = 20, 3
CELLS, FEWEST_ROWS = 20_000_000, 5
"""Values of a table that a model is asked about at once; wide ones have fewer rows explained."""
Answers = Callable[[pd.DataFrame], Values]


def explain(request: dict[str, Any]) -> dict[str, Any]:
    """Write the Shapley values of some rows to a file.

    Keys of the request: as of ``scoring.score``, ``effects`` (file to write) and ``positive`` (label or null).
    """
    loaded = load_logged(request)
    rows = read_rows(Path(request["holdout"]))
    rows = features_for(loaded, rows, request["target"], request["id_columns"])
    kind, wide = kind_of(request), rows.shape[1]
    some = evenly(len(rows), max(FEWEST_ROWS, min(ROWS, CELLS // (wide * (wide + 1)))))
    asked = _asked(pyfunc_predictions(kind, loaded, rows.iloc[some]), request.get("positive"))
    found = sampled(lambda given: asked.answer(pyfunc_predictions(kind, loaded, given)), rows, some)
    values = np.column_stack([_numbers(rows[column].iloc[some]) for column in rows.columns])
    np.savez(request["effects"], effects=found[0], bases=found[1], values=values)
    return {"columns": [str(column) for column in rows.columns], "what": asked.what, "steady": asked.steady}


@dataclass(frozen=True, slots=True)
class _Question:
    """What is explained: in words, as a number (n,) taken out of answers, and whether it is the same for each row."""

    what: str
    answer: Callable[[Predictions], Values]
    steady: bool = True


def _asked(said: Predictions, positive: str | None) -> _Question:
    """Return what is explained of a model that says such things; answers come in blocks of as many rows as these."""
    if said.numbers is not None:
        return _Question("the number it predicts", lambda given: np.asarray(given.numbers, dtype=np.float64))
    if said.probabilities is not None and len(said.classes) == 2:
        place = said.classes.index(positive) if positive in said.classes else 1
        return _Question(f"the probability of {said.classes[place]}", lambda given: _chances(given)[:, place])
    labels = said.labels
    if said.probabilities is not None:
        places = np.array([said.classes.index(label) for label in labels])
        of_each = "the probability of the class it says"
        return _Question(of_each, lambda given: _of_each(_chances(given), places), steady=False)
    if positive in set(labels.tolist()):
        return _Question(f"whether it says {positive}", lambda given: _truth(given.labels == positive))
    same = "whether it still says so"
    return _Question(same, lambda given: _truth(given.labels == np.resize(labels, len(given.labels))), steady=False)


def _truth(given: Any) -> Values:
    return np.asarray(given, dtype=np.float64)


def _chances(given: Predictions) -> Values:
    if given.probabilities is None:
        raise NotUsableError("it gives probabilities of some rows only")
    return given.probabilities


def _of_each(chances: Values, places: Any) -> Values:
    return chances[np.arange(len(chances)), np.resize(places, len(chances))]


def sampled(answer: Answers, rows: pd.DataFrame, some: list[int], seed: int = 0) -> tuple[Values, Values]:
    """Return the Shapley values (n, p) of some rows and the answers (n,) that they start from.

    ``answer`` gives a number for each row of a table; it is asked about whole blocks of these rows in their order.
    """
    generator = np.random.default_rng(seed)
    these, wide = rows.iloc[some], rows.shape[1]
    effects, bases = np.zeros((len(some), wide)), np.zeros(len(some))
    orders = max(FEWEST, min(ORDERS, ASKED // (2 * (wide + 1) * len(some))))
    for _ in range(orders):
        others = rows.iloc[generator.integers(0, len(rows), len(some))]
        order = generator.permutation(wide)
        for direction in (order, order[::-1]):
            steps = _finite(answer(_put_in(these, others, direction)), (wide + 1) * len(some))
            steps = steps.reshape(wide + 1, len(some))
            effects[:, direction] += np.diff(steps, axis=0).T
            bases += steps[0]
    return effects / (2 * orders), bases / (2 * orders)


def _finite(answers: Values, count: int) -> Values:
    """Return answers (count,); raise NotUsableError where there are more or fewer, or some are no numbers."""
    if answers.shape != (count,):
        raise NotUsableError(f"it gave {len(answers)} answers to {count} rows that were put together")
    if not np.isfinite(answers).all():
        raise NotUsableError("its answers to rows that were put together are not all numbers")
    return answers


def _put_in(these: pd.DataFrame, others: pd.DataFrame, order: Any) -> pd.DataFrame:
    """Return a block of others' rows, the same with the first column of these put in, with two, … with all."""
    wide, when = len(order), {place: step for step, place in enumerate(order)}
    blocks: Mapping[Any, pd.Series[Any]] = {
        column: pd.concat(
            [others.iloc[:, i]] * (when[i] + 1) + [these.iloc[:, i]] * (wide - when[i]), ignore_index=True
        )
        for i, column in enumerate(these.columns)
    }
    return pd.DataFrame(blocks)


def _numbers(column: "pd.Series[Any]") -> Values:
    if not pd.api.types.is_numeric_dtype(column):
        return np.full(len(column), np.nan)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
