"""Where a command meets the user: its output, its progress, and every failure as one line with an exit status."""

import json
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from typing import Any

from flows.cli.entry import end
from podium.errors import PodiumError, causes
from podium.redaction import redacted

INTERRUPTED, TERMINATED = 130, 143
AGAIN = "what was finished is kept, run the same command to go on"
WITHOUT_PREFECT = frozenset({"history", "deploy", "alerts-list", "notify", "webhooks"})
OPERATING = frozenset({"up", "doctor", "config check"})
"""Commands that need no server of their own, and find out for themselves how the configuration is."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every command has."""

    config: str | None = None
    as_json: bool = False
    verbose: bool = False


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end, as by a worker or the operating system that shuts down: like Ctrl-C."""


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise TerminatedError


def _take_signals() -> None:
    """Let signals end the command as an error does, so that what it has begun is put right; one ignored stays so."""
    if signal.getsignal(signal.SIGINT) is end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN:
        signal.signal(signal.SIGTERM, _terminate)


class Boundary:
    """Runs one command and returns its exit status."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def run(self, name: str, **arguments: Any) -> int:
        """Run the command of this name; print its result and return its exit status."""
        try:
            _take_signals()
            return self._run(name, arguments)
        except PodiumError as error:
            return self._fail(str(error), error.exit_status)
        except KeyboardInterrupt as error:
            return self._stopped(error)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except Exception as error:
            return self._stopped(error) or self._unexpected(error)

    def _run(self, name: str, arguments: dict[str, Any]) -> int:
        from flows.cli.environment import attach, forget_servers, prepare, spare_loopback

        spare_loopback()
        if name in OPERATING:
            from flows.cli import running

            return running.COMMANDS[name](self.options, arguments)
        from configs.loading import load_config
        from flows.cli import embedded

        if arguments.get("home"):
            os.environ["PODIUM_HOME"] = arguments["home"]
        if name == "demo":
            forget_servers()
        else:
            attach(load_config(self.options.config))
        prepare(self.options.verbose)
        if name not in WITHOUT_PREFECT:
            embedded.start()
        from flows.cli import commands

        return commands.COMMANDS[name](self.options, arguments)

    def _fail(self, message: str, status: int) -> int:
        sys.stderr.write(f"podium: {redacted(message)}\n")
        if self.options.verbose:
            sys.stderr.write(redacted(traceback.format_exc()))
        return status

    def _stopped(self, error: BaseException | None) -> int:
        """Say that somebody ended the command, and return that status; 0 if nobody did.

        What is ended in the middle may fail at that: the signal is then among what came before the error.
        """
        ending = next((one for one in causes(error) if isinstance(one, KeyboardInterrupt)), None)
        if isinstance(ending, TerminatedError):
            return self._fail(f"terminated; {AGAIN}", TERMINATED)
        return self._fail(f"interrupted; {AGAIN}", INTERRUPTED) if ending else 0

    def _unexpected(self, error: Exception) -> int:
        from flows.cli.failures import describe

        return self._fail(describe(error), 1)


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write("\n")
    sys.stdout.flush()
