"""Selects several times, and migrates a model of its own in between: ``python -m tests.flows.racing CONFIG TIMES``."""

import json
import sys

from flows.migration import migrate
from flows.selection import select


def main(config: str, times: int) -> None:
    """Print the decision of each selection and whether it was new."""
    for number in range(times):
        if number == 1:
            migrate(config)
        outcome = select(config)
        sys.stdout.write(json.dumps([outcome.decision_id, outcome.recorded]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
