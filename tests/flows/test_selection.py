"""The best measured candidate goes into production, with a record that says why."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.entities import Metric
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from configs.schema import RetentionSection
from flows.history import chain_json, history
from flows.migration import migrate
from flows.selection import select
from flows.verification import verify
from podium.outcome import SelectionOutcome
from podium.past import champion_at
from tasks.decisions import pending_decisions
from tasks.effects.store import RETIRED, Store
from tasks.promotion import retire_versions, switch_champion
from tests.flows.projects import (
    FOREST,
    LOGISTIC,
    TRAP,
    TWINS,
    add_staged,
    log_with_plain_mlflow,
    project,
    refused,
    store_of,
)

pytestmark = pytest.mark.usefixtures("prefect_server")


def champion(config: Path) -> str:
    """The model id that the alias champion points to."""
    version = store_of(config).client.get_model_version_by_alias("churn", "champion")
    return str(version.tags["podium.model_id"])


def migrated_and_selected(config: Path) -> SelectionOutcome:
    """Migrate what is staged, then select."""
    migrate(str(config))
    return select(str(config))


def test_the_measured_best_wins_and_not_the_claimed_one(home: Path, made: Path) -> None:
    """The overfitted model ranks last however much it claims, with an alarm; the honest best is promoted."""
    config = project(home.parent, made, LOGISTIC, FOREST, TRAP)
    document = migrated_and_selected(config).as_json()
    assert document["verdict"] == "promote"
    assert champion(config) == document["champion"]["model_id"] == LOGISTIC
    assert [r["model_id"] for r in document["ranking"]] == [LOGISTIC, FOREST, TRAP]
    assert "leaked or training-set" in document["ranking"][-1]["alarms"][0]
    assert any(TRAP in reason and "claims the best" in reason for reason in document["reasons"])


def test_selecting_again_changes_and_records_nothing(home: Path, made: Path) -> None:
    """With nothing new the champion is kept, nothing is measured, and no decision is added."""
    config = project(home.parent, made, LOGISTIC, FOREST)
    first = migrated_and_selected(config)
    measured = len(store_of(config).client.search_runs([store_of(config).decisions_id]))
    again = select(str(config))
    assert (again.selection.verdict, again.recorded, again.decision_id) == ("keep", False, first.decision_id)
    assert len(store_of(config).client.search_runs([store_of(config).decisions_id])) == measured == 1


def test_a_better_model_replaces_the_champion_and_the_old_one_is_kept(home: Path, made: Path) -> None:
    """The alias moves, the version before becomes previous and is archived, and the chain has two links."""
    config = project(home.parent, made, FOREST)
    migrated_and_selected(config)
    add_staged(config, made, LOGISTIC)
    outcome = migrated_and_selected(config)
    store = store_of(config)
    before = store.client.get_model_version_by_alias("churn", "previous")
    assert champion(config) == LOGISTIC
    assert (before.tags["podium.model_id"], before.tags["podium.stage"]) == (FOREST, "archived")
    assert outcome.production.previous == str(before.version)
    chain = chain_json(history(str(config)))
    assert ([d["sequence"] for d in chain["decisions"]], chain["unbroken"]) == ([1, 2], True)
    assert chain["decisions"][1]["previous_sha256"] == chain["decisions"][0]["sha256"]


def test_a_worse_model_is_recorded_and_kept_out(home: Path, made: Path) -> None:
    """New evidence that changes nothing is still a decision."""
    config = project(home.parent, made, LOGISTIC)
    migrated_and_selected(config)
    add_staged(config, made, FOREST)
    outcome = migrated_and_selected(config)
    assert (outcome.selection.verdict, outcome.recorded) == ("keep", True)
    assert champion(config) == LOGISTIC


def test_exact_twins_give_one_winner(home: Path, made: Path) -> None:
    """Of two models that measure the same, the rules choose, and the record names the rule."""
    config = project(home.parent, made, *TWINS)
    outcome = migrated_and_selected(config)
    first, second = outcome.selection.ranking
    assert first.value == second.value
    assert "exact tie" in first.reason
    assert champion(config) == first.candidate.model_id


def test_a_model_logged_by_plain_mlflow_is_a_candidate(home: Path, made: Path) -> None:
    """Whoever trained it, it is discovered, measured on the same rows, registered and ranked."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    config = project(home.parent, made, TRAP)
    migrate(str(config))
    rows = pd.read_parquet(made / "holdout.parquet")
    columns = ["tenure", "MonthlyCharges", "SeniorCitizen"]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[columns], rows["churn"])
    log_with_plain_mlflow(config, model, rows[columns], "somebody's training", f1=0.99)
    outcome = select(str(config))
    found = {r.candidate.model_id: r.candidate for r in outcome.selection.ranking}["somebody's training"]
    assert found.version is not None
    assert found.recorded["f1_score"] == 0.99
    assert 0.5 < found.metrics["f1_score"] < 0.9


