"""A winner that must be approved waits; a person settles it, and the same evidence does not ask twice."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import mlflow
import pandas as pd
import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType
from sklearn.linear_model import LogisticRegression

from configs.loading import load_config
from deployments.declared import read_declared
from flows.approval import approve, reject, review
from flows.history import chain_json, history
from flows.migration import migrate
from flows.pinning import pin
from flows.retirement import retire
from flows.selection import select
from podium.decision import Decision
from podium.errors import NegativeAnswerError, UsageError
from podium.outcome import Pin
from tasks.effects.store import Store, connect
from tasks.promotion import switch_champion
from tasks.standing import set_pin
from tests.flows.projects import FOREST, LOGISTIC, add_staged, project, refused, store_of
from tests.flows.test_transaction import states, vanish, when

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def config(home: Path, made: Path) -> Path:
    """A project with two candidates, whose policy asks for approval."""
    path = project(home.parent, made, LOGISTIC, FOREST, policy={"approval": "required"})
    migrate(str(path))
    return path


def decisions(config: Path) -> list[dict[str, Any]]:
    """The records of an unbroken chain."""
    chain = chain_json(history(str(config)))
    assert chain["unbroken"], chain["broken_at"]
    found: list[dict[str, Any]] = chain["decisions"]
    return found


def test_a_winner_waits_and_is_promoted_once_approved(config: Path) -> None:
    """Nothing changes before that, selecting again asks once, and the record names who approved."""
    outcome = select(str(config))
    assert (outcome.selection.verdict, outcome.awaits_approval, store_of(config).aliases()) == ("promote", True, {})
    assert "waits for `podium approve`" in outcome.selection.reasons[-1]
    again = select(str(config))
    assert (again.decision_id, again.recorded, again.awaits_approval) == (outcome.decision_id, False, True)
    done = approve(str(config), str(outcome.decision_id), asked_by="alice")
    assert done.production.model_id == LOGISTIC
    told = [(d["verdict"], d["asked_by"], d["state"]) for d in decisions(config)]
    assert told == [("promote", "user", "approved"), ("approve", "alice", "settled")]
    last = select(str(config))
    assert (last.selection.verdict, last.recorded) == ("keep", False)
    with pytest.raises(UsageError, match="waits for approval; none does"):
        approve(str(config), str(outcome.decision_id))


def test_what_was_rejected_does_not_ask_again(config: Path) -> None:
    """The next best is asked for instead, and the reason names who rejected the best."""
    first = select(str(config))
    reject(str(config), str(first.decision_id), asked_by="bob")
    second = select(str(config))
    assert second.awaits_approval
    assert "was rejected by bob" in " ".join(second.selection.reasons)
    approve(str(config), str(second.decision_id))
    version = store_of(config).aliases()["champion"]
    assert store_of(config).client.get_model_version("churn", version).tags["podium.model_id"] == FOREST


def test_what_was_deleted_can_still_be_settled(config: Path) -> None:
    """Somebody deletes the version that waits: an approval says so, a rejection is done, and nothing is blocked."""
    waiting = select(str(config))
    best = next(v.version for v in store_of(config).versions() if v.tags["podium.model_id"] == LOGISTIC)
    store_of(config).client.delete_model_version("churn", best)
    with pytest.raises(NegativeAnswerError, match=f"version {best} of churn was deleted; run `podium select`"):
        approve(str(config), str(waiting.decision_id))
    reject(str(config), str(waiting.decision_id))
    assert states(config) == ["rejected", "settled"]
    again = select(str(config))
    assert again.selection.promoted is not None
    assert again.selection.promoted.model_id == FOREST, "its logged model is registered again, and held"
    assert "version 3 was rejected by user" in again.selection.reasons[-2]


def test_what_waits_with_a_changed_record_is_not_approved(config: Path) -> None:
    """Neither as it is nor by the id of what it says now: it is put aside, and the next selection asks anew."""
    waiting = select(str(config))
    (run,) = store_of(config).client.search_runs([store_of(config).decisions_id])
    record = Path(run.info.artifact_uri.removeprefix("file://"), "decision.json")
    record.write_text(record.read_text().replace('"asked_by":"user"', '"asked_by":"else"'))
    assert select(str(config), dry_run=True).selection.verdict == "promote"
    for named in (Decision(record.read_text()).decision_id, str(waiting.decision_id)):
        with pytest.raises(UsageError, match="waits for approval; none does"):
            approve(str(config), named)
    assert (states(config), store_of(config).aliases()) == (["superseded"], {})
    assert select(str(config)).awaits_approval
    assert states(config) == ["superseded", "awaiting"]


def test_an_approval_of_what_was_decided_against_another_champion_is_refused(config: Path) -> None:
    """Production was changed by hand meanwhile: the answer is no, and the next selection decides anew."""
    waiting = select(str(config))
    with pytest.raises(UsageError, match=f"decision {waiting.decision_id} does"):
        approve(str(config), "another")
    versions = {v.tags["podium.model_id"]: str(v.version) for v in store_of(config).versions()}
    store_of(config).client.set_registered_model_alias("churn", "champion", versions[FOREST])
    with pytest.raises(NegativeAnswerError, match="run `podium select`"):
        approve(str(config), str(waiting.decision_id))
    assert store_of(config).aliases() == {"champion": versions[FOREST]}
    assert select(str(config)).decision_id != waiting.decision_id


def test_an_approval_waits_for_the_pin(home: Path, made: Path) -> None:
    """A pinned champion is not replaced by an approval either."""
    config = project(home.parent, made, FOREST, policy={"approval": "required"})
    migrate(str(config))
    approve(str(config), str(select(str(config)).decision_id))
    add_staged(config, made, LOGISTIC)
    migrate(str(config))
    waiting = select(str(config))
    assert waiting.awaits_approval
    pin(str(config), asked_by="ann")
    with pytest.raises(NegativeAnswerError, match=r"pinned by ann .*podium unpin"):
        approve(str(config), str(waiting.decision_id))


def rewritten(config: Path, **policy: Any) -> None:
    """Change the policy of a config."""
    content = yaml.safe_load(config.read_text())
    content["policy"].update(policy)
    config.write_text(yaml.safe_dump(content))


def test_an_approval_of_what_was_decided_by_another_policy_is_refused(config: Path) -> None:
    """What people approve is the evidence that they saw; the next selection decides anew."""
    waiting = select(str(config))
    rewritten(config, ties=["older"])
    with pytest.raises(NegativeAnswerError, match="decided by another policy; run `podium select`"):
        approve(str(config), str(waiting.decision_id))
    assert store_of(config).aliases() == {}
    assert select(str(config)).decision_id != waiting.decision_id


def test_an_approval_of_files_that_are_others_by_now_is_refused(config: Path) -> None:
    """Between decision and approval the winner's files become those of another model: it measures otherwise."""
    waiting = select(str(config))
    models = {m.name: Path(m.artifact_location.removeprefix("file://")) for m in store_of(config).logged_models()}
    shutil.rmtree(models[LOGISTIC])
    shutil.copytree(models[FOREST], models[LOGISTIC])
    with pytest.raises(NegativeAnswerError, match=r"does not stand any more: its logged .* but it measures"):
        approve(str(config), str(waiting.decision_id))
    assert store_of(config).aliases() == {}


