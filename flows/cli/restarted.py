"""Tells the channels what became of a service of the local stack: ``python -m flows.cli.restarted NEWS NAME WHY``.

A process of its own, started by ``podium up``: what was told is remembered in MLflow. The address of a server that is
not well is not in the environment, and its database is used without it.
"""

import sys
import time
from typing import cast

from configs.loading import load_config
from flows.alerting import tell_all
from flows.cli import embedded
from flows.cli.environment import prepare
from podium.service_alerts import News, service_alert


def main(news: News, service: str, why: str) -> None:
    """Tell it."""
    prepare(False)
    config = load_config(None)
    if any(channel.block for channel in config.alerts.channels.values()):
        embedded.start()
        embedded.await_ready()
    tell_all(config, (service_alert(news, service, why, time.time()),), "podium up")


if __name__ == "__main__":
    main(cast("News", sys.argv[1]), *sys.argv[2:])
