"""Others hear what happened: each change of production once, whatever becomes of the process that told it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from benchmarks.servers import free_port
from configs.loading import load_config
from flows.auditing import audit
from flows.history import history
from flows.migration import migrate
from flows.rollback import rollback
from flows.selection import select
from flows.settlement import resume_interrupted
from flows.verification import verify
from podium.events import Project, Told, carried_out, trained
from tasks.effects.events import UntoldError, tell, tell_or_fail
from tests.flows.listening import Listening
from tests.flows.projects import FOREST, LOGISTIC, add_staged, project, refused, store_of


def named(folder: Path, made: Path, name: str, *models: str) -> Path:
    """A project whose registered model has a name of its own, so that its events are nobody else's."""
    return project(folder, made, *models, mlflow={"registered_model": name, "experiment": f"{name}_experiment"})


def test_promotion_rollback_and_degradation_are_told(home: Path, made: Path, prefect_server: str) -> None:
    """Each event names version, model and decision; one that changes nothing is not told."""
    config = named(home.parent, made, "told", FOREST)
    with Listening(prefect_server) as ears:
        migrate(str(config))
        first = select(str(config))
        heard = ears.next("podium.champion.told")
        assert heard.event == "podium.champion.promoted"
        assert heard.resource["podium.decision.id"] == first.decision_id
        assert (heard.resource["podium.version"], heard.resource["podium.model.id"]) == ("1", FOREST)
        assert heard.resource["podium.registered_model"] == "told"
        assert heard.resource["podium.experiment"] == "told_experiment"
        assert heard.related[0].role == "flow-run"
        select(str(config))
        add_staged(config, made, LOGISTIC)
        migrate(str(config))
        select(str(config), model_id="someone\n" * 99)
        second = ears.next("podium.champion.told")
        assert second.resource["podium.asked_by"].startswith("event podium.model.trained of someone someone")
        assert rollback(str(config), asked_by="alice").production.model_id == FOREST
        back = ears.next("podium.champion.told")
        assert (back.event, back.resource["podium.asked_by"]) == ("podium.champion.rolled_back", "alice")
        assert (back.resource["podium.model.id"], back.payload["before"]) == (FOREST, "2")
        spoil_metrics(config)
        refused(verify, config)
        worse = ears.next("podium.champion.told")
        assert (worse.event, worse.resource["podium.failed"]) == ("podium.champion.degraded", "reproduces")


def spoil_metrics(config: Path) -> None:
    """Make the champion's recorded metrics others than it has."""
    from mlflow.entities import Metric

    store = store_of(config)
    version = store.client.get_model_version_by_alias(store.registered_model, "champion")
    model = store.client.get_logged_model(version.source.removeprefix("models:/"))
    found = next(m for m in model.metrics if m.key == "holdout_accuracy")
    later = int(time.time() * 1000) + 1000
    store.client.log_batch(
        version.run_id,
        [Metric(found.key, 0.1, later, 0, model.model_id, found.dataset_name, found.dataset_digest)],
    )


def test_a_decision_finished_after_a_kill_is_told_the_same(
    home: Path, made: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the switch and the telling it is told by who finishes it; killed right after, it is no other."""
    config = named(home.parent, made, "resumed", LOGISTIC)
    migrate(str(config))
    monkeypatch.setenv("PODIUM_EVENTS", "off")
    select(str(config))
    monkeypatch.delenv("PODIUM_EVENTS")
    store = store_of(config)
    run = store.client.search_runs([store.decisions_id])[0]
    with Listening(prefect_server) as ears:
        for _ in range(2):
            store.client.set_tag(run.info.run_id, "podium.state", "pending")
            resume_interrupted(load_config(config))
        decision = history(str(config)).decisions[0]
        expected = carried_out(Project("resumed_experiment", "resumed"), decision)
        assert ears.next("podium.champion.resumed").id == (expected and expected.id)
        tell(trained(Project("e", "m"), Told("after it", None, "m-3")))
        assert ears.silent_about("podium.champion.resumed", "podium.model.after it")
    assert store.client.get_run(run.info.run_id).data.tags["podium.state"] == "settled"


def test_a_broken_chain_is_told(home: Path, made: Path, prefect_server: str) -> None:
    """An audit answers no over a record that was changed, and tells whose it is."""
    config = named(home.parent, made, "audited", LOGISTIC)
    migrate(str(config))
    select(str(config))
    assert audit(str(config)).unbroken
    store = store_of(config)
    record = next((home / "artifacts").rglob("decision.json"))
    record.write_text(record.read_text().replace("promote", "keep", 1))
    with Listening(prefect_server, "podium.audit.") as ears:
        assert not refused(audit, config).unbroken
        heard = ears.next(f"podium.champion.{store.registered_model}")
        assert heard.event == "podium.audit.broken"
        assert "changed after it was written" in heard.resource["podium.broken_at"]
        assert not history(str(config)).unbroken
        assert ears.next("podium.champion.audited").id != heard.id


OF_A_PROCESS = """
import os
from podium.events import Project, Told, carried_out, trained
from tasks.effects.events import tell
told = tell(trained(Project("e", "m"), Told("exits at once", None, "m-1")))
os._exit(0 if told else 1)
"""


def test_an_event_outlives_its_process(prefect_server: str) -> None:
    """A process that ends without any goodbye has told what it told."""
    with Listening(prefect_server) as ears:
        environment = {**os.environ, "PREFECT_API_URL": prefect_server}
        subprocess.run([sys.executable, "-c", OF_A_PROCESS], env=environment, check=True, timeout=120)
        assert ears.next("podium.model.exits at once").resource["podium.logged_model.id"] == "m-1"


def test_a_server_that_is_not_there_changes_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be told is one line in the log, soon, and an error only for whoever asked for no more than that."""
    event = trained(Project("e", "m"), Told("nobody hears", None, "m-2"))
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"}):
        started = time.monotonic()
        assert not tell(event)
        assert time.monotonic() - started < 60
        assert [r.getMessage().count("\n") for r in caplog.records if r.name == "podium"] == [0]
        with pytest.raises(UntoldError, match="not delivered"):
            tell_or_fail(event)
        monkeypatch.setenv("PODIUM_EVENTS", "off")
        caplog.clear()
        assert not tell(event)
        assert not caplog.records
    with temporary_settings({PREFECT_API_URL: None}), pytest.raises(UntoldError, match="PREFECT_API_URL"):
        tell_or_fail(event)


SELECTING = """
import sys
from flows.selection import select
select(sys.argv[1], model_id=sys.argv[2])
"""


def test_two_events_of_one_model_give_one_decision(home: Path, made: Path, prefect_server: str) -> None:
    """Selections that the same event starts twice, at once, decide once, and the record says which event it was."""
    config = named(home.parent, made, "doubled", LOGISTIC)
    migrate(str(config))
    command = [sys.executable, "-c", SELECTING, str(config), LOGISTIC]
    environment = {**os.environ, "PREFECT_API_URL": prefect_server}
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(2)]
    assert [(p.wait(240), p.stderr and p.stderr.close())[0] for p in both] == [0, 0]
    chain = history(str(config))
    assert [d.content["asked_by"] for d in chain.decisions] == [f"event podium.model.trained of {LOGISTIC}"]