def test_what_was_approved_and_failed_is_held_back(config: Path) -> None:
    """Its files vanish after the switch: it is taken back, and not asked for again on the same rows."""
    waiting = select(str(config))
    with (
        when("verifying what is in production now", lambda: vanish(config, LOGISTIC)),
        pytest.raises(NegativeAnswerError, match="failed its verification after the switch"),
    ):
        approve(str(config), str(waiting.decision_id))
    told = [(d["verdict"], d["state"]) for d in decisions(config)]
    assert told == [("promote", "approved"), ("approve", "undone"), ("rollback", "settled")]
    outcome = select(str(config))
    assert outcome.selection.promoted is not None
    assert outcome.selection.promoted.model_id == FOREST
    assert any("rolled back by podium" in reason for reason in outcome.selection.reasons)


@contextmanager
def decision(store: Store, state: str, version: str) -> Iterator[None]:
    """A recorded decision of some state that promotes a version, for a while."""
    tags = {"podium.state": state, "podium.champion": version}
    run = store.client.create_run(store.decisions_id, tags=tags)
    yield
    store.client.set_tag(run.info.run_id, "podium.state", "settled")


def test_retention_lists_what_would_go_and_spares_what_is_named(home: Path, made: Path) -> None:
    """Champion, previous, challenger, pinned, tagged, and what a waiting or interrupted decision names: all stay."""
    names = [LOGISTIC, *sorted(f.name for f in (made / "staging").iterdir() if f.name != LOGISTIC)]
    rule = {"keep_previous": 1, "delete_older": True}
    config = project(home.parent, made, *names, retention=rule, policy={"approval": "required"})
    migrate(str(config))
    section, store = load_config(config).mlflow, store_of(config)
    versions = {v.tags["podium.model_id"]: str(v.version) for v in store.versions()}
    order = [versions[name] for name in names]
    for day, (before, number) in enumerate(pairwise([None, *order]), start=1):
        switch_champion.fn(section, str(number), before, f"2026-01-0{day}T00:00:00+00:00")
    waits, tagged, pinned, challenger, interrupted, *goes, previous, champion = order
    store.client.set_model_version_tag("churn", tagged, "podium.keep", "audit")
    store.client.set_registered_model_alias("churn", "challenger", challenger)
    set_pin.fn(section, Pin(pinned, "alice", "2026-01-09T00:00:00+00:00"))
    with decision(store, "pending", interrupted), decision(store, "awaiting", waits):
        planned = {r.version: r.action for r in retire(str(config), dry_run=True).retired}
        kept = {waits, tagged, pinned, challenger, interrupted, previous}
        assert planned == dict.fromkeys(goes, "delete") | dict.fromkeys(kept, "archive")
        assert len(goes) > 0
        assert len(store.versions()) == len(order), "a dry run deletes nothing"
    gone = {*goes, interrupted}
    with decision(store, "awaiting", waits):
        assert {r.version for r in retire(str(config)).retired if r.action == "delete"} == gone
        assert {str(v.version) for v in store.versions()} == {*order} - gone
        assert store.aliases() == {"champion": champion, "previous": previous, "challenger": challenger}
        assert retire(str(config)).retired == ()
    freed = {r.version: r.action for r in retire(str(config), dry_run=True).retired}
    assert freed == {waits: "delete"}, "once it is settled it goes"


