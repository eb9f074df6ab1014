"""Fills what a model's own metadata leaves out with what a file above says of several: never the scores of others."""

from dataclasses import replace

from podium.staged import Above, Problem, StagedModel

FIELDS = {
    "hyperparameters": "hyperparameters",
    "feature_columns": "features",
    "feature_types": "types",
    "threshold": "threshold",
    "versions": "versions",
}
"""What holds for several models alike, by its name in a staged model, and in where it was found."""
NO_SCORES = frozenset({"missing-metadata", "no-metrics", "training-scores"})


def inherit(model: StagedModel, shared: Above, told: StagedModel) -> StagedModel:
    """Return a model with the fields of ``told``, which is what ``shared`` alone says, that it has none of itself.

    The time of training is never taken, as it is not the same for several. Of scores ``told`` has those only that the
    file lists for this version.
    """
    attributes = {name: field for name, field in FIELDS.items() if _is_missing(model, name)}
    changes = {name: getattr(told, name) for name in attributes if not _is_missing(told, name)}
    sources = [field for name, field in attributes.items() if name in changes]
    if model.found.get("model_type") in {"id", "nowhere"} and told.found["model_type"].startswith("metadata."):
        changes["model_type"] = told.model_type
        sources.append("model_type")
    scores = {} if model.recorded_metrics else _of_version(told)
    if scores:
        changes["recorded_metrics"] = scores
        sources += scores
    found = {field: f"{shared.path}: {told.found.get(field, field).removeprefix('metadata.')}" for field in sources}
    problems = _problems(model, shared, told, bool(found), bool(scores))
    return replace(model, **changes, found={**model.found, **found}, problems=problems)


def _is_missing(model: StagedModel, name: str) -> bool:
    value = getattr(model, name)
    return value is None or (not isinstance(value, float) and not value)


def _of_version(told: StagedModel) -> dict[str, float]:
    """Return the scores that are listed for the version; those in sections, or beside, are of whichever model."""
    scores = told.recorded_metrics.items()
    return {key: value for key, value in scores if told.found.get(key, "").startswith("version_scores.")}


def _problems(model: StagedModel, shared: Above, told: StagedModel, helped: bool, scored: bool) -> tuple[Problem, ...]:
    """Return what is wrong with a model once it is filled: some of it was said of a model that had nothing."""
    own = model.problems
    if scored:
        own = tuple(p for p in own if p.code not in NO_SCORES)
    elif helped:
        text = f"no metadata.json of its own; {shared.path} tells what it has in common with others"
        own = tuple(replace(p, message=text) if p.code == "missing-metadata" else p for p in own)
    said = tuple(p for p in told.problems if scored and p.code in {"bad-metric", "metrics-disagree"})
    return (*own, *said, *((shared.problem,) if shared.problem else ()))
