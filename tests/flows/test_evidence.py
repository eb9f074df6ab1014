"""The champion is replaced by what the holdout shows to be better, and by nothing else."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from flows.migration import migrate
from flows.selection import select
from podium.metrics import SECONDS
from podium.outcome import SelectionOutcome
from tests.flows.projects import FOREST, LOGISTIC, TRAP, TWINS, add_staged, project, refused, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")
SURE = {"evidence": {"confidence": 0.95}}


def arrived(config: Path, made: Path, *names: str) -> SelectionOutcome:
    """Stage further models, migrate them and select."""
    add_staged(config, made, *names)
    migrate(str(config))
    return select(str(config))


def kept(config: Path, model_id: str) -> list[Path]:
    """The files of a candidate's predictions in the artifact store."""
    (run,) = store_of(config).client.search_runs(
        [store_of(config).experiment_id], f"attributes.run_name = '{model_id}'"
    )
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    return list(folder.rglob("predictions.npz"))


@pytest.fixture
def trapped(home: Path, made: Path) -> Path:
    """A project whose overfitted model is in production, being the only one."""
    config = project(home.parent, made, policy=SURE)
    assert arrived(config, made, TRAP).selection.verdict == "promote"
    return config


def test_a_clear_improvement_is_shown_and_promoted(trapped: Path, made: Path) -> None:
    """The honest model gains some points of F1 over the overfitted one, and the record holds the proof."""
    outcome = arrived(trapped, made, LOGISTIC)
    document = outcome.as_json()
    assert (document["verdict"], document["champion"]["model_id"]) == ("promote", LOGISTIC)
    assert document["reasons"][0].startswith(f"{LOGISTIC} replaces {TRAP}: {LOGISTIC} gains +0.0")
    (challenger,) = document["comparison"]["challengers"]
    assert 0 < challenger["lower_bound"] < challenger["difference"]["estimate"]
    assert challenger["mcnemar"]["p_value"] < 0.05
    report = Path(str(outcome.report), "report.html").read_text()
    assert all(f"Confusion matrix of {name}<" in report for name in (LOGISTIC, TRAP))
    assert "Against the champion" in report


def test_a_model_that_took_the_champions_name_is_shown_beside_it(trapped: Path, made: Path) -> None:
    """Other files in the folder of the champion are another model: each has its own mistakes and curves."""
    shutil.copytree(made / "staging" / LOGISTIC, trapped.parent / "staging" / TRAP, dirs_exist_ok=True)
    outcome = arrived(trapped, made)
    versions = outcome.selection.ranking
    assert [r.candidate.model_id for r in versions] == [TRAP, TRAP]
    report = Path(str(outcome.report), "report.html").read_text()
    for ranked in versions:
        assert report.count(f"{TRAP} ({ranked.candidate.logged_model_id})") > 1
        assert f"Confusion matrix of {TRAP} ({ranked.candidate.logged_model_id})<" in report


def test_a_higher_number_alone_is_kept_out(home: Path, made: Path) -> None:
    """A model that measures a little more may do so by luck: the champion stays, and the interval is told."""
    config = project(home.parent, made, policy=SURE)
    arrived(config, made, FOREST)
    outcome = arrived(config, made, LOGISTIC)
    first = outcome.selection.ranking[0]
    assert first.candidate.model_id == LOGISTIC, "its number is the higher one"
    assert (outcome.selection.verdict, outcome.production.model_id) in {
        ("keep", FOREST),
        ("not enough data", FOREST),
    }
    assert outcome.selection.reasons[0].startswith(f"{FOREST} stays: {LOGISTIC} gains +0.00")
    assert select(str(config)).recorded is False, "the same evidence is no news"


def test_the_same_evidence_gives_the_same_numbers(trapped: Path, made: Path) -> None:
    """Asked again, or in a dry run, the comparison is the same to the last digit."""
    add_staged(trapped, made, *TWINS)
    migrate(str(trapped))
    first, again = (json.dumps(select(str(trapped), dry_run=True).as_json()["comparison"]) for _ in range(2))
    assert first == again


