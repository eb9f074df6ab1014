"""Fresh processes that load a model the way a service would. Each is used once, and may be started ahead of need.

Most of what such a process does is importing: one that is started before it is needed waits for its request.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

PATIENCE = 900.0
"""Seconds a fresh process may take."""
_waiting: list["subprocess.Popen[str]"] = []
_lock = threading.Lock()


def start_ahead() -> None:
    """Let a fresh process import its libraries while this one does something else."""
    with _lock:
        if not _waiting:
            _waiting.append(_started())


def observe(request: dict[str, Any]) -> dict[str, Any]:
    """Run the observer in a fresh process and return what it saw; a process that dies is what was seen."""
    with _lock:
        process = _waiting.pop() if _waiting else _started()
    try:
        _, complaint = process.communicate(json.dumps(request), timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return {"errors": {"loads": f"the fresh process took longer than {PATIENCE:g} s"}}
    result = Path(request["result"])
    if not result.exists():
        last = (complaint.strip().splitlines() or ["it said nothing"])[-1]
        return {"errors": {"loads": f"the fresh process ended with status {process.returncode}: {last[:300]}"}}
    seen: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return seen


def _started() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tasks.effects.observer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"},
    )


@atexit.register
def _end_waiting() -> None:
    for process in _waiting:
        process.kill()
        process.wait()
