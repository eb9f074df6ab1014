"""The champion is explained on real rows, in the team's own columns, and the explanation is kept with its run."""

import json
from pathlib import Path

import pytest

from flows.explanation import explain
from flows.migration import migrate
from flows.selection import select
from podium.errors import NegativeAnswerError
from tests.flows.projects import LOGISTIC, project, store_of

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_the_champion_is_explained_and_it_is_kept_with_its_run(home: Path, made: Path) -> None:
    """Tenure lowers the chance of churn; effects of each row add up to what the model says of it; again is the same."""
    config = project(home.parent, made, LOGISTIC)
    migrate(str(config))
    select(str(config))
    dry = explain(str(config), dry_run=True)
    found = explain(str(config))
    assert (dry.run_id, dry.features) == (None, found.features)
    assert found.what == "the probability of 1"
    assert {"tenure", "Contract"} <= {feature.column for feature in found.features[:5]}
    tenure = next(feature for feature in found.features if feature.column == "tenure")
    assert tenure.tendency == "more lowers it"
    client = store_of(config).client
    (folder,) = client.list_artifacts(str(found.run_id), "explanation")
    files = {Path(one.path).name for one in client.list_artifacts(str(found.run_id), folder.path)}
    assert files == {"explanation.json", "explanation.html", "rows.json"}
    rows = json.loads(Path(client.download_artifacts(str(found.run_id), f"{folder.path}/rows.json")).read_text())
    assert len(rows) == found.rows
    assert all(0 <= row["answer"] <= 1 + 1e-9 for row in rows)


def test_nothing_in_production_is_a_negative_answer(home: Path, made: Path) -> None:
    """With the command that puts something there."""
    with pytest.raises(NegativeAnswerError, match="podium select"):
        explain(str(project(home.parent, made)))
