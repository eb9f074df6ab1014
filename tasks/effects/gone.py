"""Passes over what somebody deleted in MLflow: what is gone needs no mark, and its absence must keep nobody waiting."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException


@contextmanager
def if_there() -> Iterator[None]:
    """Do something to what MLflow holds, or nothing if it is not there any more."""
    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
