"""Overhears what apprise says while it sends, which is the only place where it tells why it could not."""

import logging
import re
import threading

from podium.errors import PodiumError, first_line
from podium.receipts import Receipt

WHY = "Socket Exception: "
MAIL = ("Connection error while submitting email", "Sending email to")
"""What apprise says of mail, whose errors are shown: those of a web address quote the address."""
SENDING = MAIL[1]
LATE = re.compile(r"read(ing)? (operation )?timed out|ReadTimeout", re.IGNORECASE)
REDIRECTED = re.compile(r"error=(3\d\d)")


class Overheard(logging.Handler):
    """What was said by the thread that sends."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: list[str] = []
        self._why: list[str] = []
        self._is_sent = False
        self._thread = 0

    def __enter__(self) -> "Overheard":
        self._thread = threading.get_ident()
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what says that something went wrong, why, or that it was sent to one of several."""
        said = record.getMessage()
        # A message that was given up may still be under way in another thread.
        if record.thread != self._thread:
            return
        if record.levelno >= logging.WARNING:
            self._lines.append(said)
        elif said.startswith(WHY):
            self._why.append(said.removeprefix(WHY))
        elif record.levelno == logging.INFO and said.startswith("Sent "):
            self._is_sent = True

    def receipt(self, error: Exception | None = None) -> Receipt:
        """Return what became of a message that was not taken by all, or failed with an error."""
        if self._is_sent:
            return Receipt("told", self._problem(error))
        if self._is_late(error):
            return Receipt("perhaps", "it did not answer in time")
        return Receipt("missed", self._problem(error))

    def unanswered(self, seconds: float) -> Receipt:
        """Return what became of a message whose sending did not end."""
        return Receipt("told" if self._is_sent else "perhaps", f"it did not answer within {seconds:g} s")

    def _is_late(self, error: Exception | None) -> bool:
        """Whether a message went out and the answer did not come in time."""
        if self._lines and self._lines[0].startswith(MAIL):
            return self._lines[0].startswith(SENDING) and "timed out" in "".join(self._why[:1])
        return bool(LATE.search(" ".join((*self._why[:1], type(error).__name__))))

    def _problem(self, error: Exception | None) -> str:
        if not self._lines:
            return first_line(error) if error else "it was not taken"
        line = self._lines[0]
        if line.startswith(MAIL) and self._why:
            line = f"{line.rstrip('.')}: {self._why[0]}"
        if found := REDIRECTED.search(line):
            line = f"its address redirects (status {found[1]}), which is not followed: give it the address it leads to"
        return first_line(PodiumError(line))
