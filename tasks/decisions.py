"""Writes and reads decision records: runs of the decisions experiment, each with ``decision.json`` and its report."""

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from mlflow.entities import Metric, Run, RunTag
from prefect import task
from prefect.artifacts import create_link_artifact
from prefect.cache_policies import NO_CACHE

from configs.loading import podium_home
from configs.schema import MlflowSection
from podium.decision import EMPTY, Decision, Head
from podium.redaction import without_password
from podium.report import Report
from podium.states import champion_after, first_state, logged_model_in
from tasks.effects.locks import Turn
from tasks.effects.records import LATE, keep_to_chain, note_newest, record_text
from tasks.effects.store import Store, connect, find

CHAINED = "tags.`podium.sequence` != ''"
PENDING = "tags.`podium.state` = 'pending'"
AWAITING = "tags.`podium.state` = 'awaiting'"
WRITING = "tags.`podium.state` = 'writing'"
SETTLED = "tags.`podium.state` = 'settled'"
LOOKED_AT = 10
"""Decisions on one version that are looked through: orders name its logged model only by the selection before."""
State = Literal["settled", "superseded", "undone", "approved", "rejected"]


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def last_decision(section: MlflowSection) -> Head:
    """Return the head of the chain of decisions; one that was never made has the sequence 0."""
    store = find(section)
    last = _newest(store, CHAINED) if store else None
    if store is None or last is None:
        return EMPTY
    settled = last if last.data.tags["podium.state"] == "settled" else _newest(store, f"{CHAINED} and {SETTLED}")
    return _head(last, settled.data.tags if settled else {})


def _newest(store: Store, wanted: str) -> Run | None:
    found = store.client.search_runs([store.decisions_id], wanted, order_by=["metrics.sequence DESC"], max_results=1)
    return found[0] if found else None


def _head(run: Run, settled: Mapping[str, str]) -> Head:
    tags, champion = run.data.tags, settled.get("podium.champion") or settled.get("podium.missed")
    sequence, digest, evidence = (tags[f"podium.{name}"] for name in ("sequence", "sha256", "evidence_digest"))
    return Head(int(sequence), digest, evidence, tags["podium.decision_id"], champion or None, "podium.missed" in tags)


@task(cache_policy=NO_CACHE)
def write_decision(section: MlflowSection, decision: Decision, report: Report, turn: Turn) -> str:
    """Write a decision and its report to MLflow and to ``PODIUM_HOME``; return the folder of the report.

    Raises:
        PodiumError: the turn to decide was lost; then it is not in the chain.
        ConfigError: the chain of the model is elsewhere.
    """
    store, content = connect(section), decision.content
    keep_to_chain(store, section)
    run_id = _run_for(store, decision)
    folder = podium_home() / "reports" / decision.decision_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(report.markdown, encoding="utf-8")
    (folder / "report.html").write_text(report.html, encoding="utf-8")
    store.client.log_artifacts(run_id, str(folder))
    with TemporaryDirectory() as scratch:
        path = Path(scratch, "decision.json")
        path.write_bytes(decision.text.encode("utf-8"))
        store.client.log_artifact(run_id, str(path))
    turn.require()
    number = Metric("sequence", content["sequence"], int(time.time() * 1000), 0)
    # One transaction: a decision is either in the chain, with its digest, or it is not there.
    store.client.log_batch(run_id, [number], tags=[RunTag(k, v) for k, v in _tags(decision).items()])
    # After it is in the chain: read the other way round, what was noted as the newest is never missed there.
    note_newest(store, content["sequence"], decision.sha256)
    store.client.set_terminated(run_id)
    return str(folder)


@task(cache_policy=NO_CACHE)
def link_report(section: MlflowSection, decision: Decision, folder: str) -> str:
    """Link a report from Prefect, to where MLflow's server shows it, else to its file; return the address."""
    store = connect(section)
    link = Path(folder, "report.html").as_uri()
    if store.uri.startswith(("http://", "https://")):
        place = f"#/experiments/{store.decisions_id}/runs/{_run_for(store, decision)}/artifacts/report.html"
        link = f"{without_password(store.uri).rstrip('/')}/{place}"
    told = f"{decision.content['verdict']}, decision {decision.decision_id}"
    create_link_artifact(link, link_text="report.html", key="podium-report", description=told)
    return link


