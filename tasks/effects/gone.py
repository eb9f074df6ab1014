"""Passes over what somebody deleted in MLflow: what is gone needs no mark, and its absence must keep nobody waiting."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException

DELETED = frozenset({"RESOURCE_DOES_NOT_EXIST"})
UNKNOWN = DELETED | {"INVALID_PARAMETER_VALUE"}
"""What MLflow says of what is not there, and as well of a run that was deleted and of a name that can be none."""


@contextmanager
def if_there(codes: Collection[str] = DELETED) -> Iterator[None]:
    """Do something to what MLflow holds, or nothing if it is not there any more, which it says by one of ``codes``."""
    try:
        yield
    except MlflowException as error:
        if error.error_code not in codes:
            raise
