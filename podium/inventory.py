"""What a staging root holds as a whole: the ranking by claims, and problems that show only side by side."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podium.metrics import MetricId, claim_key, metric_id
from podium.staged import Problem, StagedModel

EXACT = 12
"""Decimals within which two recorded metrics count as the same number."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """The staged models, ranked by what they claim, best first."""

    models: tuple[StagedModel, ...]

    def as_json(self) -> list[dict[str, Any]]:
        """Return one JSON-ready object per model, in rank order."""
        return [model_json(model) for model in self.models]


def take_inventory(models: Iterable[StagedModel], id_columns: Sequence[str] = ()) -> Inventory:
    """Return the models ranked by recorded F1, each with the problems seen by comparing it to the others."""
    ordered = sorted(models, key=_rank)
    across = [
        _shared(ordered, lambda m: m.fingerprint, "duplicate", "same bytes as {}: migrated once"),
        _shared(ordered, lambda m: m.folder.model_digest or None, "duplicate-model", "same model file as {}"),
        _shared(ordered, _scores, "tie", "ties with {}"),
        _identifiers(ordered, id_columns),
    ]
    return Inventory(tuple(m.with_problems(_of(m, across)) for m in ordered))


def model_json(model: StagedModel) -> dict[str, Any]:
    """Return the JSON-ready description of one staged model."""
    return {
        "model_id": model.model_id,
        "model_type": model.model_type,
        "trained_at": model.trained_at.isoformat(),
        "trained_at_source": model.trained_at_source,
        "recorded_metrics": dict(model.recorded_metrics),
        "claims": model.claims,
        "format": model.folder.format,
        "bytes": model.folder.size,
        "fingerprint": model.fingerprint,
        "status": model.status,
        "problems": [{"code": p.code, "message": p.message} for p in model.problems],
    }


def explanation(model: StagedModel) -> dict[str, Any]:
    """Return the description of one model with its fields, each with its value and where it was found."""
    told = {
        "trained_at": model.trained_at.isoformat(),
        "model_type": model.model_type,
        # Python's JSON knows numbers that JSON does not, such as the NaN that stands for a gap.
        "hyperparameters": json.loads(json.dumps(model.hyperparameters), parse_constant=str),
        "features": list(model.feature_columns),
        "types": dict(model.feature_types),
        "threshold": model.threshold,
        "versions": dict(model.versions),
        **model.recorded_metrics,
    }
    fields = [{"field": name, "value": told[name], "found": model.found[name]} for name in told if name in model.found]
    counted = [_counted(base, value, model.recorded_metrics) for base, value in model.claims.items()]
    return {**model_json(model), "fields": fields, "counts_as_claim": counted}


def _counted(base: str, value: float, recorded: Mapping[str, float]) -> dict[str, Any]:
    """Return a claim with the split and the average that it was taken on, ``unknown`` where nobody said."""
    key = claim_key(recorded, base) or base
    told = metric_id(key) or MetricId(base)
    said = {"split": told.split or "unknown", "average": told.average or "unknown"}
    return {"metric": base, "value": value, "recorded_as": key, **said}


def _rank(model: StagedModel) -> tuple[bool, float, bool, float, str]:
    """Order by what models claim: the highest F1 first, then regressors by the lowest RMSE, then who claims neither."""
    f1, rmse = model.claims.get("f1_score"), model.claims.get("rmse")
    return (f1 is None, -(f1 or 0.0), rmse is None, rmse or 0.0, model.model_id)


def _scores(model: StagedModel) -> tuple[tuple[str, float], ...] | None:
    """Return what it scored, without the other numbers that stand among metrics, such as seconds of training."""
    scores = ((name, value) for name, value in model.recorded_metrics.items() if metric_id(name))
    return tuple(sorted((name, round(value, EXACT)) for name, value in scores)) or None


def _shared(
    models: Sequence[StagedModel], key: Callable[[StagedModel], object], code: str, text: str
) -> dict[str, tuple[Problem, ...]]:
    groups: dict[object, list[str]] = defaultdict(list)
    for model in models:
        if (value := key(model)) is not None:
            groups[value].append(model.model_id)
    return {
        model_id: (Problem(code, text.format(_names(ids, model_id))),)
        for ids in groups.values()
        if len(ids) > 1
        for model_id in ids
    }


def _names(ids: Sequence[str], but: str, most: int = 3) -> str:
    others = [i for i in ids[: most + 1] if i != but][:most]
    more = len(ids) - 1 - len(others)
    return ", ".join(others) + (f" and {more} more" if more else "")


def _identifiers(models: Sequence[StagedModel], columns: Sequence[str]) -> dict[str, tuple[Problem, ...]]:
    found = {m.model_id: [c for c in m.feature_columns if c in columns] for m in models}
    return {
        model_id: (Problem("identifier-feature", f"trained on the identifier {', '.join(names)}"),)
        for model_id, names in found.items()
        if names
    }


def _of(model: StagedModel, across: Sequence[dict[str, tuple[Problem, ...]]]) -> tuple[Problem, ...]:
    found = [problem for part in across for problem in part.get(model.model_id, ())]
    codes = {problem.code for problem in found}
    return tuple(p for p in found if not (p.code == "duplicate-model" and "duplicate" in codes))
