"""The production stack, started once for all tests that use it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.production.stack import Stack, start


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """PostgreSQL, S3, MLflow and Prefect with accounts, and two workers."""
    with ExitStack() as ends:
        yield start(tmp_path_factory.mktemp("stack"), tmp_path_factory.mktemp("hidden") / "secrets", ends)
