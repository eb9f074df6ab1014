"""What the environment says of proxies and of the home is heeded, or refused with what to do."""

import urllib.request
from pathlib import Path

import httpx
import pytest
import requests

from deployments.stack.home import StackHome
from flows.cli.environment import prepare, spare_loopback
from podium.errors import UsageError
from tests.flows.receivers import Receiver

PROXY = "http://127.0.0.1:9"
"""Nobody listens there."""


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_stands_before_a_server_of_this_machine(
    name: str, team: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever library asks, and whatever was spared before."""
    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(other, "mlflow.example")
    monkeypatch.setenv(name, PROXY)
    spare_loopback()
    url = f"http://{team.where}/"
    # The opener that urlopen makes at its first call is kept, with the proxies of that moment.
    with urllib.request.build_opener().open(url) as reply:
        assert reply.status == 200
    assert (httpx.get(url).status_code, requests.get(url, timeout=10).status_code) == (200, 200)
    assert urllib.request.proxy_bypass("mlflow.example")
    assert not urllib.request.proxy_bypass("elsewhere.example")
    assert len(team.asked) == 3


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without a stack in it, as where the home is below a file."""
    home = tmp_path / "taken" / "home"
    home.parent.write_text("", encoding="utf-8")
    monkeypatch.setenv("PODIUM_HOME", str(home))
    said = f"{home}.* cannot be made: .*; set PODIUM_HOME to a folder you can write"
    with pytest.raises(UsageError, match=said):
        prepare(verbose=False)
    with pytest.raises(UsageError, match=said):
        StackHome(home).make()
