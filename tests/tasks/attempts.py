"""What a confined process tries, and whether it could."""

from collections.abc import Callable
from typing import Any


def is_possible(attempt: Callable[[], Any], refused: type[OSError] = OSError) -> bool:
    """Whether something can be done; an error of another kind than a refusal's is one of the test."""
    try:
        attempt()
    except refused:
        return False
    return True
