"""A champion that cannot defend itself any more is not replaced by whoever comes next."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Metric

from flows.history import history
from flows.rollback import rollback
from flows.selection import select
from flows.shared import now
from tests.flows.faults import fill
from tests.flows.projects import FOREST, project, refused, store_of
from tests.flows.test_cli import assert_one_line, podium
from tests.flows.test_transaction import vanish

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def better(home: Path, made: Path) -> Path:
    """A project that goes by numbers, with FOREST in production as version 1, and LOGISTIC, which is better."""
    config = project(home.parent, made, FOREST)
    fill(config, made)
    return config


def belittled(config: Path) -> None:
    """Write another number to the champion, as anyone can who may write to MLflow."""
    store = store_of(config)
    (champion,) = [m for m in store.logged_models() if m.name == FOREST]
    known = next(m for m in champion.metrics if m.key == "holdout_f1_score")
    told = {"dataset_name": known.dataset_name, "dataset_digest": known.dataset_digest}
    number = Metric(known.key, 0.1, int(time.time() * 1000), 1, model_id=champion.model_id, **told)
    store.client.log_batch(champion.source_run_id, [number])


@pytest.mark.parametrize("harm", [lambda config: vanish(config, FOREST), belittled], ids=["files", "number"])
def test_a_champion_that_does_not_answer_as_it_measured_stays(better: Path, harm: Callable[[Path], None]) -> None:
    """Where numbers decide, the champion's are looked at anew, too, before it is replaced."""
    harm(better)
    answer = refused(select, better)
    assert answer.selection.reasons[0].startswith("the champion cannot be compared (")
    assert store_of(better).aliases() == {"champion": "1"}


@pytest.mark.parametrize("to", [None, "2"])
def test_a_champion_whose_alias_is_gone_is_missed(better: Path, to: str | None) -> None:
    """Nothing takes its place until a person says what is to be in production."""
    store_of(better).client.delete_registered_model_alias("churn", "champion")
    answer = refused(select, better)
    assert "its alias is gone" in answer.selection.reasons[0]
    assert store_of(better).aliases() == {}
    refused(select, better)
    assert len(history(str(better)).decisions) == 2, "it is said each time, and recorded once"
    rollback(str(better), to=to)
    assert store_of(better).aliases()["champion"] == (to or "1")
    assert history(str(better)).unbroken
    assert select(str(better)).selection.verdict == ("keep" if to else "promote")


def test_a_stage_says_nothing_of_a_champion_that_is_missed(better: Path) -> None:
    """What a stage marks was in production before: neither a preview nor a selection takes it for what is now."""
    store = store_of(better)
    store.client.transition_model_version_stage("churn", "2", "Production")
    store.client.delete_registered_model_alias("churn", "champion")
    for dry_run in (True, False):
        answer = refused(select, better, dry_run=dry_run)
        assert (answer.production.champion, "its alias is gone" in answer.selection.reasons[0]) == (None, True)
    assert store.aliases() == {}


def test_a_changed_record_is_said_and_not_read(better: Path, home: Path, prefect_server: str) -> None:
    """One key of it is another: each command that looks back says that the chain is broken, and answers no."""
    store = store_of(better)
    (run,) = store.client.search_runs([store.decisions_id])
    path = Path(run.info.artifact_uri.removeprefix("file://"), "decision.json")
    named = run.data.tags["podium.decision_id"]
    path.write_text(path.read_text().replace('"verdict":', '"verdicx":'))
    own: dict[str, Any] = {"home": home, "PODIUM_CONFIG": str(better), "PREFECT_API_URL": prefect_server}
    assert_one_line(podium("explain-decision", named, **own), 3, named, "was changed after it was written")
    for words in (("history",), ("history", "--at", now()), ("backtest", "--policy", str(better))):
        found = podium(*words, "--json", **own)
        assert found.returncode == 3, found.stderr
        assert "changed" in json.loads(found.stdout)["broken_at"]
    shown = podium("history", **own)
    assert (shown.returncode, named in shown.stdout, "unreadable" in shown.stdout) == (3, True, True)
