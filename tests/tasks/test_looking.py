"""What is new is found, and the best are listed, whoever logged them and whatever became of them since."""

from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import LoggedModelStatus, Metric
from mlflow.entities.model_registry import ModelVersion, ModelVersionTag

from benchmarks.servers import MlflowServer
from configs.schema import MlflowSection
from podium.candidate import Rules
from podium.measurement import Holdout
from podium.shortlist import Shortlist
from tasks.candidates import News, list_best, list_further, look_for_news, register, remember
from tasks.effects import looking
from tasks.effects.store import BACKED_BY, Store, connect, logged_model_of

HOLDOUT = Holdout("holdout", "d" * 32, np.array(["0", "1"]), "1")
SECTION = MlflowSection()
RULES = Rules()


def log(store: Store, name: str, f1: float | None, *, ready: bool = True, at: int = 1, digest: str = "d" * 32) -> str:
    """Log a model by the client, measured on the holdout if an F1 is given; returns its id."""
    run = store.client.create_run(store.experiment_id, start_time=1, run_name=name)
    model = store.client.create_logged_model(store.experiment_id, name, run.info.run_id)
    if f1 is not None:
        measured = Metric("holdout_f1_score", f1, at, 0, model.model_id, "holdout", digest)
        store.client.log_batch(run.info.run_id, [measured])
    if ready:
        store.client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    return str(model.model_id)


def seen(section: MlflowSection = SECTION) -> News:
    """What a selection finds new, once it has remembered it."""
    news = look_for_news.fn(section, HOLDOUT)
    remember.fn(section, HOLDOUT, news, news.unmeasured)
    return news


def names(news: News) -> set[str]:
    """The models that are to be measured."""
    return {c.model_id for c in news.unmeasured}


def listed(count: int = 10, champion: str | None = None) -> Shortlist:
    """The best of the store."""
    return list_best.fn(SECTION, HOLDOUT, RULES, count, champion, look_for_news.fn(SECTION, HOLDOUT).now)


@pytest.fixture
def store(home: Path) -> Store:
    """A store with three measured candidates."""
    found = connect(SECTION)
    for name, f1 in (("a", 0.7), ("b", 0.8), ("c", 0.6)):
        log(found, name, f1)
    return found


def test_what_was_seen_is_not_looked_at_again(store: Store) -> None:
    """With nothing new one model is read of the list; the newest, whoever logged it, is found."""
    assert len(seen().unregistered) == 3
    page = looking._oldest(store, look_for_news.fn(SECTION, HOLDOUT).now.page)
    assert [m.name for m in page[0]] == ["c"]
    log(store, "newest", None)
    assert names(seen()) == {"newest"}


def test_what_could_not_be_measured_is_found_again(store: Store) -> None:
    """Until it is measured it is asked for each time, and no longer then."""
    log(store, "odd", None)
    assert names(seen()) == names(seen()) == {"odd"}
    (model,) = [m for m in store.logged_models() if m.name == "odd"]
    number = Metric("holdout_f1_score", 0.9, 2, 0, model.model_id, "holdout", "d" * 32)
    store.client.log_batch(model.source_run_id, [number])
    killed = seen()
    assert (names(killed), [c.model_id for c in killed.unregistered]) == (set(), ["odd"])
    assert not looking.open_models(store, HOLDOUT)
    assert look_for_news.fn(SECTION, HOLDOUT).now.measured == 4


def test_a_model_that_becomes_ready_late_is_found(store: Store) -> None:
    """Seen while it was being uploaded, it is measured once it is complete; so is one whose run comes back."""
    late = log(store, "late", None, ready=False)
    back = log(store, "back", None)
    (run,) = [m.source_run_id for m in store.logged_models() if m.model_id == back]
    store.client.delete_run(run)
    assert names(seen()) == set()
    store.client.finalize_logged_model(late, LoggedModelStatus.READY)
    store.client.restore_run(run)
    assert names(seen()) == {"late", "back"}


