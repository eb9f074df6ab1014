"""The errors a user sees: one clear line each, with the exit status that a script can act on."""

from collections.abc import Iterator
from typing import Any

from podium.redaction import redacted


class PodiumError(Exception):
    """A failure that Podium can name: the object, the value and the remedy, in one line."""

    exit_status = 1


class UsageError(PodiumError):
    """The command, its arguments or the files it was pointed at are not usable."""

    exit_status = 2


class ConfigError(UsageError):
    """The configuration names something that is not allowed, or not there."""


class AnsweredError(PodiumError):
    """A command did work and has an answer, but none that may pass for success.

    An error, so that a deployment's run ends as failed and whoever watches it is told. ``answer`` is the whole answer,
    where there is more to it than the message.
    """

    def __init__(self, message: str, answer: Any = None) -> None:
        super().__init__(message)
        self.answer = answer


class NegativeAnswerError(AnsweredError):
    """The command did its work and the answer is no: nothing promotable, no champion, a failed check."""

    exit_status = 3


class UnfinishedError(AnsweredError):
    """The command had to stop before it was through; what it did stays done, and the same command goes on."""


def first_line(error: BaseException, most: int = 300) -> str:
    """Return the first line of what an error says, without secrets and at most so many characters.

    An error that says nothing is called by its type.
    """
    said = redacted(str(error)).strip()
    return (said.splitlines() or [type(error).__name__])[0][:most]


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and what it came from, back to the first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