def test_a_production_model_of_a_registry_with_stages_is_adopted(home: Path, made: Path) -> None:
    """Marked by the deprecated stage alone it becomes the champion, as a decision, and is kept if it is the best."""
    config = project(home.parent, made, LOGISTIC, FOREST, mlflow={"mirror_stages": True})
    migrate(str(config))
    store = store_of(config)
    versions = {v.tags["podium.model_id"]: str(v.version) for v in store.versions()}
    store.client.transition_model_version_stage("churn", versions[FOREST], "Production")
    outcome = select(str(config))
    assert [d["verdict"] for d in decisions(config)] == ["adopt", "promote"]
    assert (outcome.production.champion, outcome.production.previous) == (versions[LOGISTIC], versions[FOREST])
    stages = {str(v.version): v.current_stage for v in store.versions()}
    assert stages == {versions[LOGISTIC]: "Production", versions[FOREST]: "Archived"}


def test_a_registry_from_before_logged_models_is_adopted(home: Path, made: Path, churn_csv: Path) -> None:
    """Its version is of a run alone: it is measured, stays what it is, and others are compared with it.

    A preview writes nothing, so that it refuses: what is in production cannot be compared yet.
    """
    config = project(home.parent, made, LOGISTIC, policy={"approval": "required"})
    version = registered_as_before(registry_of_others(config), made, churn_csv)
    seen = refused(select, config, dry_run=True)
    assert seen.production.champion == version, "there are no experiments of this config yet"
    migrate(str(config))
    store = store_of(config)
    seen = refused(select, config, dry_run=True)
    assert (seen.production.champion, store.aliases()) == (version, {})
    assert "the champion cannot be compared" in seen.selection.reasons[0]
    outcome = select(str(config))
    assert outcome.production.champion == version
    assert decisions(config)[0]["verdict"] == "adopt"
    assert {r.candidate.version: r.place is not None for r in outcome.selection.ranking} == {version: True, "2": True}
    again = select(str(config))
    assert (again.recorded, len(store.logged_models())) == (False, 2)


