"""A staging root with one of every ugly case: each gets its row, and none keeps another from being migrated."""

from pathlib import Path

import pytest
import yaml

from flows.migration import migrate
from podium.plan import MigrationReport
from tests.tasks.ugly import EXPECTED, ROWS, write_all

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def config(tmp_path: Path, home: Path) -> Path:
    """A project whose staging root holds every ugly case."""
    write_all(tmp_path / "staging")
    ROWS.to_csv(tmp_path / "holdout.csv", index=False)
    content = {
        "staging": {"root": "staging", "preprocessors": ["scaler.joblib"]},
        "holdout": {"path": "holdout.csv", "target": "churn"},
        "sandbox": {"memory_mb": 4096, "seconds": 60},
    }
    (tmp_path / "churn.yaml").write_text(yaml.safe_dump(content))
    return tmp_path / "churn.yaml"


def codes(report: MigrationReport) -> dict[str, tuple[str, str]]:
    """State and code of each model."""
    return {o.model_id: (o.state, o.code) for o in report.outcomes}


def test_every_ugly_case_has_its_outcome(config: Path) -> None:
    """Each row is as it should be and says why; again, nothing is new and the same are refused."""
    report = migrate(str(config))
    assert codes(report) == EXPECTED
    assert all(outcome.reason for outcome in report.outcomes)
    again = migrate(str(config))
    assert not again.of("migrated")
    assert len(again.of("quarantined")) == len(report.of("quarantined"))
    assert not list(config.parent.rglob("witness"))
