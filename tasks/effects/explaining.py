"""Asks a model about rows in which columns of others were put in, in the sandbox: how its answers come about.

A column's Shapley value is the mean of what putting it in changes, over all orders of putting columns in; here over
some orders and the same ones backwards, with another row of the holdout for each (Štrumbelj and Kononenko, Explaining
prediction models and individual predictions with feature contributions, Knowledge and Information Systems 2014;
Mitchell et al., Sampling permutations for Shapley value estimation, JMLR 2022). It needs nothing of a model but its
answers and is in terms of the team's own columns, whatever a pipeline makes of them.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from podium.explanation import Values, evenly
from podium.measurement import Predictions
from tasks.effects.conversion import pyfunc_predictions
from tasks.effects.kinds import kind_of
from tasks.effects.prediction import NotUsableError, read_rows
from tasks.effects.scoring import features_for

ROWS = 200
"""Rows that are explained."""
ASKED = 400_000
"""Rows a model is asked about, as long as ``FEWEST`` orders are tried forwards and backwards."""
ORDERS, FEWEST = 20, 3
Answers = Callable[[pd.DataFrame], Values]


def explain(request: dict[str, Any]) -> dict[str, Any]:
    """Write the Shapley values of some rows to a file.

    Keys of the request: as of ``scoring.score``, ``effects`` (file to write) and ``positive`` (label or null).
    """
    from mlflow.pyfunc import load_model

    loaded = load_model(request["model"])
    rows = read_rows(Path(request["holdout"]))
    rows = features_for(loaded, rows, request["target"], request["id_columns"])
    kind = kind_of(request)
    said = pyfunc_predictions(kind, loaded, rows)
    some = list(evenly(len(rows), ROWS))
    what, answer = _asked(said.only(_marked(some, len(rows))), request.get("positive"))
    found = sampled(lambda given: answer(pyfunc_predictions(kind, loaded, given)), rows, some)
    values = np.column_stack([_numbers(rows[column].iloc[some]) for column in rows.columns])
    np.savez(request["effects"], effects=found[0], bases=found[1], values=values)
    return {"columns": [str(column) for column in rows.columns], "what": what}


def _marked(some: list[int], total: int) -> Any:
    mask = np.zeros(total, dtype=bool)
    mask[some] = True
    return mask


def _asked(said: Predictions, positive: str | None) -> tuple[str, Callable[[Predictions], Values]]:
    """Return what is explained, in words, and how it is taken out of answers (blocks of as many rows as were said)."""
    if said.numbers is not None:
        return "the number it predicts", lambda given: np.asarray(given.numbers, dtype=np.float64)
    if said.probabilities is not None and len(said.classes) == 2:
        place = said.classes.index(positive) if positive in said.classes else 1
        return f"the probability of {said.classes[place]}", lambda given: _chances(given)[:, place]
    labels = said.labels
    if said.probabilities is not None:
        places = np.array([said.classes.index(label) for label in labels])
        return "the probability of the class it says", lambda given: _of_each(_chances(given), places)
    return "whether it says so", lambda given: (given.labels == np.resize(labels, len(given.labels))).astype(np.float64)


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
            steps = answer(_put_in(these, others, direction)).reshape(wide + 1, len(some))
            effects[:, direction] += np.diff(steps, axis=0).T
            bases += steps[0]
    return effects / (2 * orders), bases / (2 * orders)


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
