"""A file about many models tells each its own, by path as far as that goes, and never another's."""

import json
from typing import Any

import pytest

from podium.documents import Listing, entries_of


def entry(document: Any, model: str, model_id: str, near: bool = True) -> Any:
    """What a document says of a model, None if nothing."""
    found = Listing.of(entries_of(json.dumps(document))).entry_for(model, model_id, near)
    return json.loads(found)["f1"] if found else None


BY_PATH = [{"path": "v1/model.pkl", "f1": 0.4}, {"path": "models\\v2\\model.pkl", "f1": 0.5}]


@pytest.mark.parametrize(
    ("document", "model", "model_id", "value"),
    [
        (BY_PATH, "v1/model.pkl", "v1", 0.4),
        (BY_PATH, "v2/model.pkl", "v2", 0.5),
        (BY_PATH, "v3/model.pkl", "v3", None),
        ({"models": BY_PATH}, "v2/model.pkl", "v2", 0.5),
        ([{"file": "churn_a.pkl", "f1": 0.4}, {"file": "churn_b.pkl", "f1": 0.5}], "x/churn_b.pkl", "x/churn_b", 0.5),
        ([{"path": "old/churn_a.pkl", "f1": 0.4}], "new/churn_a.pkl", "new/churn_a", 0.4),
        ([{"path": "a/model.pkl", "f1": 0.4}, {"path": "a/model.pkl", "f1": 0.5}], "a/model.pkl", "a", None),
        ({"v1": {"f1": 0.4}, "v2": {"f1": 0.5}}, "churn/v2/model.pkl", "churn/v2", 0.5),
        ({"v1": {"f1": 0.4}, "v2": {"f1": 0.5}}, "churn/model_v2.pkl", "churn/model_v2", 0.5),
        ({"1.0.2": {"f1": 0.4}, "1.0.3": {"f1": 0.5}}, "churn/model_1.0.3.pkl", "churn/model_1.0.3", 0.5),
        ({"versions": {"v1": {"f1": 0.4}}}, "churn/v1/model.pkl", "churn/v1", 0.4),
        ({"metrics": {"f1": 0.4}, "params": {"f1": 0.5}}, "metrics/model.pkl", "metrics", None),
    ],
)
def test_each_model_finds_its_own_entry(document: Any, model: str, model_id: str, value: float | None) -> None:
    """By the longest end of its path, by its id, by the version at its end; where two fit, by neither."""
    assert entry(document, model, model_id) == value


def test_a_file_at_the_root_knows_no_short_names() -> None:
    """Every folder has a v1: one that is not beside the models must tell more."""
    assert entry({"v1": {"f1": 0.4}}, "churn/v1/model.pkl", "churn/v1", near=False) is None
