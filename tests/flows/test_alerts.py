"""Flows tell people how they ended: once, again when it is over, and never at the price of the flow."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_RETRY_JITTER_FACTOR, temporary_settings

from benchmarks.servers import free_port
from benchmarks.stacks import until
from configs.loading import load_config
from configs.schema import PodiumConfig
from flows.alerting import alert_outcome, tell_all
from flows.alerts import told
from flows.history import history
from flows.migration import migrate
from flows.selection import select
from flows.verification import verify
from podium.checks import Check, Verification
from podium.errors import NegativeAnswerError, PodiumError
from podium.occasions import occasions_of
from podium.receipts import TrialOutcome
from tests.faulty import FaultyProxy
from tests.flows.projects import LOGISTIC, project, refused, store_of
from tests.flows.receivers import Mailbox, Receiver

pytestmark = pytest.mark.usefixtures("prefect_server")
FAILED = Verification("1", "m", (Check("latency", False, "900 ms"),))
PASSED = Verification("1", "m", (Check("latency", True, "9 ms"),))


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver at the address that the environment names."""
    running = Receiver()
    monkeypatch.setenv("HERE", f"http://{running.where}/chat")
    yield running
    running.close()


def alerted(home: Path, made: Path, *names: str, **sections: Any) -> Path:
    """A project with a channel that is told everything, and one that does not answer."""
    here = {"url_env": "HERE", "minimum": "info"}
    return project(home.parent, made, *names, **{"alerts": {"channels": {"chat": here}}, **sections})


def test_a_project_s_life_is_told_without_repeats(chat: Receiver, home: Path, made: Path) -> None:
    """Promotion, quarantine, a failed verification and its end: each once, whatever is run again."""
    config = alerted(home, made, LOGISTIC)
    broken = config.parent / "staging" / "broken_20250101_000000"
    broken.mkdir()
    (broken / "model.pkl").write_bytes(b"no pickle")
    for _ in range(2):
        migrate(str(config))
        select(str(config))
        verify(str(config))
    assert chat.titles == [
        "[warning] churn: 1 staged model is quarantined",
        f"[info] churn: {LOGISTIC} (version 1) is in production",
    ]
    store = store_of(config)
    files = Path(store.client.get_run(store.client.get_model_version("churn", "1").run_id).info.artifact_uri[7:])
    models = files.parents[1] / "models"
    shutil.move(models, f"{models}.away")
    for _ in range(2):
        refused(verify, config)
    assert told(str(config))[0]["raised"][1] | {"for": ""} == {"key": "verification", "severity": "critical", "for": ""}
    shutil.move(f"{models}.away", models)
    shutil.rmtree(broken)
    verify(str(config))
    migrate(str(config))
    assert chat.titles[2:] == [
        "[critical] churn: version 1 in production failed its verification",
        "[all clear] churn: version 1 in production passes its verification",
        "[all clear] churn: no staged model is quarantined",
    ]
    assert "podium rollback" in chat.got[2]["message"]


def test_a_flow_that_tells_has_the_version_of_its_own_file() -> None:
    """Prefect shows by it which code ran."""
    assert len({flow.version for flow in (select, migrate, verify)}) == 3


@pytest.mark.parametrize("works", [True, False], ids=["completed", "failed"])
def test_an_answer_that_prefect_lost_costs_no_message(
    chat: Receiver, home: Path, made: Path, prefect_server: str, works: bool
) -> None:
    """The server has the end of the flow run, its client reports it once more, and people are told what came out."""
    config = alerted(home, made, LOGISTIC) if works else alerted(home, made)
    migrate(str(config))
    state = b'"COMPLETED"' if works else b'"FAILED"'
    with FaultyProxy(prefect_server, losing=state).running() as proxy:
        api = {PREFECT_API_URL: f"{proxy.url}/api", PREFECT_CLIENT_RETRY_JITTER_FACTOR: 0.0}
        with temporary_settings(api), nullcontext() if works else pytest.raises(NegativeAnswerError):
            select(str(config))
        assert not proxy.losing
    told = (
        f"[info] churn: {LOGISTIC} (version 1) is in production"
        if works
        else "[warning] churn: nothing can be promoted"
    )
    assert chat.titles == [told]


def test_a_broken_chain_is_told_by_whoever_looks(chat: Receiver, home: Path, made: Path) -> None:
    """Critical, once."""
    config = alerted(home, made, LOGISTIC)
    migrate(str(config))
    select(str(config))
    store = store_of(config)
    (run,) = store.client.search_runs([store.decisions_id], "tags.`podium.sequence` = '1'")
    store.client.set_tag(run.info.run_id, "podium.sha256", "0" * 64)
    for _ in range(2):
        assert not history(str(config)).unbroken
    assert chat.titles[1:] == ["[critical] churn: the chain of decisions is broken"]


