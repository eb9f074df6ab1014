"""Times whole processes, each in an environment that names no server and a home of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PODIUM = str(Path(sys.executable).with_name("podium"))
PROJECT = Path(__file__).parent.parent
LEFT_OUT = ("PODIUM_", "PREFECT_", "MLFLOW_")


def environment(home: Path) -> dict[str, str]:
    """Return this process's environment without anyone's settings, and with the home given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}
    return kept | {"PODIUM_HOME": str(home), "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}


def run(home: Path, *command: str) -> tuple[float, str]:
    """Return the seconds of a whole process, from its start to its end, and what it printed.

    Raises:
        SystemExit: it failed; the message ends with what it said.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment(home), stdout=-1, stderr=-1, text=True, start_new_session=True
    )
    try:
        said, complained = process.communicate()
    finally:
        _end(process)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with status {process.returncode}:\n{complained[-2000:]}")
    return time.perf_counter() - started, said


def _end(process: subprocess.Popen[str]) -> None:
    """Kill whatever is left of a process and its group, as after Ctrl-C."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
