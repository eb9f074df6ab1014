"""A rollback is a decision like any other, and stands until there is new evidence or somebody lifts it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from mlflow.entities import Run

from flows.history import chain_json, history
from flows.migration import migrate
from flows.pinning import pin, unpin
from flows.rollback import rollback
from flows.selection import select
from flows.verification import verify
from podium.errors import NegativeAnswerError, UsageError
from tests.flows.projects import FOREST, LOGISTIC, TRAP, add_staged, copy_database, project, store_of
from tests.flows.test_transaction import announced, states

pytestmark = pytest.mark.usefixtures("prefect_server")


def promoted_twice(folder: Path, made: Path, empty_database: Path) -> Path:
    """A project whose champion LOGISTIC (version 2) replaced FOREST (version 1), with a database of its own."""
    shutil.copy(empty_database, folder / "mlflow.db")
    config = project(folder, made, FOREST, mlflow={"tracking_uri": "sqlite:///mlflow.db"})
    migrate(str(config))
    select(str(config))
    add_staged(config, made, LOGISTIC)
    migrate(str(config))
    select(str(config))
    assert aliases(config) == {"champion": "2", "previous": "1"}
    return config


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, made: Path, empty_database: Path, prefect_server: str) -> Path:
    """Such a project, which no test changes."""
    return promoted_twice(tmp_path_factory.mktemp("base"), made, empty_database)


@pytest.fixture
def twice(base: Path, home: Path) -> Path:
    """A copy of it; what is in the artifact store they share."""
    shutil.copy(base.parent / "churn.yaml", home.parent / "churn.yaml")
    copy_database(base.parent / "mlflow.db", home.parent / "mlflow.db")
    return home.parent / "churn.yaml"


def aliases(config: Path) -> dict[str, str]:
    """The versions that the aliases point to."""
    return store_of(config).aliases()


def decisions(config: Path) -> list[dict[str, Any]]:
    """The records of an unbroken chain."""
    chain = chain_json(history(str(config)))
    assert chain["unbroken"], chain["broken_at"]
    found: list[dict[str, Any]] = chain["decisions"]
    return found


def test_a_rollback_swaps_champion_and_previous_and_is_recorded(twice: Path) -> None:
    """The version before is in production again, and the record says who asked and what was there before."""
    outcome = rollback(str(twice), asked_by="alice")
    assert aliases(twice) == {"champion": "1", "previous": "2"}
    assert (outcome.production.model_id, outcome.production.previous) == (FOREST, "2")
    last = decisions(twice)[-1]
    assert (last["verdict"], last["champion_before"], last["promoted"]["version"]) == ("rollback", "2", "1")
    assert (last["asked_by"], "alice asked" in last["reasons"][0]) == ("alice", True)
    stages = {str(v.version): v.tags["podium.stage"] for v in store_of(twice).versions()}
    assert stages == {"1": "production", "2": "archived"}


def test_a_rollback_is_not_undone_on_the_same_evidence(twice: Path) -> None:
    """The next selections keep the version that a person chose, say why, and record nothing."""
    rollback(str(twice), asked_by="alice")
    outcome = select(str(twice))
    assert (outcome.selection.verdict, outcome.recorded, aliases(twice)["champion"]) == ("keep", False, "1")
    assert "version 2 was rolled back by alice" in outcome.selection.reasons[-1]
    assert select(str(twice), dry_run=True).selection.verdict == "keep"


def test_another_holdout_is_new_evidence(twice: Path, made: Path) -> None:
    """Measured on other rows and better there too, the version that was left is promoted again."""
    rollback(str(twice))
    rows = pd.read_parquet(made / "holdout.parquet")
    rows.iloc[: len(rows) - 50].to_parquet(twice.parent / "other.parquet")
    content = yaml.safe_load(twice.read_text())
    content["holdout"]["path"] = "other.parquet"
    twice.write_text(yaml.safe_dump(content))
    assert select(str(twice)).selection.verdict == "promote"
    assert aliases(twice) == {"champion": "2", "previous": "1"}


def test_another_policy_is_no_new_evidence(twice: Path) -> None:
    """A person's word holds for the rows, whatever else is measured on them."""
    rollback(str(twice), asked_by="alice")
    content = yaml.safe_load(twice.read_text())
    content["holdout"]["slices"] = ["Contract"]
    twice.write_text(yaml.safe_dump(content))
    outcome = select(str(twice))
    assert (outcome.selection.verdict, aliases(twice)["champion"]) == ("keep", "1")
    assert "version 2 was rolled back by alice" in outcome.selection.reasons[-1]


def test_a_rollback_twice_is_done_once(twice: Path) -> None:
    """Unnamed it never goes back to what was left: somebody who does not know whether it arrived asks again."""
    rollback(str(twice), asked_by="alice")
    before = decisions(twice)
    with pytest.raises(NegativeAnswerError, match=r"version 2 was rolled back by alice on .* name a version with --to"):
        rollback(str(twice))
    assert (aliases(twice), decisions(twice)) == ({"champion": "1", "previous": "2"}, before)


