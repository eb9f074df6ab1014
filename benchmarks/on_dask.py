"""One Dask worker against two, each a process that was started by itself and has one core, as two machines would.

``python -m benchmarks.on_dask [COUNT]``, 240 models if no count is given. A worker converts and writes at once and so
keeps more than one core busy: workers that may take any core of a small machine only take them from each other. All
else, that is the flow, the scheduler and Prefect's server, has the core of the first worker, with one worker as with
two: what is compared is a machine of one core with two of them. The workers are ready: each has migrated some models
before. Needs as many cores as workers, and Linux.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.many import stage
from benchmarks.migration import Staged
from benchmarks.processes import environment, run
from benchmarks.servers import free_port
from benchmarks.table import Comparison, show

ROUNDS = 2
FIRST = 0
"""The core of the first worker, and of all else."""
WARM_UP = 8
"""Models that each worker migrates before it counts."""


@contextmanager
def cluster(home: Path, workers: int) -> Iterator[str]:
    """Give the address of a scheduler with some workers, each on a core of its own, and end them all."""
    address = f"tcp://127.0.0.1:{free_port()}"
    port = address.rsplit(":", 1)[1]
    with ExitStack() as ends:
        ends.enter_context(
            _process(home, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard", core=FIRST)
        )
        for core in range(FIRST, FIRST + workers):
            options = ("--nthreads", "1", "--nworkers", "1", "--no-dashboard", "--local-directory", str(home))
            ends.enter_context(_process(home, "worker", address, *options, core=core))
        yield address


def pinned(core: int) -> tuple[str, ...]:
    """Return what a command begins with that has one core alone."""
    return ("taskset", "--cpu-list", str(core))


@contextmanager
def _process(home: Path, *words: str, core: int) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [*pinned(core), sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, 9)


def timed(staged: Staged, folder: Path, workers: int, count: int) -> float:
    """Return the seconds of migrating many models on some workers, once they have migrated others."""
    home = folder / "home"
    with cluster(home, workers) as address:
        runner = {"kind": "dask", "workers": workers, "address": address}
        elsewhere = {"experiment": "warm", "registered_model": "warm"}
        some = stage(staged.eight, staged.holdout, folder / "some", WARM_UP * workers, runner=runner, mlflow=elsewhere)
        many = stage(staged.eight, staged.holdout, folder / "many", count, runner=runner)
        _, said = run(home, *pinned(FIRST), sys.executable, "-m", "benchmarks.warm", some, many, str(count))
        return float(json.loads(said)[0]) * count


def compare(folder: Path, count: int) -> Iterator[Comparison]:
    """Time one worker and two, in turn."""
    staged = Staged(folder)
    staged.make()
    one, two = [], []
    for number in range(ROUNDS):
        one.append(timed(staged, folder / f"one-{number}", 1, count))
        two.append(timed(staged, folder / f"two-{number}", 2, count))
    yield Comparison(f"one Dask worker / two: {count} models, started", one, two, goal=1.6)


def main() -> None:
    """Compare in a scratch folder and print the figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 240
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        show(compare(Path(folder), count))


if __name__ == "__main__":
    main()
