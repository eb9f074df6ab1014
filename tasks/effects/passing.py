"""Asks models through MLflow's own interface, which passes on what the library's object answers."""

from typing import Any

import numpy as np
import pandas as pd

from podium.measurement import Predictions
from tasks.effects.categories import needs_categories, plain
from tasks.effects.prediction import chooses_the_likeliest, labels_of, likeliest, probabilities

SEEN = 100
"""Rows on which a pyfunc model shows that it passes on the labels of such trees: all of them cost as much once more."""


def raw_model(loaded: Any) -> Any:
    """Return the library's own object behind a pyfunc model, or the pyfunc model if it hides it."""
    try:
        return loaded.get_raw_model()
    except (AttributeError, NotImplementedError):
        return loaded


def passed_on(loaded: Any, rows: pd.DataFrame) -> Any:
    """Return what a pyfunc model answers to rows, whose categories it is given as the texts or numbers that they are.

    Boosters take categories only as such, which MLflow has no type for: of these the library's own object is asked.
    """
    raw = raw_model(loaded)
    return raw.predict(rows) if needs_categories(raw, rows) else loaded.predict(plain(rows))


def through(model: Any, loaded: Any, rows: pd.DataFrame) -> Predictions:
    """Return labels as a pyfunc model gives them, and probabilities as the classifier behind it does."""
    classes, values = probabilities(model, rows)
    if values is not None and chooses_the_likeliest(model):
        said, few = likeliest(classes, values), rows.head(SEEN)
        if np.array_equal(labels_of(passed_on(loaded, few)), said.labels[: len(few)]):
            return said
    return Predictions(labels_of(passed_on(loaded, rows)), classes, values)
