"""The doctor's judgements: each with its mend."""

import pytest

from podium.health import clock, disk, schema, versions


@pytest.mark.parametrize(("free", "status"), [(6e9, "pass"), (4e9, "warn"), (1e8, "fail")])
def test_a_full_disk(free: float, status: str) -> None:
    """Little room is a warning, hardly any a failure."""
    found = disk("disk", free, "/srv")
    assert (found.status, bool(found.mend)) == (status, status != "pass")


@pytest.mark.parametrize(("ahead", "status"), [(0.9, "pass"), (-29, "pass"), (600, "warn"), (-600, "warn")])
def test_a_clock_that_is_wrong(ahead: float, status: str) -> None:
    """Ten minutes are a warning: no decision depends on it."""
    assert clock("clock", ahead).status == status


@pytest.mark.parametrize(
    ("client", "server", "mend"),
    [("3.17.2", "3.17.0", ""), ("3.17.2", "3.9.1", "bring the server"), ("3.17.2", "4.0.0", "bring this client")],
)
def test_client_and_server_of_different_versions(client: str, server: str, mend: str) -> None:
    """Whoever is older is to be brought up; a patch release does not count."""
    found = versions("mlflow version", client, server)
    assert found.mend.startswith(mend)
    assert (found.status == "pass") == (mend == "")


@pytest.mark.parametrize(
    ("found", "known", "status", "mend"),
    [
        ("b", True, "pass", ""),
        ("a", True, "fail", "upgrade"),
        ("z", False, "fail", "install"),
        (None, False, "warn", "none"),
    ],
)
def test_a_schema_that_is_not_the_one_needed(found: str | None, known: bool, status: str, mend: str) -> None:
    """An older one is to be upgraded, a newer one needs a newer program."""
    judged = schema("mlflow schema", found, "b", known, "run the upgrade")
    assert judged.status == status
    assert mend in judged.mend
