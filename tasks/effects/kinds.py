"""What there is to do otherwise with a classifier than with a regressor: whether it is one, and how it is asked.

All that works on models asks the kind of its task, and no one else looks at what is predicted.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from podium.measurement import NO_LABELS, Predictions, Probabilities, Task
from tasks.effects.classifiers import require_classifier, require_regressor
from tasks.effects.passing import passed_on, through
from tasks.effects.prediction import (
    DiffersError,
    NotUsableError,
    asked,
    booster_scores,
    is_booster,
    labels_of,
    predict,
)

PARITY = 1e-6
"""Largest difference of a probability between the original and the stored model; of a number, in relation to it."""


class Kind(Protocol):
    """How models of one task are asked and compared."""

    def require(self, model: Any) -> None:
        """Return if a model is one of this kind, or may be; else raise NotUsableError, which says what it is."""

    def ask(self, model: Any, rows: pd.DataFrame) -> tuple[Predictions, Any]:
        """Return the predictions of a library's object, and its answers (n,) as it gives them; None of a booster."""

    def through(self, raw: Any, loaded: Any, rows: pd.DataFrame) -> Predictions:
        """Return the predictions of a pyfunc model, behind which is the library's object ``raw``."""

    def is_same(self, said: Predictions, answers: Any) -> bool:
        """Whether answers (n,) are the first that were said."""

    def difference(self, original: Predictions, stored: Predictions) -> float:
        """Return the largest difference between two models.

        Raises:
            DiffersError: it is too large.
            NotUsableError: the original itself answers with what is no finite number.
        """


class Classifiers:
    """Models that say labels, and mostly probabilities."""

    def require(self, model: Any) -> None:
        """Return if a model is a trained classifier."""
        require_classifier(model)

    def ask(self, model: Any, rows: pd.DataFrame) -> tuple[Predictions, Any]:
        """Return labels and probabilities, and the labels as the model gives them itself."""
        return (predict(model, rows), None) if is_booster(model) else asked(model, rows)

    def through(self, raw: Any, loaded: Any, rows: pd.DataFrame) -> Predictions:
        """Return labels as the pyfunc model gives them, and probabilities as the model behind it does."""
        return predict(raw, rows) if is_booster(raw) else through(raw, loaded, rows)

    def is_same(self, said: Predictions, answers: Any) -> bool:
        """Whether some labels are the first that were said."""
        labels = labels_of(answers)
        return bool(np.array_equal(labels, said.labels[: len(labels)]))

    def difference(self, original: Predictions, stored: Predictions) -> float:
        """Return the largest difference of a probability; the labels must be the same."""
        _require_finite(original.probabilities, "probabilities")
        different = int((original.labels != stored.labels).sum())
        if different:
            _refuse_rows(different, len(original.labels))
        if original.probabilities is None or stored.probabilities is None:
            return 0.0
        largest = float(np.abs(original.probabilities - stored.probabilities).max())
        if not largest <= PARITY:
            raise DiffersError(
                f"probabilities of the stored model differ by {largest:.2g}; at most {PARITY:g} is accepted"
            )
        return largest


class Regressors:
    """Models that say numbers."""

    def require(self, model: Any) -> None:
        """Return if a model is a trained regressor."""
        require_regressor(model)

    def ask(self, model: Any, rows: pd.DataFrame) -> tuple[Predictions, Any]:
        """Return the numbers that a model says."""
        if is_booster(model):
            return _numbers(booster_scores(model, rows)), None
        answers = np.asarray(model.predict(rows))
        return _numbers(answers), answers

    def through(self, raw: Any, loaded: Any, rows: pd.DataFrame) -> Predictions:
        """Return the numbers as the pyfunc model gives them."""
        if is_booster(raw):
            return _numbers(booster_scores(raw, rows))
        if is_classifier(raw):
            raise NotUsableError(f"a {type(raw).__name__} predicts labels: holdout.task is regression")
        return _numbers(passed_on(loaded, rows))

    def is_same(self, said: Predictions, answers: Any) -> bool:
        """Whether some numbers are the first that were said."""
        numbers = _numbers(answers).numbers
        assert numbers is not None
        assert said.numbers is not None
        return bool(np.allclose(numbers, said.numbers[: len(numbers)], rtol=PARITY, atol=PARITY))

    def difference(self, original: Predictions, stored: Predictions) -> float:
        """Return the largest difference of a number, in relation to it where it is beyond 1."""
        one, other = original.numbers, stored.numbers
        if one is None or other is None or one.shape != other.shape:
            raise DiffersError("the stored model does not answer each row with a number")
        _require_finite(one, "answers")
        largest = float((np.abs(one - other) / np.maximum(1.0, np.abs(one))).max(initial=0.0))
        if not largest <= PARITY:
            raise DiffersError(f"numbers of the stored model differ by {largest:.2g}; at most {PARITY:g} is accepted")
        return largest


def _require_finite(answers: Probabilities | None, what: str) -> None:
    """Return if all answers of a model are finite: no stored model can be shown to answer the same as others."""
    if answers is not None and not np.isfinite(answers).all():
        raise NotUsableError(f"some of its {what} are no finite numbers")


def _refuse_rows(different: int, rows: int) -> None:
    raise DiffersError(f"the stored model answers {different} of {rows} rows otherwise than the original")


def _numbers(answers: Any) -> Predictions:
    """Return predicted numbers; answers of several numbers a row are refused."""
    try:
        found = np.asarray(answers, dtype=np.float64)
    except (TypeError, ValueError):
        raise NotUsableError("it answers with texts, and not with numbers") from None
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1:
        raise NotUsableError(f"it answers with {found.shape[-1]} numbers a row: one is measured")
    return Predictions(NO_LABELS, numbers=found)


KINDS: dict[Task, Kind] = {"classification": Classifiers(), "regression": Regressors()}


def kind_of(request: Mapping[str, Any]) -> Kind:
    """Return the kind of models that a request to the sandbox, or to a fresh process, is about."""
    task: Task = "regression" if request.get("task") == "regression" else "classification"
    return KINDS[task]