def test_a_holdout_that_cannot_be_read_keeps_nobody_from_going_back(twice: Path) -> None:
    """The target answers its own example, the record says so, and what was left is held on whatever rows."""
    content = yaml.safe_load(twice.read_text())
    twice.write_text(yaml.safe_dump({**content, "holdout": {**content["holdout"], "path": "gone.parquet"}}))
    would = rollback(str(twice), dry_run=True)
    outcome = rollback(str(twice), asked_by="alice")
    assert (aliases(twice)["champion"], outcome.reasons[1:]) == ("1", would.reasons[1:])
    assert "gone.parquet: no such file" in decisions(twice)[-1]["reasons"][1]
    twice.write_text(yaml.safe_dump(content))
    reasons = select(str(twice)).selection.reasons
    assert reasons[-1].endswith("it is not promoted again until `podium unpin 2`")


def test_unpinning_a_version_lets_it_be_promoted_again(twice: Path) -> None:
    """What a rollback holds back is freed by name, as a decision of its own."""
    rollback(str(twice))
    unpin(str(twice), "2", asked_by="bob")
    assert decisions(twice)[-1]["freed"] == "2"
    assert select(str(twice)).selection.verdict == "promote"
    assert aliases(twice)["champion"] == "2"


def test_deleting_what_was_left_does_not_free_it(twice: Path) -> None:
    """Its logged model is registered anew, and is held as its version was, until that is freed by its new number."""
    rollback(str(twice), asked_by="alice")
    store_of(twice).client.delete_model_version("churn", "2")
    seen = select(str(twice), dry_run=True).selection
    assert (seen.verdict, "a version that is deleted was rolled back by alice" in seen.reasons[-1]) == ("keep", True)
    for _ in range(2):
        outcome = select(str(twice)).selection
        assert (outcome.verdict, aliases(twice)["champion"]) == ("keep", "1")
        assert "version 3 was rolled back by alice" in outcome.reasons[-1]
    assert "or `podium unpin 3`" in outcome.reasons[-1]
    unpin(str(twice), "3")
    assert select(str(twice)).selection.verdict == "promote"
    assert aliases(twice)["champion"] == "3"


def test_a_rollback_forward_frees_its_target(twice: Path) -> None:
    """Going to a version by name says that it may be in production."""
    rollback(str(twice))
    rollback(str(twice), to="2")
    assert aliases(twice) == {"champion": "2", "previous": "1"}
    assert select(str(twice)).selection.verdict == "keep"
    assert "version 1 was rolled back" in select(str(twice)).selection.reasons[-1]


def test_a_dry_run_changes_nothing(twice: Path) -> None:
    """It names what would change and records nothing."""
    before = decisions(twice)
    assert FOREST in rollback(str(twice), dry_run=True).reasons[0]
    assert (aliases(twice), decisions(twice)) == ({"champion": "2", "previous": "1"}, before)


def test_a_target_that_does_not_load_is_refused(home: Path, made: Path, empty_database: Path) -> None:
    """Its files are gone: one line says so, and production is as it was."""
    twice = promoted_twice(home.parent, made, empty_database)
    (gone,) = [m for m in store_of(twice).logged_models() if m.name == FOREST]
    shutil.rmtree(Path(gone.artifact_location.removeprefix("file://")))
    with pytest.raises(NegativeAnswerError, match="version 1 stays out of production"):
        rollback(str(twice))
    assert aliases(twice) == {"champion": "2", "previous": "1"}
    assert len(decisions(twice)) == 2


@pytest.mark.parametrize(
    ("to", "error", "message"),
    [
        ("2", NegativeAnswerError, "version 2 is in production already"),
        ("77", UsageError, "no version '77'; there are 1, 2"),
        ("latest", UsageError, "no version 'latest'"),
    ],
)
def test_a_target_that_cannot_be_is_one_line(twice: Path, to: str, error: type[Exception], message: str) -> None:
    """The champion itself, and a version that is not there."""
    with pytest.raises(error, match=message):
        rollback(str(twice), to=to)


def test_without_a_version_before_there_is_nothing_to_go_back_to(home: Path, made: Path) -> None:
    """Neither before the first promotion nor right after it."""
    config = project(home.parent, made, LOGISTIC, TRAP)
    with pytest.raises(NegativeAnswerError, match="nothing is in production yet"):
        rollback(str(config))
    migrate(str(config))
    select(str(config))
    with pytest.raises(NegativeAnswerError, match="no version before the champion"):
        rollback(str(config))


def test_a_pinned_champion_stays_and_the_verdict_is_reported(home: Path, made: Path) -> None:
    """A better candidate is measured, recorded and kept out, until the pin is lifted."""
    config = project(home.parent, made, FOREST)
    migrate(str(config))
    select(str(config))
    pin(str(config), asked_by="alice")
    add_staged(config, made, LOGISTIC)
    migrate(str(config))
    outcome = select(str(config))
    assert (outcome.selection.verdict, outcome.recorded, aliases(config)) == ("keep", True, {"champion": "1"})
    assert "version 1 was pinned by alice" in outcome.selection.reasons[0]
    assert f"without the pin: {LOGISTIC} replaces {FOREST}" in outcome.selection.reasons[1]
    assert outcome.as_json()["pinned"] == "1"
    assert select(str(config)).recorded is False
    unpin(str(config))
    assert select(str(config)).selection.verdict == "promote"
    assert [d["verdict"] for d in decisions(config)] == ["promote", "pin", "keep", "unpin", "promote"]


