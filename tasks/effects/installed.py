"""Which distributions are installed here, and in which version."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def installed(distribution: str) -> str | None:
    """Return the version of a distribution, None if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
