"""Writes a converted model once for each config given, and kills itself after one write more each time.

``python -m tests.tasks.killed CONFIG...``: the writer of the first config dies after its first write to MLflow, that of
the second after its second, and so on. Prints how each ended.
"""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from configs.loading import load_config
from tasks.effects.holdout import read_holdout
from tasks.effects.sandbox import sandbox
from tasks.effects.store import connect
from tasks.effects.transfer import write_model
from tasks.migration import _measured, _question
from tasks.staging import read_staging

WRITES = (
    *("create_run", "create_logged_model", "log_model_artifacts", "log_artifacts", "log_batch", "log_outputs"),
    *("finalize_logged_model", "create_model_version", "set_terminated"),
)


def die_after(number: int) -> None:
    """Let this process kill itself after its so manieth write."""
    done = 0

    def counted(write: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            found = write(*arguments, **named)
            done += 1
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return call

    for name in WRITES:
        setattr(MlflowClient, name, counted(getattr(MlflowClient, name)))


def main(paths: list[str]) -> None:
    """Convert the one staged model, then write it in a process of its own for each config."""
    configs = [load_config(path) for path in paths]
    (model,) = read_staging.fn(configs[0].staging.root)
    assert configs[0].holdout is not None
    holdout = read_holdout(configs[0].holdout, configs[0].policy)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder, "scratch")
        question = _question(configs[0], model, scratch)
        [answer] = sandbox().ask_each("convert", [question], configs[0].sandbox)
        assert answer.value is not None, answer.reason
        sandbox().close()
        for number, config in enumerate(configs, start=1):
            child = os.fork()
            if child == 0:
                own = shutil.copytree(scratch, Path(folder, f"scratch-{number}"))
                store = connect(config.mlflow)
                die_after(number)
                write_model(store, model, answer.value, own, _measured(config, model, holdout, answer.value, own))
                os._exit(0)
            sys.stdout.write(f"{number} {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
