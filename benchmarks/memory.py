"""The peak memory of a migration of many models against that of one hundred: it should not grow with their number.

``python -m benchmarks.memory [COUNT]``, 600 if no count is given. What counts is the resident memory of ``podium
migrate`` and of its sandbox, each at its own peak, as Linux keeps it (``VmHWM``). The embedded Prefect server has a
line of its own. The children that the sandbox forks for models end with them.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.many import stage
from benchmarks.migration import Staged
from benchmarks.processes import PODIUM, started
from benchmarks.table import Comparison, show

FEW = 100
POLL = 0.1
"""Seconds between two looks; the kernel keeps the peaks, so that only what grows after the last look is missed."""
ROLES = {"sandbox": "tasks.effects.zygote", "server": "flows.cli.embedded_server"}
"""How the children of a migration are known by their command lines."""
Peaks = dict[str, float]


def peaks(command: str, config: str, home: Path) -> Peaks:
    """Return the peak memory of a command of Podium, of its sandbox and of its Prefect server, in MB."""
    found: Peaks = {}
    with started(home, PODIUM, command, "--config", config, output=subprocess.DEVNULL) as process:
        while process.poll() is None:
            found |= _look(process)
            time.sleep(POLL)
    if process.returncode != 0:
        sys.exit(f"podium {command} ended with status {process.returncode}")
    return found


def _look(process: "subprocess.Popen[str]") -> Peaks:
    children = {pid: _read(pid, "cmdline") for pid in _read(process.pid, f"task/{process.pid}/children").split()}
    named = {role: pid for role, module in ROLES.items() for pid, line in children.items() if module in line}
    seen = {"podium": peak(str(process.pid)), **{role: peak(pid) for role, pid in named.items()}}
    return {role: peak for role, peak in seen.items() if peak}


def peak(pid: str) -> float:
    """Return the peak resident memory of a process in MB, 0 if it is gone."""
    lines = [line for line in _read(pid, "status").splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def _read(pid: str | int, name: str) -> str:
    try:
        return Path("/proc", str(pid), name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def compare(folder: Path, count: int) -> Iterator[Comparison]:
    """Migrate both numbers of models, each into a new home."""
    staged = Staged(folder)
    staged.make()
    configs = {n: stage(staged.eight, staged.holdout, folder / f"many-{n}", n) for n in (FEW, count)}
    few, many = (peaks("migrate", config, folder / f"home-{n}") for n, config in configs.items())
    for what, roles in {"podium migrate and its sandbox": ("podium", "sandbox"), "its server": ("server",)}.items():
        a, b = ([sum(found[role] for role in roles)] for found in (many, few))
        yield Comparison(f"{what}: {count} models / {FEW}", a, b, goal=1.1, at_most=True, unit="M")


def main() -> None:
    """Compare in a scratch folder and print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), count))


if __name__ == "__main__":
    main()