def test_a_pin_stands_in_the_way_of_a_rollback(twice: Path) -> None:
    """The answer is no, with the command that lifts it; only the champion can be pinned, and once."""
    with pytest.raises(NegativeAnswerError, match="rollback --to 1"):
        pin(str(twice), "1")
    pin(str(twice))
    assert str(verify(str(twice)).pinned).startswith("version 2 was pinned by user")
    for order in (rollback, pin):
        with pytest.raises(NegativeAnswerError, match="version 2 was pinned by user"):
            order(str(twice))
    unpin(str(twice))
    with pytest.raises(NegativeAnswerError, match="neither a pin nor a rollback"):
        unpin(str(twice))
    rollback(str(twice))


def interrupted(config: Path, champion: str, deleted: str | None = None) -> Run:
    """Leave the last decision as a kill left it, with some champion, and delete a version; returns its run."""
    store = store_of(config)
    run = store.client.search_runs([store.decisions_id], order_by=["metrics.sequence DESC"])[0]
    store.client.set_tag(run.info.run_id, "podium.state", "pending")
    store.client.set_registered_model_alias("churn", "champion", champion)
    if deleted:
        store.client.delete_model_version("churn", deleted)
    return run


def test_what_an_interrupted_rollback_left_may_be_deleted(twice: Path) -> None:
    """Killed after the switch, and then the version that it left goes: it is finished, and ``previous`` is nobody."""
    rollback(str(twice))
    interrupted(twice, champion="1", deleted="2")
    verify(str(twice))
    assert (states(twice), aliases(twice)) == (["settled"] * 3, {"champion": "1"})


@pytest.mark.parametrize(("is_rollback", "champion", "target"), [(True, "2", "1"), (False, "1", "2")])
def test_what_an_interrupted_decision_puts_into_production_may_be_deleted(
    is_rollback: bool, champion: str, target: str, twice: Path
) -> None:
    """Killed before the switch, and then its version goes: it is left undone, and the commands go on."""
    if is_rollback:
        rollback(str(twice))
    interrupted(twice, champion, deleted=target)
    with announced("left undone") as told:
        verify(str(twice))
    assert told == [f"version {target} of churn was deleted"]
    assert (states(twice)[-1], aliases(twice)["champion"]) == ("superseded", champion)


@pytest.mark.parametrize("champion", ["1", "2"])
def test_an_interrupted_decision_whose_record_is_gone_is_left_undone(champion: str, twice: Path) -> None:
    """Killed before or after the switch: nothing of it is carried out, the one line names it, and commands go on."""
    rollback(str(twice))
    run = interrupted(twice, champion)
    Path(run.info.artifact_uri.removeprefix("file://"), "decision.json").write_bytes(b"")
    with announced("left undone") as told:
        verify(str(twice))
    assert told[0].startswith(f"decision {run.data.tags['podium.decision_id']}: its record was changed")
    assert (states(twice)[-1], aliases(twice)["champion"]) == ("superseded", champion)
    assert select(str(twice)).selection.verdict == "keep"


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_was_missed_is_left_by_a_rollback_elsewhere(is_deleted: bool, twice: Path) -> None:
    """The champion's alias is gone, or its version: gone back to another, it is held back and ``previous``, if any."""
    client = store_of(twice).client
    if is_deleted:
        client.delete_model_version("churn", "2")
    else:
        client.delete_registered_model_alias("churn", "champion")
    rollback(str(twice), to="1", asked_by="alice")
    assert aliases(twice) == ({"champion": "1"} if is_deleted else {"champion": "1", "previous": "2"})
    outcome = select(str(twice)).selection
    assert (outcome.verdict, aliases(twice)["champion"]) == ("keep", "1")
    assert f"version {3 if is_deleted else 2} was rolled back by alice" in outcome.reasons[-1]


def test_an_alias_moved_by_hand_is_noticed_and_not_undone(home: Path, made: Path) -> None:
    """The selection says that no decision put it there, and takes it for the champion."""
    config = project(home.parent, made, LOGISTIC, FOREST, policy={"evidence": {"minimum_improvement": 0.5}})
    migrate(str(config))
    select(str(config))
    chosen = aliases(config)["champion"]
    (other,) = [str(v.version) for v in store_of(config).versions() if str(v.version) != chosen]
    store_of(config).client.set_registered_model_alias("churn", "champion", other)
    outcome = select(str(config))
    assert (outcome.selection.verdict, outcome.recorded, aliases(config)["champion"]) == ("keep", True, other)
    assert f"moved by hand: decided was version {chosen}, in production is version {other}" in json.dumps(
        outcome.as_json()["reasons"]
    )
    assert select(str(config)).recorded is False
