"""Migrates a root in a process where Prefect, the sandbox and the database are already up, and prints the seconds.

``python -m benchmarks.warm WARM_CONFIG CONFIG``: the first config's root is migrated to warm up, the second is timed.
"""

import json
import sys

from flows.cli import embedded
from flows.cli.environment import prepare


def main() -> None:
    """Warm up with one config, then print the seconds of migrating the other."""
    prepare(verbose=False)
    embedded.start()
    from flows.migration import migrate

    embedded.await_ready()
    migrate(sys.argv[1])
    report = migrate(sys.argv[2])
    assert not report.of("quarantined"), report.of("quarantined")
    print(json.dumps([report.seconds / len(report.of("migrated"))]))


if __name__ == "__main__":
    main()