def registry_of_others(config: Path) -> Store:
    """The registered model of a config with an experiment that is not the config's."""
    return connect(load_config(config).mlflow.model_copy(update={"experiment": "theirs"}))


def registered_as_before(store: Store, made: Path, churn_csv: Path) -> str:
    """Register a model of a run as MLflow 2 did, and put it into the stage Production; returns the version."""
    rows = pd.read_parquet(made / "holdout.parquet")
    model = LogisticRegression(max_iter=1000).fit(rows[["tenure", "MonthlyCharges"]], rows["churn"])
    run = store.client.create_run(store.experiment_id, run_name="old")
    with tempfile.TemporaryDirectory() as folder:
        mlflow.sklearn.save_model(model, folder, input_example=rows[["tenure", "MonthlyCharges"]].head(3))
        store.client.log_artifacts(run.info.run_id, folder, "model")
    store.client.set_terminated(run.info.run_id)
    source = f"runs:/{run.info.run_id}/model"
    found = store.client.create_model_version("churn", source, run.info.run_id)
    store.client.transition_model_version_stage("churn", found.version, "Production")
    return str(found.version)


def executed(run_id: UUID, home: Path, server: str) -> None:
    """Run a flow run of a deployment in a process of its own, as a worker does."""
    command = [str(Path(sys.executable).with_name("prefect")), "flow-run", "execute", str(run_id)]
    environment = {**os.environ, "PREFECT_API_URL": server, "PODIUM_HOME": str(home)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]


def test_a_person_answers_in_prefect(config: Path, home: Path, prefect_server: str) -> None:
    """The deployment suspends its run, asks by name, and settles the decision as it was answered; no worker waits."""
    waiting = select(str(config))
    with pytest.raises(UsageError, match=f"podium approve {waiting.decision_id}"):
        review(str(config))
    RunnerDeployment.from_flow(review, "review", entrypoint_type=EntrypointType.MODULE_PATH).apply()
    run = run_deployment("review/review", parameters={"config_path": str(config)}, timeout=0, as_subflow=False)
    assert isinstance(run, FlowRun)
    executed(run.id, home, prefect_server)
    with get_client(sync_client=True) as client:
        suspended = client.read_flow_run(run.id)
        assert suspended.state is not None
        assert suspended.state.name == "Suspended"
        assert store_of(config).aliases() == {}
        answer = {"approve": True, "asked_by": "alice"}
        assert client.resume_flow_run(run.id, run_input=answer).status.name == "ACCEPT"
        executed(run.id, home, prefect_server)
        ended = client.read_flow_run(run.id)
        assert ended.state is not None
        assert ended.state.is_completed(), ended.state.message
    assert in_production(config) == LOGISTIC
    assert [(d["verdict"], d["asked_by"]) for d in decisions(config)] == [("promote", "user"), ("approve", "alice")]
    assert review(str(config)) is None, "nothing waits any more"


def test_an_approval_is_a_deployment_that_takes_parameters(config: Path, prefect_server: str) -> None:
    """What Prefect's form asks for is the id of the decision and who approves."""
    declared = {
        d.name.removeprefix("churn-"): d.flow() for d in read_declared(Path(__file__).parents[2] / "prefect.yaml")
    }
    waiting = select(str(config))
    for name in ("approve", "reject"):
        assert {"decision_id", "asked_by"} <= set(declared[name].parameters.properties)
    declared["approve"](str(config), decision_id=str(waiting.decision_id), asked_by="alice")
    assert in_production(config) == LOGISTIC


def in_production(config: Path) -> str:
    """The model id of the champion."""
    store = store_of(config)
    version = store.client.get_model_version("churn", store.aliases()["champion"])
    return str(version.tags["podium.model_id"])
