"""A decision record says who asked: a schedule, an event, or a person."""

import pytest

from podium.events import asker


@pytest.mark.parametrize(
    ("asked_by", "model_id", "by_hand", "said"),
    [
        ("schedule", None, False, "schedule"),
        ("schedule", None, True, "user"),
        ("alice", None, True, "alice"),
        ("schedule", "xgb_1", True, "event podium.model.trained of xgb_1"),
        ("schedule", "", False, "event podium.model.trained of a model without a name"),
    ],
)
def test_who_asked(asked_by: str, model_id: str | None, by_hand: bool, said: str) -> None:
    """Only a run that its schedule made was asked for by the schedule, whatever its deployment's parameters say."""
    assert asker(asked_by, model_id, by_hand) == said
