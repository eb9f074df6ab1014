"""What was saved in the place of a model is called by what it is, with the way to a model if there is one in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from tests.tasks.honest import NUMBERS, TARGET
from tests.tasks.test_categories import answered


def logistic() -> Any:
    """A trained model."""
    return LogisticRegression().fit(NUMBERS, TARGET)


SAVED: dict[str, tuple[Callable[[], Any], str]] = {
    "a dictionary": (
        lambda: {"model": logistic(), "features": list(NUMBERS), "threshold": 0.4},
        "a dict is not a model: it cannot predict; stage the LogisticRegression at 'model' in it as a file of its own",
    ),
    "a pair": (
        lambda: (StandardScaler().fit(NUMBERS), logistic()),
        "a tuple is not a model: it cannot predict; stage the LogisticRegression at 1 in it as a file of its own",
    ),
    "several": (
        lambda: [logistic(), RandomForestClassifier(2).fit(NUMBERS, TARGET)],
        "stage the LogisticRegression at 0, the RandomForestClassifier at 1 in it as a file of its own",
    ),
    "settings": (lambda: {"threshold": 0.4}, "a dict is not a model: it cannot predict"),
    "a table": (lambda: NUMBERS, "a DataFrame is not a model: it cannot predict"),
    "an array": (NUMBERS.to_numpy, "an ndarray is not a model: it cannot predict"),
    "a number": (lambda: 1, "an int is not a model: it cannot predict"),
    "a scaler": (lambda: StandardScaler().fit(NUMBERS), "a StandardScaler is not a model: it cannot predict"),
}


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("case", SAVED)
def test_the_reason_says_what_it_is(case: str, task: str, tmp_path: Path) -> None:
    """People save a model together with what it needs."""
    make, reason = SAVED[case]
    answer = answered(make(), tmp_path, None, task=task)
    assert answer.code == "NotUsableError"
    assert answer.reason.endswith(reason)
