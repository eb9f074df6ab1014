"""A reason is one line, bounded, and quotes no value of anybody's rows."""

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import LabelEncoder, OneHotEncoder

from podium.reasons import LONGEST, reason_of
from tasks.effects.prediction import NotUsableError

ROWS = pd.DataFrame({"name": ["Jane Roe", "John Doe's"], "amount": [77123.0, 1.0]})


def said_by(function: object, *given: object) -> str:
    """The reason of what a call raises."""
    assert callable(function)
    with pytest.raises(Exception, match=r".") as caught:
        function(*given)
    assert isinstance(caught.value, Exception)
    return reason_of(caught.value)


def of_mlflow() -> None:
    """What MLflow says of rows that do not fit a schema."""
    raise MlflowException(f"Failed to enforce schema of data '{ROWS}' with schema '['name': string]'. Error: no")


@pytest.mark.parametrize(
    ("reason", "start"),
    [
        (said_by(LogisticRegression().fit, ROWS, [0, 1]), "could not convert string to float: '…'"),
        (said_by(OneHotEncoder().fit([["a"]]).transform, [["Jane Roe"]]), "Found unknown categories […]"),
        (
            said_by(LabelEncoder().fit(["a"]).transform, ["Jane Roe"]),
            "y contains previously unseen labels: np.str_('…')",
        ),
        (said_by(of_mlflow), "Failed to enforce schema of data '…'"),
        (said_by(int, "Jane Roe"), "invalid literal for int() with base 10: '…'"),
    ],
)
def test_what_libraries_quote_is_left_out(reason: str, start: str) -> None:
    """Of real errors of scikit-learn, MLflow and Python."""
    assert reason.startswith(start)
    assert not any(value in reason for value in ("Jane", "Roe", "Doe", "77123"))
    assert "\n" not in reason


def test_names_stay() -> None:
    """An error that names an attribute, a type or a file still does."""
    assert said_by(lambda: np.zeros(1).columns) == "'numpy.ndarray' object has no attribute 'columns'"  # type: ignore[attr-defined]
    assert "/nowhere" in said_by(open, "/nowhere/at/all")
    assert reason_of(NotUsableError("it needs 'a', ['b']")) == "it needs 'a', ['b']"


def test_it_is_one_line_of_bounded_length() -> None:
    """Whatever an error says, and if it says nothing its name."""
    assert reason_of(ValueError("first\nsecond")) == "first"
    assert reason_of(ValueError("")) == "ValueError"
    assert reason_of(KeyError("Jane Roe")) == "KeyError"
    assert len(reason_of(ValueError("word " * 10_000))) <= LONGEST
    assert reason_of(ValueError("[10:00:00] /src/a.cc:7: Check failed")) == "Check failed"