def test_a_model_that_comes_in_before_the_last_is_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client with a clock that is wrong by a year logs one: the list is read from its beginning."""
    seen()
    with monkeypatch.context() as patch:
        patch.setattr("mlflow.store.tracking.sqlalchemy_store.get_current_time_millis", lambda: 1000)
        log(store, "old", None)
    assert names(seen()) == {"old"}
    assert look_for_news.fn(SECTION, HOLDOUT).now.measured == 3


def test_a_deleted_model_and_a_mark_of_another_server_cost_a_reading_and_nothing_else(store: Store) -> None:
    """Both make the list be read from its beginning."""
    seen()
    (first,) = [m for m in store.logged_models() if m.name == "a"]
    store.client.delete_logged_model(first.model_id)
    log(store, "new", None)
    assert names(seen()) == {"new"}
    assert look_for_news.fn(SECTION, HOLDOUT).now.measured == 2
    broken = look_for_news.fn(SECTION, HOLDOUT).now.as_text().replace('"page": "', '"page": "!')
    store.client.set_experiment_tag(store.experiment_id, looking.scan_tag(HOLDOUT), broken)
    assert names(seen()) == {"new"}


def test_another_digest_is_another_list(store: Store) -> None:
    """What was measured on other rows counts for nothing, and is to be measured."""
    log(store, "other", 0.99, digest="e" * 32)
    assert names(seen()) == {"other"}
    assert [c.model_id for c in listed().leading] == ["b", "a", "c"]


def test_a_measured_model_whose_run_was_deleted_is_out(store: Store) -> None:
    """However well it measured; the others move up."""
    (best,) = [m for m in store.logged_models() if m.name == "b"]
    store.client.delete_run(best.source_run_id)
    assert [c.model_id for c in listed().leading] == ["a", "c"]
    assert listed(champion=best.model_id).others == ()


def test_the_best_are_listed_page_by_page(store: Store) -> None:
    """The server sorts; a list goes on where it ended, and says how many there are."""
    for number in range(40):
        log(store, f"m{number:02}", 0.1 + number / 100)
    register.fn(SECTION, seen().unregistered)
    found = listed(4)
    assert [c.model_id for c in found.leading][:3] == ["b", "a", "c"]
    assert (len(found.leading), found.measured) == (4 + looking.SLACK, 43)
    assert found.more is not None
    assert all(c.version for c in found.leading)
    further = list_further.fn(SECTION, HOLDOUT, RULES, found)
    assert [c.metrics["f1_score"] for c in further.leading] == sorted(
        (c.metrics["f1_score"] for c in further.leading), reverse=True
    )
    whole = list_further.fn(SECTION, HOLDOUT, RULES, further)
    assert (len(whole.leading), whole.more) == (43, None)


def test_the_champion_and_the_highest_claim_are_listed_with_the_best(store: Store) -> None:
    """However far behind they are."""
    log(store, "loud", 0.2)
    (loud,) = [m for m in store.logged_models() if m.name == "loud"]
    store.client.log_metric(loud.source_run_id, "f1_score", 0.99)
    last = log(store, "last", 0.01)
    for number in range(30):
        log(store, f"m{number:02}", 0.5 + number / 1000)
    seen()
    assert {c.model_id for c in listed(2, last).others} == {"last", "loud"}


def test_a_server_gives_the_same(tmp_path: Path, home: Path) -> None:
    """Over HTTP the list is read on, and the best are listed, as in a database."""
    server = MlflowServer(tmp_path)
    server.start()
    try:
        section = MlflowSection(tracking_uri=server.url)
        store = connect(section)
        for number in range(25):
            log(store, f"m{number:02}", number / 100)
        assert len(register.fn(section, seen(section).unregistered)) == 25
        log(store, "new", None)
        assert names(seen(section)) == {"new"}
        found = list_best.fn(section, HOLDOUT, RULES, 2, None, look_for_news.fn(section, HOLDOUT).now)
        assert [c.model_id for c in found.leading][:2] == ["m24", "m23"]
        assert all(c.version for c in found.leading)
        whole = list_further.fn(section, HOLDOUT, RULES, found)
        assert len(whole.leading) == 25
    finally:
        server.kill()


def test_a_tag_says_nothing_of_a_version_whose_source_names_its_model() -> None:
    """Anybody may set a tag: what a version is served from is what it is measured by."""
    one, other = (f"m-{digit * 32}" for digit in "ab")
    tagged = [ModelVersionTag(BACKED_BY, other)]
    assert logged_model_of(ModelVersion("churn", "1", 0, source=f"models:/{one}", tags=tagged)) == one
    assert logged_model_of(ModelVersion("churn", "1", 0, source="runs:/r/model", tags=tagged)) == other
    assert logged_model_of(ModelVersion("churn", "1", 0, source="runs:/r/model")) is None