def test_a_model_that_cannot_be_measured_is_listed_with_its_reason(home: Path, made: Path) -> None:
    """A candidate whose columns the holdout lacks has no place, and the others are not held up."""
    config = project(home.parent, made, LOGISTIC)
    migrate(str(config))
    rows = pd.DataFrame({"unknown_column": [0.0, 1.0]})
    log_with_plain_mlflow(config, DummyClassifier().fit(rows, [0, 1]), rows, "elsewhere")
    outcome = select(str(config))
    out = [r for r in outcome.selection.ranking if r.place is None]
    assert [(r.candidate.model_id, "unknown_column" in r.reason) for r in out] == [("elsewhere", True)]
    assert champion(config) == LOGISTIC


def test_without_a_holdout_claims_are_ranked_and_refused(home: Path, made: Path) -> None:
    """The trap leads by its claim; the answer is no, loudly, and the report says that nothing was measured."""
    config = project(home.parent, made, LOGISTIC, TRAP, holdout=None)
    migrate(str(config))
    outcome = refused(select, config)
    assert outcome.selection.verdict == "refuse"
    assert outcome.selection.ranking[0].candidate.model_id == TRAP
    assert store_of(config).aliases() == {}
    assert "These are claims" in Path(outcome.report, "report.html").read_text()
    assert "these are claims" in Path(outcome.report, "report.md").read_text()


def test_without_a_holdout_the_policy_may_accept_claims(home: Path, made: Path) -> None:
    """Told to, it promotes on claims, and every sentence says so."""
    policy = {"evidence": {"without_holdout": "promote"}}
    config = project(home.parent, made, LOGISTIC, TRAP, holdout=None, policy=policy)
    outcome = migrated_and_selected(config)
    assert champion(config) == TRAP
    assert "CLAIMS" in outcome.selection.reasons[0]


def test_a_dry_run_writes_nothing(home: Path, made: Path) -> None:
    """A dry run gives the verdict and leaves aliases and decisions alone."""
    config = project(home.parent, made, LOGISTIC)
    migrate(str(config))
    assert select(str(config), dry_run=True).selection.verdict == "promote"
    assert store_of(config).aliases() == {}
    assert not history(str(config)).decisions


def test_nothing_to_choose_from_is_a_refusal(home: Path, made: Path) -> None:
    """An empty experiment gives the verdict refuse."""
    assert refused(select, project(home.parent, made)).selection.verdict == "refuse"


def test_the_report_is_logged_and_opens_offline(home: Path, made: Path) -> None:
    """The decision's run holds record and report; the HTML loads nothing and runs nothing."""
    config = project(home.parent, made, LOGISTIC, TRAP)
    outcome = migrated_and_selected(config)
    store = store_of(config)
    (run,) = store.client.search_runs([store.decisions_id])
    names = {f.path for f in store.client.list_artifacts(run.info.run_id)}
    assert names == {"decision.json", "report.html", "report.md"}
    assert outcome.report is not None
    html = Path(outcome.report, "report.html").read_text()
    assert LOGISTIC in html
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")
    with get_client(sync_client=True) as client:
        (linked,) = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["podium-report"])),
            sort=ArtifactSort.UPDATED_DESC,
            limit=1,
        )
    assert Path(outcome.report, "report.html").as_uri() in str(linked.data)


def test_one_changed_byte_of_a_record_is_found(home: Path, made: Path) -> None:
    """A decision that was edited after it was written breaks the chain."""
    config = project(home.parent, made, LOGISTIC)
    migrated_and_selected(config)
    store = store_of(config)
    (run,) = store.client.search_runs([store.decisions_id])
    path = Path(mlflow.artifacts.download_artifacts(f"{run.info.artifact_uri}/decision.json"))
    record = json.loads(path.read_text())
    path.write_text(path.read_text().replace(record["decided_at"], record["decided_at"].replace("20", "19", 1)))
    assert "changed" in (history(str(config)).broken_at or "")


