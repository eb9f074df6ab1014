"""What the environment says is for the world outside this machine."""

import urllib.request

import httpx
import pytest
import requests

from flows.cli.environment import spare_loopback
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
    with urllib.request.urlopen(url) as reply:
        assert reply.status == 200
    assert (httpx.get(url).status_code, requests.get(url, timeout=10).status_code) == (200, 200)
    assert urllib.request.proxy_bypass("mlflow.example")
    assert not urllib.request.proxy_bypass("elsewhere.example")
    assert len(team.asked) == 3
