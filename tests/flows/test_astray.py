"""An address of Prefect's server that leads nowhere is said in one line with its mend."""

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.cli.failures import describe


def ask() -> None:
    """Ask Prefect's server for something."""
    with get_client(sync_client=True) as client:
        client.read_automations()


def said_of(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command says to an address at which Prefect's client fails."""
    monkeypatch.setenv("PREFECT_API_URL", address)
    with temporary_settings({PREFECT_API_URL: address}), pytest.raises(Exception, match=r".") as met:
        ask()
    assert isinstance(met.value, Exception)
    return describe(met.value)


@pytest.mark.parametrize("given", ["127.0.0.1:4310/api", "htp://alice:secretword@h/api", "http://h:port/api"])
def test_what_is_no_address_is_called_so(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its form is named, and the variable."""
    said = said_of(given, monkeypatch)
    assert said.endswith("is no address: http://HOST:PORT/api is expected: mend PREFECT_API_URL")
    assert "secretword" not in said


def test_an_address_without_api_is_called_so(prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is asked for is there."""
    bare = prefect_server.removesuffix("/api")
    said = said_of(bare, monkeypatch)
    assert said.startswith(f"PREFECT_API_URL={bare} leads to no interface")
    assert "/api as a rule" in said