def interrupt_after_record(store: Store, config: Path) -> None:
    """Leave a recorded promotion as a kill before the switch leaves it."""
    (run,) = store.client.search_runs([store.decisions_id])
    store.client.set_tag(run.info.run_id, "podium.state", "pending")
    store.client.delete_registered_model_alias("churn", "champion")


def test_an_interrupted_promotion_is_finished_by_the_next_run(home: Path, made: Path) -> None:
    """Recorded but not switched, the champion is there after one more run, and no decision is added."""
    config = project(home.parent, made, LOGISTIC)
    migrated_and_selected(config)
    interrupt_after_record(store_of(config), config)
    outcome = select(str(config))
    assert champion(config) == LOGISTIC
    assert outcome.recorded is False
    assert pending_decisions.fn(store_section(config)) == []
    seen = champion_at(history(str(config)), datetime.now(UTC))
    assert str(seen.carried_out_at) > str(seen.decided_at)
    assert champion_at(history(str(config)), datetime.fromisoformat(str(seen.decided_at))).version is None


def store_section(config: Path):  # type: ignore[no-untyped-def]
    """The MLflow section of a config file."""
    from configs.loading import load_config

    return load_config(config).mlflow


@pytest.mark.parametrize(("days", "kept"), [(0, {"3"}), (3_650, {"1", "2", "3"})])
def test_old_versions_are_deleted_only_where_the_rule_says_so(
    home: Path, made: Path, days: int, kept: set[str]
) -> None:
    """Beyond the last kept ones and the young, former production versions go; never the one an alias points to."""
    config = project(home.parent, made, LOGISTIC, FOREST, *TWINS)
    migrate(str(config))
    section = store_section(config)
    for number, before in (("1", None), ("2", "1"), ("3", "2"), ("4", "3")):
        switch_champion.fn(section, number, before, f"2026-01-0{number}T00:00:00+00:00")
    retire_versions.fn(section, RetentionSection(keep_previous=1, delete_older=True, keep_days=days), "4")
    left = {str(v.version): v.tags["podium.stage"] for v in store_of(config).versions()}
    assert left == {"4": "production", **dict.fromkeys(kept, "archived")}


def test_a_version_that_retention_deleted_does_not_come_back(home: Path, made: Path) -> None:
    """Neither the next migration nor the next selection registers it again."""
    config = project(home.parent, made, LOGISTIC, FOREST, TRAP)
    migrate(str(config))
    section = store_section(config)
    numbers = {v.tags["podium.model_id"]: str(v.version) for v in store_of(config).versions()}
    order = [numbers[TRAP], numbers[FOREST], numbers[LOGISTIC]]
    for day, (version, before) in enumerate(zip(order, [None, *order], strict=False), start=1):
        switch_champion.fn(section, version, before, f"2026-01-0{day}T00:00:00+00:00")
    retire_versions.fn(section, RetentionSection(keep_previous=1, delete_older=True), numbers[LOGISTIC])
    states = {o.model_id: o.state for o in migrate(str(config)).outcomes}
    assert states == dict.fromkeys((LOGISTIC, FOREST, TRAP), "skipped")
    out = [(r.candidate.model_id, r.reason) for r in select(str(config)).selection.ranking if r.place is None]
    assert out == [(TRAP, "its version was deleted by the retention rule")]
    assert {str(v.version) for v in store_of(config).versions()} == {numbers[FOREST], numbers[LOGISTIC]}


def test_a_version_that_retention_only_meant_to_delete_stays_a_candidate(home: Path, made: Path) -> None:
    """Killed between the mark and the deletion, and then kept by a tag: the model is there, and counts."""
    config = project(home.parent, made, LOGISTIC, FOREST)
    migrate(str(config))
    for model in store_of(config).logged_models():
        store_of(config).client.set_logged_model_tags(model.model_id, {RETIRED: "version 1 deleted"})
    assert {o.code for o in migrate(str(config)).outcomes} == {"known"}
    assert select(str(config)).production.model_id == LOGISTIC


