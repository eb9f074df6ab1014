"""Migrates a root in a process where Prefect's server, the sandbox and the database are already up.

``python -m benchmarks.warm WARM_CONFIG CONFIG COUNT`` migrates the root of the first config to warm up, then that of
the second, which has COUNT models, and once more, when nothing is to be done. Prints the seconds of one model and those
of doing nothing for it, the flow's own start and end included.
"""

import json
import sys
import time
from typing import Any

from flows.cli import embedded
from flows.cli.environment import prepare


def started_flow() -> Any:
    """Return the migration flow once the server that it reports to answers."""
    prepare(verbose=False)
    embedded.start()
    from flows.migration import migrate

    embedded.await_ready()
    return migrate


def main() -> None:
    """Warm up with one config, then time the other and print the seconds of a model."""
    warm_up, config, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    migrate = started_flow()
    with embedded.unwatched():
        migrate(warm_up)
        started = time.perf_counter()
        report = migrate(config)
        done = time.perf_counter()
        migrate(config)
        again = time.perf_counter()
    assert len(report.as_json()["migrated"]) == count, report.as_json()
    print(json.dumps([(done - started) / count, (again - done) / count]))


if __name__ == "__main__":
    main()
