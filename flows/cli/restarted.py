"""Tells the channels that a service of the local stack was started again: ``python -m flows.cli.restarted NAME WHY``.

A process of its own, started by ``podium up`` once the service is well again: what was told is remembered in MLflow.
"""

import sys
import time

from configs.loading import load_config
from flows.alerting import tell_all
from flows.cli.environment import prepare
from podium.occasions import restarted


def main(service: str, why: str) -> None:
    """Tell it."""
    prepare(False)
    tell_all(load_config(None), (restarted(service, why, time.time()),), "podium up")


if __name__ == "__main__":
    main(*sys.argv[1:])
