"""Values of the domain for tests, each with only what the test is about."""

from datetime import UTC, datetime
from typing import Any

from podium.candidate import Candidate
from podium.metadata import parse_staged
from podium.staged import Folder, StagedModel

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def candidate(name: str, f1: float | None = 0.8, **more: Any) -> Candidate:
    """A measured candidate of a name and an F1."""
    metrics = {} if f1 is None else {"f1_score": f1}
    known: dict[str, Any] = {"version": "1", "model_type": "xgboost", "trained_at": NOW, "size": 10, "metrics": metrics}
    return Candidate(model_id=name, logged_model_id=f"m-{name}", run_id=f"r-{name}", **{**known, **more})


def staged(name: str, metadata: str | None = "{}", **more: Any) -> StagedModel:
    """A staged model of a name and a metadata text; its fingerprint is its name unless given."""
    known = {"size": 1, "format": "pickle", "fingerprint": name, "model_digest": name, "modified_at": NOW}
    texts = (("metadata.json", metadata),) if metadata is not None else ()
    return parse_staged(Folder(name=name, path=f"/{name}", model_file="model.pkl", metadata=texts, **{**known, **more}))


REPORT = {
    "0": {"precision": 0.9, "recall": 0.8, "f1-score": 0.85, "support": 70},
    "1": {"precision": 0.6, "recall": 0.7, "f1-score": 0.65, "support": 30},
    "accuracy": 0.77,
    "macro avg": {"precision": 0.75, "recall": 0.75, "f1-score": 0.75, "support": 100},
    "weighted avg": {"precision": 0.81, "recall": 0.77, "f1-score": 0.79, "support": 100},
}
"""A classification report as scikit-learn gives it."""
