"""Reads and writes the files of plans."""

from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from podium.errors import UsageError
from podium.plans import Plan

LARGEST = 256 << 20
"""Bytes of the largest file that is read as a plan."""


@task(cache_policy=NO_CACHE)
def save_plan(plan: Plan, file: Path) -> None:
    """Write a plan to a file, whole or not at all.

    Raises:
        UsageError: it cannot be written there.
    """
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_text(plan.text, encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"{file}: the plan cannot be written: {error.strerror}") from error


@task(cache_policy=NO_CACHE)
def load_plan(file: Path) -> str:
    """Return the text of a plan's file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise UsageError(f"{file}: too large for a plan")
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not a plan of `podium select --plan`") from None
    except OSError as error:
        raise UsageError(f"{file}: the plan cannot be read: {error.strerror}") from error