def test_what_else_is_wanted_of_the_same_rows_follows_from_what_was_said(home: Path, made: Path) -> None:
    """With a slice more no measured model is loaded again; one whose predictions are gone or altered is."""
    config = project(home.parent, made, LOGISTIC, FOREST)
    migrate(str(config))
    select(str(config))
    (forest,) = [m for m in store_of(config).logged_models() if m.name == FOREST]
    file = Path(forest.artifact_location.removeprefix("file://"), "MLmodel")
    hidden = file.rename(file.with_name("hidden"))
    first = sliced(config, "Contract")
    assert any("Contract" in name for name in first)
    for path in kept(config, FOREST):
        path.write_bytes(kept(config, LOGISTIC)[0].read_bytes())
    for path in kept(config, LOGISTIC):
        path.with_name("measurement.json").write_text("[]")
    hidden.rename(file)
    anew = sliced(config, "Contract", "gender")
    assert {name: anew[name] for name in first if name != SECONDS} == {
        name: value for name, value in first.items() if name != SECONDS
    }
    assert anew[SECONDS] != first[SECONDS], "it was asked"


def test_what_a_model_outside_any_run_said_is_found_again(home: Path, made: Path) -> None:
    """Logged with no run open, it gets one in which its answers are kept, and is not loaded for what follows."""
    config = project(home.parent, made)
    rows = pd.read_parquet(made / "holdout.parquet")
    columns = ["tenure", "MonthlyCharges"]
    mlflow.set_experiment(experiment_id=store_of(config).experiment_id)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[columns], rows["churn"])
    mlflow.sklearn.log_model(
        model, name="alone", input_example=rows[columns].head(3), pip_requirements=["scikit-learn"]
    )
    assert select(str(config)).production.model_id == "alone"
    (logged,) = store_of(config).logged_models()
    assert logged.source_run_id is None
    file = Path(logged.artifact_location.removeprefix("file://"), "MLmodel")
    file.rename(file.with_name("hidden"))
    assert any("Contract" in name for name in sliced(config, "Contract", of="alone"))
    assert len(kept(config, "measure alone")) == 2, "both are in one run"


def sliced(config: Path, *columns: str, of: str = FOREST) -> Mapping[str, float]:
    """What a model measures, by these columns too."""
    content = yaml.safe_load(config.read_text())
    content["holdout"]["slices"] = list(columns)
    config.write_text(yaml.safe_dump(content))
    (found,) = [r.candidate for r in select(str(config)).selection.ranking if r.candidate.model_id == of]
    assert found.unmeasured is None
    return found.metrics


@pytest.mark.parametrize("spoil", ["gone", "no file of predictions", "of another model"])
def test_predictions_that_do_not_give_the_measured_numbers_are_asked_for_anew(
    spoil: str, trapped: Path, made: Path
) -> None:
    """Files of an artifact store get lost and may be anybody's: the comparison comes out the same without them."""
    add_staged(trapped, made, LOGISTIC)
    migrate(str(trapped))
    before = select(str(trapped), dry_run=True).as_json()["comparison"]
    (file,), (other,) = kept(trapped, LOGISTIC), kept(trapped, TRAP)
    content: dict[str, Any] = {"no file of predictions": b"PK not one", "of another model": other.read_bytes()}
    if spoil == "gone":
        os.remove(file)
    else:
        file.write_bytes(content[spoil])
    assert select(str(trapped), dry_run=True).as_json()["comparison"] == before


def test_a_champion_whose_files_are_gone_is_not_beaten_by_numbers(trapped: Path, made: Path) -> None:
    """What cannot be compared is not replaced: its number is there, but nobody can ask it any more."""
    store = store_of(trapped)
    version = store.client.get_model_version_by_alias("churn", "champion")
    folder = mlflow.artifacts.download_artifacts(version.source, tracking_uri=store.uri)
    os.remove(Path(folder, "MLmodel"))
    add_staged(trapped, made, LOGISTIC)
    migrate(str(trapped))
    outcome = refused(select, trapped)
    assert (outcome.selection.verdict, outcome.production.model_id) == ("refuse", TRAP)
    why = "its files are gone from the artifact store"
    assert outcome.selection.reasons[0].startswith(f"the champion cannot be compared ({why})")
