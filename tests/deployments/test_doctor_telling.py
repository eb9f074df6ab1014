"""The doctor looks at whom Podium tells, and at what spreads its work."""

import socket
from pathlib import Path

import pytest
import yaml
from prefect.blocks.system import Secret

from benchmarks.servers import free_port
from benchmarks.stacks import until
from configs.alerts import AlertsSection
from configs.schema import RunnerSection
from deployments.doctor.channels import channels
from deployments.doctor.rounds import examine
from deployments.doctor.spreading import runner
from podium.health import Health
from tests.deployments.leaving import leaving_nothing


def told(api: str | None = None, **named: dict[str, str]) -> dict[str, Health]:
    """The checks of channels, by the names of these."""
    section = AlertsSection.model_validate({"channels": named})
    return {check.name.removeprefix("alerts "): check for check in channels(section, api)}


def test_the_round_tells_of_channels_and_of_the_scheduler(home: Path) -> None:
    """Neither is there: both fail, each with a mend, and not in silence."""
    nowhere = f"tcp://127.0.0.1:{free_port()}"
    content = {
        "alerts": {"channels": {"team": {"url_env": "NOTSET"}, "b": {"block": "secret/none"}}},
        "runner": {"kind": "dask", "address": nowhere},
    }
    (config := home / "churn.yaml").write_text(yaml.safe_dump(content))
    checks = {check.name: check for check in examine(str(config))}
    assert [checks[name].status for name in ("alerts team", "alerts b", "runner")] == ["fail", "warn", "fail"]
    assert "NOTSET is not set" in checks["alerts team"].detail
    assert (nowhere in checks["runner"].detail, "dask scheduler" in checks["runner"].mend) == (True, True)


def test_a_variable_must_hold_an_address_that_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not shown, whether it can or not."""
    monkeypatch.setenv("GOOD", "json://alice:secretword@127.0.0.1:9")
    monkeypatch.setenv("BAD", "nonsense://secretword")
    checks = told(good={"url_env": "GOOD"}, bad={"url_env": "BAD"})
    assert (checks["good"].status, checks["bad"].status, "set BAD" in checks["bad"].mend) == ("pass", "fail", True)
    assert "secretword" not in str(checks)


def test_a_block_is_looked_for_at_the_server(prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there passes, one that is not, or of another type, fails, as one at no server does."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    kinds = {"there": "secret/team", "gone": "secret/none", "other": "slack-webhook/team"}
    with leaving_nothing(prefect_server) as client:
        Secret(value="json://127.0.0.1:9").save("team")

        def look() -> dict[str, str] | None:
            checks = told(prefect_server, **{name: {"block": block} for name, block in kinds.items()})
            return None if "is not read" in str(checks) else {name: check.status for name, check in checks.items()}

        assert until(look, "Prefect's server does not answer") == {"there": "pass", "gone": "fail", "other": "fail"}
        client.delete_block_document(client.read_block_document_by_name("team", "secret").id)
    silent = told(f"http://127.0.0.1:{free_port()}/api", there={"block": "secret/team"})["there"]
    assert (silent.status, "is not read" in silent.detail) == ("fail", True)


def test_a_scheduler_that_listens_passes() -> None:
    """Work that no cluster does has no line."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        (check,) = runner(RunnerSection(kind="dask", address=address))
    assert check.status == "pass"
    assert runner(RunnerSection()) == runner(RunnerSection(kind="dask")) == []
