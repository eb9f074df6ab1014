"""Measures predictions against the truth: the numbers that Podium decides by.

The metrics are those of https://scikit-learn.org/stable/modules/model_evaluation.html.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from podium.errors import first_line
from podium.labels import Codes, align
from podium.measurement import Holdout, Measurement, Predictions, Task, are_beyond, unmeasurable
from podium.metrics import SCORER, SECONDS
from podium.numbers import Answers, confusion, label_metrics, rates
from podium.regression import Numbers, as_numbers, number_metrics
from podium.scorers import scored, scored_numbers


def measure(holdout: Holdout, said: Predictions) -> Measurement:
    """Return the holdout metrics of some predictions; a mismatch becomes a reason, never a number.

    A model answers whatever it likes: what no metric stands is a reason, too, and ends nobody else's measuring.
    """
    try:
        return MEASURES[holdout.task](holdout, said)
    except (ValueError, LookupError, ArithmeticError) as error:
        return unmeasurable(f"its answers cannot be measured: {first_line(error)}")


def _of_labels(holdout: Holdout, said: Predictions) -> Measurement:
    """Return the metrics of predicted labels and their probabilities.

    F1, precision and recall come weighted, macro (``f1_score_macro``), of the positive class (``f1_score_binary``) and
    by class (``class_<label>.f1_score``).
    """
    answers = answers_of(holdout, said)
    if isinstance(answers, str):
        return unmeasurable(answers)
    matrix = confusion(answers.truth, answers.said, len(holdout.labels))
    finite = {k: v for k, v in (_metrics(holdout, answers, matrix) | _timed(said)).items() if math.isfinite(v)}
    table = tuple(tuple(int(n) for n in row) for row in matrix)
    return Measurement(finite, holdout.labels, table, len(holdout.truth))


def _of_numbers(holdout: Holdout, said: Predictions) -> Measurement:
    """Return the metrics of predicted numbers."""
    numbers = numbers_of(holdout, said)
    if isinstance(numbers, str):
        return unmeasurable(numbers)
    found = _metrics_of_numbers(holdout, numbers) | _timed(said)
    finite = {name: value for name, value in found.items() if math.isfinite(value)}
    return Measurement(finite, (), (), len(holdout.truth))


def numbers_of(holdout: Holdout, said: Predictions) -> Numbers | str:
    """Return predicted numbers, or the reason why they do not fit."""
    if said.numbers is None:
        return "it predicts labels; holdout.task is regression"
    if len(said.numbers) != len(holdout.truth):
        return f"it predicted {len(said.numbers)} of {len(holdout.truth)} rows"
    numbers = as_numbers(said.numbers)
    return "some of its predictions are no finite numbers" if numbers is None else numbers


def _metrics_of_numbers(holdout: Holdout, said: Numbers) -> dict[str, float]:
    truth, primary = holdout.truth, holdout.wanted.primary
    found = number_metrics(truth, said) | scored_numbers(holdout.wanted.scorers, truth, said)
    for part in holdout.wanted.slices:
        rows = truth[part.rows], said[part.rows]
        own = scored_numbers((primary,), *rows) if primary.startswith(SCORER) else number_metrics(*rows)
        found |= {f"{part.key}.{primary}": own[primary]} if primary in own else {}
    return found


MEASURES: dict[Task, Callable[[Holdout, Predictions], Measurement]] = {
    "classification": _of_labels,
    "regression": _of_numbers,
}
"""How each task is measured."""


def answers_of(holdout: Holdout, said: Predictions) -> Answers | str:
    """Return predictions in codes of the holdout's labels, or the reason why they do not fit."""
    if said.numbers is not None:
        return "it predicts numbers; holdout.task is classification"
    if len(said.labels) != len(holdout.truth):
        return f"it predicted {len(said.labels)} of {len(holdout.truth)} rows"
    aligned = align(holdout.labels, said.labels, said.classes, holdout.positive)
    if aligned.labels is None:
        return aligned.reason or "its labels do not fit the holdout"
    if doubt := _improbable(said):
        return doubt
    return _answers(holdout, aligned.codes, said, aligned.classes)


def _improbable(said: Predictions) -> str | None:
    """Return why probabilities are none, which labels that look right may come from all the same."""
    if said.probabilities is None:
        return None
    if not np.isfinite(said.probabilities).all():
        return "some of its probabilities are no finite numbers"
    raw = are_beyond(said.probabilities)
    return "some of its probabilities are not between 0 and 1: is its objective one of raw scores?" if raw else None


def spelled(holdout: Holdout, said: Predictions) -> Predictions:
    """Return predictions in the holdout's spelling of its labels; numbers, and labels that do not fit, stay."""
    if said.numbers is not None:
        return said
    aligned = align(holdout.labels, said.labels, said.classes, holdout.positive)
    return said if aligned.labels is None else Predictions(aligned.labels, aligned.classes, said.probabilities)


def _answers(holdout: Holdout, codes: Codes, said: Predictions, classes: Sequence[str]) -> Answers:
    """Return truth and answers in codes; probabilities that are not of all classes, or all 0 for a row, are none."""
    truth, chances, second = holdout.codes, said.probabilities, _second(holdout, classes)
    if chances is None or chances.shape != (len(truth), len(classes)) or {*classes} != {*holdout.labels}:
        return Answers(truth, codes, None, second)
    if (chances.sum(axis=1) <= 0).any():
        return Answers(truth, codes, None, second)
    ordered = chances.astype(np.float64)[:, [list(classes).index(label) for label in holdout.labels]]
    return Answers(truth, codes, ordered, second)


def _second(holdout: Holdout, classes: Sequence[str]) -> int:
    """Return the code of the positive class of two; without one it is the last of the model's own order."""
    if len(holdout.labels) != 2:
        return 1
    wanted = holdout.positive if holdout.positive is not None else (classes or holdout.labels)[-1]
    return holdout.labels.index(wanted) if wanted in holdout.labels else 1


def _timed(said: Predictions) -> dict[str, float]:
    return {} if said.seconds is None else {SECONDS: said.seconds}


def _metrics(holdout: Holdout, answers: Answers, matrix: npt.NDArray[np.int64]) -> dict[str, float]:
    found = label_metrics(matrix, holdout.labels, holdout.positive, holdout.profits())
    found |= answers.of_probabilities() | scored(holdout.wanted.scorers, *answers.positive_last())
    for part in holdout.wanted.slices:
        found |= {f"{part.key}.{name}": value for name, value in _of_slice(holdout, answers.only(part.rows)).items()}
    return found


def _of_slice(holdout: Holdout, answers: Answers) -> dict[str, float]:
    """Return the metrics of a slice: the primary one, and those that fairness is judged by."""
    primary = holdout.wanted.primary
    matrix = confusion(answers.truth, answers.said, len(holdout.labels))
    found = label_metrics(matrix, holdout.labels, holdout.positive, holdout.profits())
    if primary.startswith(SCORER):
        found |= scored((primary,), *answers.positive_last())
    elif primary not in found:
        found |= answers.of_probabilities()
    usual = {name: found[name] for name in (primary, "accuracy") if name in found}
    return usual | rates(matrix, holdout.labels, holdout.positive)
