"""The process of the stack's Prefect server: ``python -m deployments.stack.prefect_server PORT``.

It serves what ``prefect server start`` does, with its user interface. On SQLite, where a burst of runs makes it refuse
some requests, those come again at once and count for no run as failed tries.
"""

import sys

from deployments.stack.ports import HOST
from tasks.effects.at_once import AtOnce


def main(port: int) -> None:
    """Serve Prefect's API and user interface on a port of the loopback address until told to end."""
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    own = get_current_settings().server
    uvicorn.run(
        AtOnce(create_app(final=True)),
        host=HOST,
        port=port,
        timeout_keep_alive=own.api.keepalive_timeout,
        log_level=own.logging_level.lower(),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