def _run_for(store: Store, decision: Decision) -> str:
    """Return the run of a decision: the one that an interrupted writing left, or a new one."""
    left = store.client.search_runs(
        [store.decisions_id], f"tags.`podium.decision_id` = '{decision.decision_id}'", max_results=1
    )
    if left:
        return str(left[0].info.run_id)
    name = f"{decision.content['sequence']:04d} {decision.content['verdict']}"
    tags = {"podium.decision_id": decision.decision_id, "podium.state": "writing"}
    return str(store.client.create_run(store.decisions_id, int(time.time() * 1000), tags, name).info.run_id)


def _tags(decision: Decision) -> dict[str, str]:
    content = decision.content
    missed = content.get("missed") if champion_after(decision) is None else None
    return {
        **({"podium.missed": missed} if missed else {}),
        "podium.sequence": str(content["sequence"]),
        "podium.sha256": decision.sha256,
        "podium.evidence_digest": content["evidence_digest"],
        "podium.verdict": content["verdict"],
        "podium.champion": champion_after(decision) or "",
        "podium.state": first_state(decision),
    }


@task(cache_policy=NO_CACHE)
def close_decision(section: MlflowSection, decision_id: str, state: State) -> None:
    """Mark a decision as carried out, or as overtaken by somebody who changed production meanwhile."""
    _tag(connect(section), decision_id, "podium.state", state)


@task(cache_policy=NO_CACHE)
def note_late(section: MlflowSection, decision_id: str, at: str) -> None:
    """Note that a decision that was interrupted is carried out only now, at an ISO time."""
    _tag(connect(section), decision_id, LATE, at)


def _tag(store: Store, decision_id: str, name: str, value: str) -> None:
    # Only what is in the chain: a writing whose answer was lost may have begun a second run of the same decision.
    wanted = f"tags.`podium.decision_id` = '{decision_id}' and {CHAINED}"
    for run in store.client.search_runs([store.decisions_id], wanted, max_results=1):
        store.client.set_tag(run.info.run_id, name, value)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def waiting_decision(section: MlflowSection) -> Decision | None:
    """Return the decision that waits for approval, if there is one whose record is what was written."""
    store = find(section)
    run = _newest(store, f"{CHAINED} and {AWAITING}") if store else None
    waiting = _read(run) if run else None
    return None if waiting is None or waiting.is_changed else waiting


def _read(run: Run) -> Decision:
    return Decision(record_text(run), run.data.tags["podium.sha256"])


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def logged_model_decided(section: MlflowSection, version: str) -> str | None:
    """Return the logged model of a version that was decided to be in production, as the records name it."""
    store = connect(section)
    wanted, order = f"{CHAINED} and tags.`podium.champion` = '{version}'", ["metrics.sequence DESC"]
    runs = store.client.search_runs([store.decisions_id], wanted, order_by=order, max_results=LOOKED_AT)
    found = (logged_model_in(_read(run), version) for run in runs)
    return next((model_id for model_id in found if model_id), None)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def is_any_pending(section: MlflowSection) -> bool:
    """Whether a decision was recorded and not carried out, or is just being so."""
    store = find(section)
    return bool(store and store.client.search_runs([store.decisions_id], PENDING, max_results=1))


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=1)
def pending_decisions(section: MlflowSection) -> list[Decision]:
    """Return the decisions that were recorded and not carried out, newest first, and what waits with a changed record.

    What was left of decisions that were not even recorded is deleted: only for whoever alone may decide now.
    """
    store, order = connect(section), ["metrics.sequence DESC"]
    for run in store.client.search_runs([store.decisions_id], WRITING, max_results=100):
        store.client.delete_run(run.info.run_id)
    left = store.client.search_runs([store.decisions_id], PENDING, order_by=order, max_results=100)
    waiting = store.client.search_runs([store.decisions_id], f"{CHAINED} and {AWAITING}", max_results=100)
    return [*map(_read, left), *(decision for decision in map(_read, waiting) if decision.is_changed)]