def test_a_version_that_somebody_deleted_is_registered_again(home: Path, made: Path) -> None:
    """The same bytes make no second run or logged model, only the version that is missing."""
    config = project(home.parent, made, LOGISTIC)
    migrate(str(config))
    store = store_of(config)
    (before,) = store.versions()
    store.client.delete_model_version("churn", before.version)
    (outcome,) = migrate(str(config)).of("migrated")
    assert "registered again" in outcome.reason
    assert outcome.run_id == before.run_id
    assert len(store.logged_models()) == 1


def test_another_average_is_another_metric(home: Path, made: Path) -> None:
    """The ranking follows the average of the policy, on numbers that are measured once for all of them."""
    config = project(home.parent, made, LOGISTIC, policy={"primary": {"average": "binary"}})
    ranked = migrated_and_selected(config).selection.ranking[0]
    assert ranked.value == ranked.candidate.metrics["class_1.f1_score"]
    assert ranked.value != ranked.candidate.metrics["f1_score"]


def test_a_winner_whose_files_are_gone_is_not_promoted(home: Path, made: Path) -> None:
    """The best by number does not load any more: the next best goes into production, and the report says why."""
    config = project(home.parent, made, LOGISTIC, FOREST)
    migrate(str(config))
    store = store_of(config)
    (gone,) = [m for m in store.logged_models() if m.name == LOGISTIC]
    shutil.rmtree(Path(gone.artifact_location.removeprefix("file://")))
    outcome = select(str(config))
    assert champion(config) == FOREST
    (row,) = [r for r in outcome.as_json()["ranking"] if r["model_id"] == LOGISTIC]
    assert row["place"] is None
    assert "files are gone" in row["reason"]


def test_a_holdout_metric_that_anyone_logged_does_not_count(home: Path, made: Path) -> None:
    """Numbers that look measured and are not are found out before the promotion."""
    config = project(home.parent, made, LOGISTIC, TRAP)
    migrate(str(config))
    store = store_of(config)
    (trap,) = [m for m in store.logged_models() if m.name == TRAP]
    real = next(m for m in trap.metrics if m.key == "holdout_f1_score")
    later = real.timestamp + 1000
    forged = Metric(real.key, 0.99, later, 1, trap.model_id, real.dataset_name, real.dataset_digest)
    store.client.log_batch(trap.source_run_id, [forged])
    outcome = select(str(config))
    assert champion(config) == LOGISTIC
    (row,) = [r for r in outcome.as_json()["ranking"] if r["model_id"] == TRAP]
    assert "its logged f1_score is 0.9900, but it measures 0.7724" in row["reason"]


def test_a_deleted_run_takes_its_model_out(home: Path, made: Path) -> None:
    """Whoever deletes a run in MLflow does not want its model in production."""
    config = project(home.parent, made, LOGISTIC, FOREST)
    migrate(str(config))
    store = store_of(config)
    (best,) = [m for m in store.logged_models() if m.name == LOGISTIC]
    store.client.delete_run(best.source_run_id)
    select(str(config))
    assert champion(config) == FOREST


def test_a_metric_that_is_no_number_is_no_claim(home: Path, made: Path) -> None:
    """A NaN or infinity that somebody's training logged neither ends the selection nor ranks."""
    config = project(home.parent, made)
    rows = pd.read_parquet(made / "holdout.parquet")
    model = DummyClassifier().fit(rows[["tenure"]], rows["churn"])
    log_with_plain_mlflow(config, model, rows[["tenure"]], "odd", f1_score=float("inf"), recall=float("nan"))
    row = select(str(config)).as_json()["ranking"][0]
    assert "f1_score" not in row["recorded"]
    assert row["value"] < 1


def test_a_champion_that_no_logged_model_backs_is_not_replaced(home: Path, made: Path) -> None:
    """A production version from an older registry cannot be compared, and stays until it can."""
    config = project(home.parent, made, LOGISTIC)
    migrate(str(config))
    store = store_of(config)
    old = store.client.create_model_version("churn", (home / "somewhere").as_uri())
    store.client.set_registered_model_alias("churn", "champion", old.version)
    outcome = refused(select, config)
    assert "cannot be compared" in outcome.selection.reasons[0]
    assert store.aliases()["champion"] == str(old.version)


def test_the_answer_no_ends_the_run_as_failed(home: Path, made: Path) -> None:
    """A deployment that refuses or cannot verify is seen by whoever watches its runs."""
    config = project(home.parent, made)
    assert select(str(config), return_state=True).is_failed()
    assert verify(str(config), return_state=True).is_failed()
