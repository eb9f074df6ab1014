"""Guardrails and leak alarms on real models: what a policy asks for is measured, recorded, and keeps candidates out."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from flows.history import history
from flows.migration import migrate
from flows.selection import select
from podium.errors import ConfigError
from podium.outcome import SelectionOutcome
from tasks.effects.measuring import content_of
from tests.flows.projects import (
    FOREST,
    LOGISTIC,
    TRAP,
    add_staged,
    log_with_plain_mlflow,
    project,
    refused,
    store_of,
)

pytestmark = pytest.mark.usefixtures("prefect_server")
NUMBERS = ["tenure", "MonthlyCharges", "SeniorCitizen"]


def with_policy(config: Path, **sections: Any) -> Path:
    """Change sections of a config file: ``holdout`` is added to, others are replaced."""
    content = yaml.safe_load(config.read_text())
    content["holdout"] |= sections.pop("holdout", {})
    content["policy"] |= sections
    config.write_text(yaml.safe_dump(content))
    return config


def selected(config: Path, made: Path, *names: str) -> SelectionOutcome:
    """Stage further models, migrate them and select."""
    add_staged(config, made, *names)
    migrate(str(config))
    return select(str(config))


def test_slices_are_measured_reported_and_guarded(home: Path, made: Path) -> None:
    """Each value of the configured columns is measured; who loses more than is allowed on one stays out."""
    config = with_policy(
        project(home.parent, made),
        holdout={"slices": ["Contract", "gender", "tenure"]},
        guardrails={"slice_regression": 0.0, "fairness_gap": {"selection_rate": 0.9}},
    )
    assert selected(config, made, FOREST).production.model_id == FOREST
    outcome = selected(config, made, LOGISTIC)
    document = outcome.as_json()
    row = next(r for r in document["ranking"] if r["model_id"] == LOGISTIC)
    assert {name.split(".")[0] for name in row["metrics"] if name.startswith("slice_")} == {
        "slice_Contract",
        "slice_gender",
        "slice_tenure",
    }
    assert outcome.production.model_id == FOREST, "better on the whole, and worse on a slice"
    assert "no slice loses more than 0 f1_score fails" in row["reason"]
    assert {g["name"]: g["status"] for g in row["guardrails"]}["selection_rate differs by at most 0.9"] == "pass"
    report = Path(str(outcome.report), "report.html").read_text()
    assert "Slices: f1_score" in report
    drawings = dict(re.findall(r'aria-label="(ROC|Precision and recall|Calibration): [^"]*">(.*?)</svg>', report))
    assert len(drawings) == 3
    assert all(drawing.count("<polyline") == 1 for drawing in drawings.values()), "of the champion, who is the best"


@pytest.mark.parametrize(
    ("guardrails", "told"),
    [
        ({"latency_ms": 0.001}, "guardrail latency <= 0.001 ms fails"),
        ({"size_mb": 0.0001}, "guardrail size <= 0.0001 MB fails"),
        ({"required_tags": {"reviewed": "yes"}}, "guardrail tag reviewed = yes fails: it has no such tag"),
        ({"maximum": {"calibration_error": 0.001}}, "guardrail calibration_error <= 0.001 fails"),
        ({"maximum": {"log_loss": 0.1}}, "guardrail log_loss <= 0.1 fails"),
        ({"minimum": {"sklearn.jaccard": 0.99}}, "guardrail sklearn.jaccard >= 0.99 fails"),
        ({"minimum": {"matthews_corrcoef": 0.99}}, "guardrail matthews_corrcoef >= 0.99 fails"),
    ],
)
def test_a_broken_guardrail_keeps_out(home: Path, made: Path, guardrails: dict[str, Any], told: str) -> None:
    """Nothing is promoted, the answer is no, and the ranking says why."""
    config = with_policy(project(home.parent, made, LOGISTIC), guardrails=guardrails)
    migrate(str(config))
    answer = refused(select, config)
    assert told in answer.as_json()["ranking"][0]["reason"]


def test_what_a_model_shows_only_when_it_is_loaded_is_recorded(home: Path, made: Path) -> None:
    """Latency is measured of the one to be promoted, and its number stands in the record and the report."""
    config = with_policy(project(home.parent, made, LOGISTIC), guardrails={"latency_ms": 10_000})
    migrate(str(config))
    outcome = select(str(config))
    (rail,) = outcome.as_json()["confirmed"]
    assert (rail["status"], rail["value"] > 0) == ("pass", True)
    assert "latency" in Path(str(outcome.report), "report.md").read_text()


def test_a_candidate_must_fit_the_champion(home: Path, made: Path) -> None:
    """With signature: true a model that answers with another type does not replace the champion, however good it is."""
    rows = pd.read_parquet(made / "holdout.parquet")
    config = with_policy(project(home.parent, made), guardrails={"signature": True})
    assert selected(config, made, TRAP).production.model_id == TRAP
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(rows[NUMBERS], rows["churn"].map({0: "0", 1: "1"}))
    log_with_plain_mlflow(config, model, rows[NUMBERS], "other-type")
    outcome = select(str(config))
    assert outcome.production.model_id == TRAP
    row = next(r for r in outcome.as_json()["ranking"] if r["model_id"] == "other-type")
    assert "signature of the champion fails" in row["reason"]


@pytest.mark.parametrize("response", ["warn", "refuse"])
def test_a_model_that_learned_an_identifier_is_found(home: Path, made: Path, response: str) -> None:
    """A column that tells the rows apart is an alarm in the report, or a refusal, as the policy says."""
    rows = pd.read_parquet(made / "holdout.parquet").assign(row_number=lambda r: range(len(r)))
    numbered = home.parent / "numbered.parquet"
    rows.to_parquet(numbered)
    config = with_policy(project(home.parent, made), holdout={"path": str(numbered)}, leaks={"identifier": response})
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[["row_number", "tenure"]], rows["churn"])
    log_with_plain_mlflow(config, model, rows[["row_number", "tenure"]], "numbered")
    answer = select(str(config)) if response == "warn" else refused(select, config)
    (row,) = answer.as_json()["ranking"]
    assert row["alarms"] == ["learned from row_number, which tells the rows apart and no more"]
    assert (row["place"] == 1) == (response == "warn")


def test_candidates_are_ranked_by_what_they_earn(home: Path, made: Path) -> None:
    """With a cost matrix the business decides; another matrix is another measurement, and all are measured anew."""
    profit = {1: {1: 100, 0: -300}, 0: {1: -10}}
    config = with_policy(
        project(home.parent, made, LOGISTIC, FOREST), primary={"metric": "expected_profit"}, profit=profit
    )
    migrate(str(config))
    first = select(str(config)).as_json()
    assert [r["value"] for r in first["ranking"]] == sorted((r["value"] for r in first["ranking"]), reverse=True)
    with_policy(config, profit={1: {1: 0, 0: -1}, 0: {1: -1000}})
    second = select(str(config)).as_json()
    assert {r["model_id"]: r["value"] for r in second["ranking"]} != {
        r["model_id"]: r["value"] for r in first["ranking"]
    }


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"holdout": {"slices": ["Contrakt"]}}, "holdout.slices: 'Contrakt' is no column"),
        ({"primary": {"metric": "sklearn.jacard"}}, "near are jaccard"),
        ({"primary": {"metric": "expected_profit"}}, "expected_profit needs policy.profit"),
        (
            {"primary": {"metric": "expected_profit"}, "profit": {"Perhaps": {"1": 3}}},
            "policy.profit: 'Perhaps' is no label",
        ),
        ({"guardrails": {"slice_regression": 0.1}}, "name columns in holdout.slices"),
    ],
)
def test_a_mistake_is_named_before_anything_is_measured(
    home: Path, made: Path, sections: dict[str, Any], told: str
) -> None:
    """One line with the key and the value."""
    config = with_policy(project(home.parent, made), **sections)
    with pytest.raises(ConfigError, match=told.replace(".", r"\.")):
        select(str(config))


def test_by_what_it_earns_a_better_model_replaces_the_champion(home: Path, made: Path) -> None:
    """The comparison with the champion knows the profit of each outcome, too."""
    profit = {1: {1: 100, 0: -300}, 0: {1: -10}}
    config = with_policy(
        project(home.parent, made, policy={"evidence": {"confidence": 0.9}}),
        primary={"metric": "expected_profit"},
        profit=profit,
    )
    rows = pd.read_parquet(made / "holdout.parquet")
    none, some = (LogisticRegression(C=c).fit(rows[NUMBERS], rows["churn"]) for c in (1e-9, 1.0))
    log_with_plain_mlflow(config, none, rows[NUMBERS], "none")
    assert select(str(config)).production.model_id == "none"
    log_with_plain_mlflow(config, some, rows[NUMBERS], "some")
    outcome = select(str(config))
    assert outcome.production.model_id == "some", outcome.selection.reasons
    (compared,) = outcome.as_json()["comparison"]["challengers"]
    assert compared["lower_bound"] > 0


def test_what_plain_mlflow_logged_is_recorded_by_its_content(home: Path, made: Path) -> None:
    """The record says what its files were and how large, so that a size can be asked of it, too."""
    config = with_policy(project(home.parent, made), guardrails={"size_mb": 1.0})
    rows = pd.read_parquet(made / "holdout.parquet")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[NUMBERS], rows["churn"])
    logged = log_with_plain_mlflow(config, model, rows[NUMBERS], "plain")
    (row,) = select(str(config)).as_json()["ranking"]
    files = Path(store_of(config).client.get_logged_model(logged).artifact_location.removeprefix("file://"))
    sizes = {file.name: file.stat().st_size for file in files.rglob("*") if file.is_file()}
    sizes.pop("registered_model_meta", None)
    assert (row["place"], row["bytes"], len(row["fingerprint"])) == (1, sum(sizes.values()), 64)
    assert row["fingerprint"] == content_of(files)[0]
    (recorded,) = history(str(config)).decisions
    assert recorded.content["evidence"]["ranking"][0]["fingerprint"] == row["fingerprint"]
