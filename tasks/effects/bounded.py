"""Bounds a question in time, whoever is asked: what takes longer is left alone, in a thread that holds up nobody."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Return what a question gives, or raise what it raises.

    Raises:
        TimeoutError: it takes longer.
    """
    given: list[T] = []
    raised: list[Exception] = [TimeoutError(f"no answer within {seconds:g} s")]

    def attempt() -> None:
        try:
            given.append(ask())
        except Exception as error:
            raised[0] = error

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if given:
        return given[0]
    raise raised[0]
