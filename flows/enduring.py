"""Lets a run go on while Prefect's server is started again, and end as what it is when somebody ends it.

A deployment that works one run at a time lends each run its turn. Prefect ends a run whose turn cannot be renewed in
three tries within some seconds, lest two run at once: a restart at that moment ended a training or a promotion in the
middle. Writers are kept apart by their claim in MLflow, whatever Prefect knows of them, so that they may wait.
"""

from prefect.concurrency import _leases
from prefect.exceptions import ExternalSignal

from podium.errors import causes

ENDINGS = (KeyboardInterrupt, ExternalSignal)
"""Ctrl-C, and what Prefect makes of SIGTERM."""
TRIES = 12
"""Tries to renew a turn, with up to 10 seconds between them: a minute and a half."""


def outlast_restarts() -> None:
    """Let Prefect try for longer to renew the turn of a run in this process."""
    if hasattr(_leases, "_RENEWAL_MAX_ATTEMPTS"):
        _leases._RENEWAL_MAX_ATTEMPTS = TRIES


def ending_behind(error: BaseException | None) -> BaseException | None:
    """Return what ended a process from outside, of which an error is a consequence, if that is so.

    What is ended in the middle may fail at that: a task of Prefect's says that it "is not set".
    """
    return next((one for one in causes(error) if isinstance(one, ENDINGS)), None)
