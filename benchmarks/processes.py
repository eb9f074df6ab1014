"""Times whole processes, each in an environment that names no server and a home of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PODIUM = str(Path(sys.executable).with_name("podium"))
PROJECT = Path(__file__).parent.parent
LEFT_OUT = ("PODIUM_", "PREFECT_", "MLFLOW_")


def environment(home: Path) -> dict[str, str]:
    """Return this process's environment without anyone's settings, and with the home given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}
    return kept | {"PODIUM_HOME": str(home), "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}


def run(home: Path, *command: str, **variables: str) -> tuple[float, str]:
    """Return the seconds of a whole process, from its start to its end, and what it printed.

    ``variables`` are added to its environment.

    Raises:
        SystemExit: it failed; the message ends with what it said.
    """
    begun = time.perf_counter()
    with started(home, *command, output=subprocess.PIPE, **variables) as process:
        said, complained = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with status {process.returncode}:\n{complained[-2000:]}")
    return time.perf_counter() - begun, said


@contextmanager
def started(
    home: Path, *command: str, output: int = subprocess.PIPE, **variables: str
) -> "Iterator[subprocess.Popen[str]]":
    """Give a running process; whatever is left of it and its group at the end, as after Ctrl-C, is killed."""
    around = environment(home) | variables
    process = subprocess.Popen(
        command, cwd=PROJECT, env=around, stdout=output, stderr=output, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
