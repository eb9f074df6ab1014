"""From the event that a model was trained to the decision, and what of that time is Podium's own.

``python -m benchmarks.latency [TIMES]``, 3 times if no number is given, with a whole ``podium up`` on this machine. The
first event finds the demo's eight migrated models and promotes one; those after it find that nothing is new. Times are
those that Prefect's server keeps of the run. Prefect sees the event and makes a run, the worker fetches it and starts a
process, which imports and begins the flow; from there on it is Podium. Of the imports Podium's own is what importing
the flow takes beyond importing Prefect's engine.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.migration import Staged
from benchmarks.processes import PODIUM, run
from benchmarks.stacks import Up, emit, runs_of, until

ENGINE = "import prefect.flow_engine, prefect.runner"


def wait_for(api: str, count: int) -> dict[str, Any]:
    """Return the last run of a selection, once there are so many and it has ended."""

    def last() -> dict[str, Any] | None:
        runs = runs_of(api, "select")
        return runs[0] if len(runs) == count and runs[0]["end_time"] else None

    found: dict[str, Any] = until(last, "no selection ends")
    return found


def parts(sent: datetime, found: dict[str, Any]) -> list[float]:
    """Return the seconds until the run was made, until its flow began, until it ended, and all of them."""
    made, began, ended = (datetime.fromisoformat(found[name]) for name in ("created", "start_time", "end_time"))
    steps = [(made - sent), (began - made), (ended - began), (ended - sent)]
    return [step.total_seconds() for step in steps]


def imports(home: Path) -> tuple[float, float]:
    """Return the seconds of a process that imports Prefect's engine, and of one that imports the flow as well."""
    both = f"{ENGINE}; import flows.selection"
    run(home, sys.executable, "-c", both)
    return run(home, sys.executable, "-c", ENGINE)[0], run(home, sys.executable, "-c", both)[0]


def main() -> None:
    """Measure in a scratch folder and print a line for each event."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory(prefix="podium-benchmark-") as folder:
        staged, home = Staged(Path(folder)), Path(folder, "home")
        staged.make()
        run(home, PODIUM, "migrate", "--config", staged.config("eight"))
        up = Up(Path(staged.config("eight")), home)
        try:
            api = up.ready()["prefect"]["api"]
            print(f"{'event':<6}{'run made':>10}{'begun':>10}{'decided':>10}{'whole':>10}")
            for number in range(1, times + 1):
                sent = datetime.now(UTC)
                emit(api, f"m-{number}", "churn")
                print(f"{number:<6}" + "".join(f"{s:>9.2f}s" for s in parts(sent, wait_for(api, number))), flush=True)
        finally:
            up.end()
        engine, flow = imports(home)
        print(
            f"imports: Prefect's engine {engine:.2f} s, with the flow {flow:.2f} s: {flow - engine:.2f} s are Podium's"
        )


if __name__ == "__main__":
    main()