def test_mlflow_that_is_gone_is_told_once_and_that_it_is_back(chat: Receiver, home: Path, made: Path) -> None:
    """What was told is remembered here meanwhile."""
    lost = alerted(home, made, mlflow={"tracking_uri": f"http://127.0.0.1:{free_port()}"})
    for _ in range(2):
        with pytest.raises(PodiumError, match="does not answer"):
            verify(str(lost))
    assert chat.titles == ["[warning] churn: podium verify failed"]
    with pytest.raises(NegativeAnswerError, match="nothing is in production"):
        verify(str(alerted(home, made)))
    assert chat.titles[1:] == [
        "[all clear] churn: podium verify runs again",
        "[warning] churn: podium verify answers no",
    ]


def test_a_channel_that_fails_keeps_nobody_else_from_being_told(
    chat: Receiver, home: Path, made: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says so, and the next run tells it what it missed."""
    dead = Receiver(status=500)
    monkeypatch.setenv("DEAD", f"http://{dead.where}/PlAnTed0t0ken")
    channels = {"dead": {"url_env": "DEAD"}, "chat": {"url_env": "HERE"}, "unset": {"url_env": "PODIUM_NOT_SET"}}
    config = load_config(project(home.parent, made, alerts={"channels": channels}))
    alert_outcome(config, "verify", FAILED)
    assert chat.titles == ["[critical] churn: version 1 in production failed its verification"]
    lines = [r.getMessage() for r in caplog.records if r.levelname == "WARNING" and r.name == "podium.alerts"]
    assert [line.split(":")[0] for line in lines] == ["alert channel dead", "alert channel unset"]
    assert "error=500" in lines[0]
    assert "PlAnTed" not in caplog.text
    dead.status = 200
    alert_outcome(config, "verify", FAILED)
    assert (len(dead.bodies), dead.got) == (1, [])
    seen(config, "verify", FAILED, later=301)
    assert len(dead.got) == len(chat.got) == 1
    alert_outcome(config, "verify", PASSED)
    assert dead.titles == chat.titles
    assert dead.titles[1] == "[all clear] churn: version 1 in production passes its verification"
    dead.close()


def seen(config: PodiumConfig, flow: str, ended: object, later: float) -> None:
    """What channels are told of the end of a flow by a machine whose clock shows a later time."""
    tell_all(config, occasions_of(flow, ended), f"podium {flow}", clock=lambda: time.time() + later)


def test_a_channel_that_answers_too_late_hears_it_once(
    chat: Receiver, home: Path, made: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And again after an hour; then it answers in time, and is quiet."""
    slow = {"url_env": "HERE", "timeout": 1, "per_hour": 2}
    config = load_config(project(home.parent, made, alerts={"channels": {"slow": slow}}))
    chat.holds.clear()
    for _ in range(6):
        alert_outcome(config, "verify", FAILED)
    until(lambda: chat.bodies, "it does not arrive")
    assert len(chat.bodies) == 1
    assert "perhaps told: [critical] churn: version 1 in production failed" in caplog.text
    chat.holds.set()
    for later in (3500, 3601, 3602):
        seen(config, "verify", FAILED, later)
    until(lambda: len(chat.bodies) > 1, "it does not arrive again")
    assert len(chat.bodies) == 2


def test_mail_that_one_of_two_refuses_is_told_once(
    home: Path, made: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With a line that says so."""
    with closing(Mailbox("ana", "PlAnTed0mail")) as box:
        to = "from=podium@example.org&to=ops@example.org,nobody@example.org&mode=insecure"
        monkeypatch.setenv("HERE", f"mailto://ana:PlAnTed0mail@{box.where}?{to}")
        config = load_config(project(home.parent, made, alerts={"channels": {"mail": {"url_env": "HERE"}}}))
        for _ in range(3):
            alert_outcome(config, "verify", FAILED)
        assert len(box.got) == 1
    assert "no such user')}; told in part: [critical] churn: version 1" in caplog.text


@pytest.mark.parametrize("ahead", [600, -600])
def test_clocks_that_lie_apart_keep_nothing_quiet(
    chat: Receiver, home: Path, made: Path, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """What one machine says is over is over for the other, whatever its clock says; then it begins anew."""
    config = load_config(alerted(home, made, mlflow={"tracking_uri": f"sqlite:///{home / 'mlflow.db'}"}))
    store_of(home.parent / "churn.yaml")
    other = home.parent / "other"
    for minute, where, ended, messages in (
        (0, home, FAILED, 1),
        (2, other, PASSED, 2),
        (4, home, FAILED, 3),
        (5, other, FAILED, 3),
        (6, home, FAILED, 3),
        (7, other, PASSED, 4),
    ):
        monkeypatch.setenv("PODIUM_HOME", str(where))
        seen(config, "verify", ended, 60 * minute + (ahead if where == home else 0))
        assert len(chat.got) == messages, minute
    assert [title.partition("]")[0] for title in chat.titles] == ["[critical", "[all clear", "[critical", "[all clear"]


def with_database(home: Path, made: Path) -> tuple[PodiumConfig, Path]:
    """The config of a project whose MLflow is there, and its database."""
    database = home / "mlflow.db"
    config = load_config(alerted(home, made, mlflow={"tracking_uri": f"sqlite:///{database}"}))
    store_of(home.parent / "churn.yaml")
    return config, database


@contextmanager
def gone(database: Path) -> Iterator[None]:
    """Take MLflow's database away for a while."""
    away = database.rename(f"{database}.away")
    yield
    away.rename(database)


def test_what_was_told_while_mlflow_was_gone_counts_until_others_write(
    chat: Receiver, home: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy of this machine wins over the tag that it was made from, and over no later one."""
    config, database = with_database(home, made)
    alert_outcome(config, "verify", PASSED)
    with gone(database):
        alert_outcome(config, "verify", FAILED)
    alert_outcome(config, "verify", FAILED)
    assert len(chat.got) == 1
    monkeypatch.setenv("PODIUM_HOME", str(home.parent / "other"))
    for ended in (FAILED, PASSED):
        alert_outcome(config, "verify", ended)
    monkeypatch.setenv("PODIUM_HOME", str(home))
    alert_outcome(config, "verify", FAILED)
    assert len(chat.got) == 4


def test_the_end_of_a_second_outage_is_told(
    chat: Receiver, home: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that only read what the other wrote knows from what its own copy came."""
    config, database = with_database(home, made)
    for ended in (FAILED, PASSED):
        alert_outcome(config, "verify", ended)
    monkeypatch.setenv("PODIUM_HOME", str(home.parent / "other"))
    alert_outcome(config, "verify", PASSED)
    with gone(database):
        alert_outcome(config, "verify", FAILED)
    alert_outcome(config, "verify", PASSED)
    assert [told["type"] for told in chat.got] == ["failure", "success", "failure", "success"]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe{", b"[", b'{"name": "churn/chat/verification", "told": {"at": "soon"}}']
)
def test_a_damaged_memory_keeps_nobody_from_being_told(chat: Receiver, home: Path, made: Path, content: bytes) -> None:
    """At worst something is said twice; the file is put out of the way, as is one that cannot be read at all."""
    config = load_config(alerted(home, made))
    alert_outcome(config, "verify", FAILED)
    (file,) = (home / "alerts").iterdir()
    file.write_bytes(content)
    (home / "alerts" / "folder.json").mkdir()
    for _ in range(2):
        alert_outcome(config, "verify", FAILED)
    assert len(chat.got) == 2
    names = {path.name for path in (home / "alerts").iterdir()}
    assert names == {file.name, f"{file.stem}.damaged", "folder.damaged"}


def test_two_machines_share_what_was_told(
    chat: Receiver, home: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through MLflow: what one has told, the other does not repeat; what cannot be read is told again."""
    uri = f"sqlite:///{home / 'mlflow.db'}"
    config = load_config(alerted(home, made, mlflow={"tracking_uri": uri}))
    store = store_of(home.parent / "churn.yaml")
    alert_outcome(config, "verify", FAILED)
    monkeypatch.setenv("PODIUM_HOME", str(home.parent / "other"))
    alert_outcome(config, "verify", FAILED)
    assert len(chat.got) == 1
    tags = store.client.get_experiment(store.decisions_id).tags
    (name,) = [name for name in tags if name.endswith("chat/verification")]
    store.client.set_experiment_tag(store.decisions_id, name, json.dumps({"name": 1}))
    monkeypatch.setenv("PODIUM_HOME", str(home.parent / "third"))
    alert_outcome(config, "verify", FAILED)
    assert len(chat.got) == 2


def test_each_channel_can_be_tried(chat: Receiver, home: Path, made: Path) -> None:
    """A test message goes to each, and the answer is no if one does not take it; a dry run sends none."""
    from flows.alerts import try_channels

    channels = {"chat": {"url_env": "HERE", "minimum": "critical"}, "unset": {"url_env": "PODIUM_NOT_SET"}}
    config = str(project(home.parent, made, alerts={"channels": channels}))
    assert try_channels(config, ("chat",), dry_run=True).missed == ()
    assert chat.got == []
    with pytest.raises(NegativeAnswerError, match="not reached: unset") as no:
        try_channels(config)
    outcome = no.value.answer
    assert isinstance(outcome, TrialOutcome)
    assert "PODIUM_NOT_SET is not set" in str(outcome.deliveries[1].problem)
    assert chat.titles == ["[test] churn: podium alerts test"]
    with pytest.raises(PodiumError, match="nobody: no such channel"):
        try_channels(config, ("nobody",))
