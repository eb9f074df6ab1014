"""Where the ``podium`` command starts: a signal that comes while it still imports ends it in one line, too."""

import os
import signal
import sys

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


def end(number: int, _frame: object) -> None:
    """End the process at once: nothing has begun, so that nothing has to be undone."""
    said = signal.Signals(number)
    sys.stderr.write(f"podium: {WORDS[said]} before it began\n")
    sys.stderr.flush()
    os._exit(STATUS[said])


def main() -> None:
    """Run the command, whose own handling of signals takes over once it begins."""
    # Where a signal is ignored, as by nohup, it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)
    from flows.cli.main import main as command

    command()
