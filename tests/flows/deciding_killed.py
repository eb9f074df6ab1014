"""Decides in a process that kills itself after its so manieth write: ``python -m tests.flows.deciding_killed``.

Arguments: what to do (a name of ``DOES``), and for each process a config and a number of writes. One process is
forked for each, the first of them after that many writes is dead. A number of 0 is never reached: that process is left
alone. Prints of each its number and how it ended, and of one that was left alone its writes.

With ``--serve WHAT CONFIG`` it reads the numbers from standard input, one a line, and answers one after the other.
"""

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from configs.loading import load_config
from flows.approval import approve, reject
from flows.history import history
from flows.pinning import pin, unpin
from flows.retirement import retire
from flows.rollback import rollback
from flows.selection import select
from podium.errors import NegativeAnswerError
from podium.outcome import OrderOutcome
from podium.progress import Progress, listen
from tasks.effects.store import connect
from tests.flows.projects import LOGISTIC

WRITES = (
    *("create_run", "log_artifacts", "log_artifact", "log_batch", "set_terminated", "set_tag", "delete_run"),
    *("set_registered_model_alias", "delete_registered_model_alias", "set_model_version_tag"),
    *("set_experiment_tag", "set_logged_model_tags", "delete_logged_model_tag"),
    *("delete_model_version_tag", "set_registered_model_tag", "delete_registered_model_tag", "delete_model_version"),
    "transition_model_version_stage",
)

BEAT = "podium.beat"
"""What shows that a claim lives. It comes with time, not with what is done, and changes nothing: it does not count."""
EXPORTS, MARK = ("rename", "symlink_to", "replace"), ".podium-churn-"
"""What puts an export into its place, and how its scratch names begin."""


def settled(order: Callable[..., OrderOutcome], config: str) -> OrderOutcome:
    """Settle the newest promotion, whether or not it still waits."""
    promoted = [d for d in history(config).decisions if d.content["verdict"] == "promote"]
    return order(config, promoted[-1].decision_id)


def files_of(config: str, name: str) -> tuple[Path, Path]:
    """Where the files of a logged model are, and where they are aside."""
    store = connect(load_config(config).mlflow)
    (model,) = [m for m in store.logged_models() if m.name == name]
    there = Path(model.artifact_location.removeprefix("file://"))
    return there, there.with_name(f"{there.name}.aside")


def undone(config: str) -> Any:
    """Select what loses its files right after the switch, so that the promotion is taken back."""
    there, aside = files_of(config, LOGISTIC)
    if aside.exists():
        aside.rename(there)

    def lose(step: Progress) -> None:
        if step.work == "verifying what is in production now":
            there.rename(aside)

    end = listen(lose)
    try:
        return select(config)
    except NegativeAnswerError as no:
        return no.answer
    finally:
        end()


def swapped(config: str) -> Any:
    """Roll back to the version before by name, be it one that a rollback left."""
    return rollback(config, connect(load_config(config).mlflow).aliases()["previous"])


DOES: dict[str, Callable[[str], Any]] = {
    "select": select,
    "rollback": rollback,
    "swap": swapped,
    "pin": pin,
    "unpin": unpin,
    "approve": functools.partial(settled, approve),
    "reject": functools.partial(settled, reject),
    "retire": retire,
    "adopt": select,
    "export": select,
    "undo": undone,
}


def die_after(number: int) -> list[str]:
    """Let this process kill itself after its so manieth write; return the writes, as they come."""
    done: list[str] = []

    def counted(name: str, write: Any) -> Any:
        @functools.wraps(write)
        def call(*arguments: Any, **named: Any) -> Any:
            found = write(*arguments, **named)
            if BEAT in arguments:
                return found
            done.append(name)
            if len(done) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return call

    for name in WRITES:
        setattr(MlflowClient, name, counted(name, getattr(MlflowClient, name)))
    for name in EXPORTS:
        whole = getattr(Path, name)
        setattr(Path, name, of_an_export(whole, counted(name, whole)))
    return done


def of_an_export(whole: Callable[..., Any], counted: Callable[..., Any]) -> Callable[..., Any]:
    """Count a change to a folder only where it puts a part of an export into its place."""

    def call(self: Path, *arguments: Any, **named: Any) -> Any:
        change = counted if MARK in str(self) else whole
        return change(self, *arguments, **named)

    return call


def main(what: str, config: str, number: int) -> None:
    """Do it in a home of its own beside the config."""
    os.environ["PODIUM_HOME"] = str(Path(config).parent / "home")
    load_config(config)
    writes = die_after(number)
    DOES[what](config)
    sys.stdout.write(f"{' '.join(writes)}\n")
    sys.stdout.flush()


def fork_each(what: str, pairs: list[tuple[str, int]]) -> None:
    """Fork one process after the other, each for one config."""
    for config, number in pairs:
        child = os.fork()
        if child == 0:
            try:
                main(what, config, number)
            finally:
                os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{number} {ended}\n")
        sys.stdout.flush()


def serve(what: str, config: str) -> None:
    """Fork a process for each number that comes in."""
    for line in sys.stdin:
        fork_each(what, [(config, int(line))])


if __name__ == "__main__" and sys.argv[1] == "--serve":
    serve(*sys.argv[2:])
elif __name__ == "__main__":
    given = sys.argv[2:]
    fork_each(sys.argv[1], [(given[i], int(given[i + 1])) for i in range(0, len(given), 2)])
