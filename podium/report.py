"""Renders the report of a decision: Markdown for a pull request, HTML that opens offline and runs no script.

Everything a model or its metadata says is escaped: a model's name is somebody else's text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from podium.curves import Curves, Points, Residuals, dots, frame_of, polyline
from podium.decision import Decision
from podium.intervals import CONFIDENCE
from podium.metrics import AVERAGED, goodness, metric_key
from podium.ranking import beyond_told
from podium.slices import slice_values

COLUMNS = {
    "classification": ("f1_score", "accuracy", "precision", "recall", "roc_auc"),
    "regression": ("rmse", "mae", "r2", "median_absolute_error", "mape"),
}
"""Metrics of the ranking beside the one it is by, for each task."""
MOST_COMPARED = 20
"""Challengers whose comparison with the champion is shown."""
EVEN, LEVEL = (0, 100, 100, 0), (0, 50, 100, 50)
"""Lines of a drawing: where both axes are the same, and where the upright one is in the middle."""
MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")
Drawn = Mapping[str, Curves | Residuals]
"""What is drawn of models, by model id."""


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a decision in both forms."""

    markdown: str
    html: str


def render(
    decision: Decision,
    matrices: Mapping[str, Mapping[str, Any]],
    retention: str,
    curves: Drawn | None = None,
) -> Report:
    """Return the report of a decision.

    ``matrices`` are confusion matrices as ``{"labels": […], "matrix": [[…]]}`` and, like ``curves``, by name of the
    model; ``retention`` says in words what happens to former production versions.
    """
    context = _context(decision, matrices, retention) | {"drawings": _drawings(curves or {})}
    return Report(
        _environment(False).get_template("report.md.j2").render(context),
        page("report.html.j2", **context),
    )


def _context(decision: Decision, matrices: Mapping[str, Mapping[str, Any]], retention: str) -> dict[str, Any]:
    content = decision.content
    evidence, ranking = content["evidence"], content["evidence"]["ranking"]
    claimed, average = (evidence["policy"]["primary"][name] for name in ("metric", "average"))
    task = (evidence["holdout"] or {}).get("task", "classification")
    primary = claimed if evidence["basis"] == "recorded" else metric_key(claimed, average)
    return {
        "decision_id": decision.decision_id,
        "sha256": decision.sha256,
        "claims": evidence["basis"] == "recorded",
        "primary": primary,
        "claimed": claimed,
        "by": f"{primary} ({average})" if claimed in AVERAGED else primary,
        "placed": [r for r in ranking if r["place"] is not None],
        "out": [r for r in ranking if r["place"] is None],
        "alarms": [(r["model_id"], alarm) for r in ranking for alarm in r["alarms"]],
        "sure": round(100 * (evidence["policy"].get("evidence", {}).get("confidence") or CONFIDENCE)),
        "intervals": {r["logged_model_id"]: r["interval"] for r in ranking if "interval" in r},
        "columns": tuple(dict.fromkeys((primary, *COLUMNS[task]))),
        "matrices": matrices,
        **_compared(evidence.get("comparison"), (content["best"] or {}).get("model_id")),
        "rails": _rails(evidence, content["best"]),
        **_sliced(evidence, content["best"], content["champion_before"], primary),
        "per_class": _per_class(_row_of(evidence, (content["best"] or {}).get("version"))),
        "scale": _scale(ranking, claimed),
        "changes": (*_changes(content), retention),
        "undo": _undo(decision),
        **content,
    }


def _changes(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in sentences what a decision changes in production."""
    promoted, before = content["promoted"], content["champion_before"]
    if promoted is None:
        return ("Nothing changes in production.",)
    when = "Once it is approved, version" if content["awaits_approval"] else "Version"
    taken = f"{when} {promoted['version']} becomes the champion."
    return (taken, f"Version {before} becomes previous and is archived.") if before else (taken,)


def _undo(decision: Decision) -> str | None:
    """Return the command that takes a decision back, None if there is nothing to take back or to go back to."""
    content = decision.content
    if content["awaits_approval"]:
        return f"podium reject {decision.decision_id}"
    return "podium rollback" if content["promoted"] and content["champion_before"] else None


def _compared(comparison: Mapping[str, Any] | None, best: str | None) -> dict[str, Any]:
    """Return the challengers that could be compared with the champion, and how far their intervals reach.

    ``tested`` is the one whose tests are shown: the best, if it is among them, else the one that gains most.
    """
    found = [c for c in comparison["challengers"] if c["difference"]] if comparison else []
    ends = [c["difference"][end] for c in found[:MOST_COMPARED] for end in ("low", "high")]
    reach = (min(0.0, *ends), max(0.0, *ends)) if ends else (0.0, 1.0)
    tested = [c for c in found if c["candidate"] == best] or found
    return {"comparison": comparison, "compared": found[:MOST_COMPARED], "tested": tested[:1], "reach": reach}


def _row_of(evidence: Mapping[str, Any], version: str | None) -> Mapping[str, Any] | None:
    """Return the candidate of a version in the ranking, if it is there."""
    return next((r for r in evidence["ranking"] if version is not None and r["version"] == version), None)


def _rails(evidence: Mapping[str, Any], best: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the guardrails of the best candidate, those of the moment before its promotion included."""
    row = _row_of(evidence, best["version"] if best else None)
    return [*(row["guardrails"] if row else ()), *evidence.get("confirmed", ())]


def _sliced(
    evidence: Mapping[str, Any], best: Mapping[str, Any] | None, champion: str | None, primary: str
) -> dict[str, Any]:
    """Return what the best candidate measures on slices, beside the champion where that is another."""
    rows = [_row_of(evidence, version) for version in (best["version"] if best else None, champion)]
    own, theirs = (slice_values(row["metrics"], primary) if row else {} for row in rows)
    found = [
        (column, value, number, other := theirs.get(column, {}).get(value), _is_worse(primary, number, other))
        for column, values in own.items()
        for value, number in values.items()
    ]
    return {"slices": found, "is_other": rows[0] is not rows[1]}


def _is_worse(metric: str, own: float, other: float | None) -> bool:
    return other is not None and goodness(metric, own) < goodness(metric, other)


def _drawings(drawn: Drawn) -> list[dict[str, Any]]:
    """Return each kind of drawing with what it shows of every model."""
    curves = {name: one for name, one in drawn.items() if isinstance(one, Curves)}
    numbers = {name: one for name, one in drawn.items() if isinstance(one, Residuals)}
    return [*_curves(curves), *_scatters(numbers)]


def _curves(curves: Mapping[str, Curves]) -> list[dict[str, Any]]:
    kinds = {
        "ROC": ("roc", "false positive rate", "true positive rate", EVEN),
        "Precision and recall": ("precision_recall", "recall", "precision", None),
        "Calibration": ("calibration", "mean probability", "share of positive rows", EVEN),
    }
    return [
        {
            "title": title,
            "about": f"{y} over {x}, each from 0 to 1{_of_classes(curves)}",
            "line": line,
            "lines": [(model_id, polyline(getattr(one, name))) for model_id, one in curves.items()],
            "dots": [],
        }
        for title, (name, x, y, line) in kinds.items()
        if curves
    ]


def _of_classes(curves: Mapping[str, Curves]) -> str:
    classes = max(one.classes for one in curves.values())
    return f"; each row counts once for each of {classes} classes against the rest" if classes > 2 else ""


def _scatters(numbers: Mapping[str, Residuals]) -> list[dict[str, Any]]:
    if not numbers:
        return []
    return [
        _scatter("Predicted and true", "predicted over true", {m: r.predicted for m, r in numbers.items()}, True),
        _scatter(
            "Residuals", "predicted minus true over predicted", {m: r.residuals for m, r in numbers.items()}, False
        ),
    ]


def _scatter(title: str, about: str, points: Mapping[str, Points], square: bool) -> dict[str, Any]:
    """Return a drawing of dots in a frame of their own; the line is where nothing is off."""
    frame = frame_of(points.values(), square)
    reach = f"from {frame.left:.4g} to {frame.right:.4g} across and {frame.low:.4g} to {frame.high:.4g} up"
    found = [(model_id, dots(frame.placed(one))) for model_id, one in points.items()]
    return {"title": title, "about": f"{about}, {reach}", "line": EVEN if square else LEVEL, "lines": [], "dots": found}


def _per_class(best: Mapping[str, Any] | None) -> list[tuple[str, dict[str, float]]]:
    """Return (label, metrics) of the best candidate's classes, by label."""
    if best is None:
        return []
    rows: dict[str, dict[str, float]] = {}
    for name, value in best["metrics"].items():
        if name.startswith("class_") and "." in name:
            label, metric = name.removeprefix("class_").rsplit(".", 1)
            rows.setdefault(label, {})[metric] = value
    return sorted(rows.items())


def _scale(ranking: Sequence[Mapping[str, Any]], claimed: str) -> tuple[float, float]:
    """Return the lowest and the highest value that the bars show, with some room below the lowest."""
    values = [v for r in ranking for v in (r["value"], r["recorded"].get(claimed)) if v is not None]
    if not values:
        return (0.0, 1.0)
    low, high = min(values), max(values)
    return (max(0.0, low - (high - low or 0.1) * 0.5), high or 1.0)


def _bar(value: float | None, scale: tuple[float, float]) -> float:
    """Return the length of a bar in percent."""
    if value is None:
        return 0.0
    low, high = scale
    return round(100 * max(0.0, min(1.0, (value - low) / ((high - low) or 1.0))), 1)


def page(template: str, **context: Any) -> str:
    """Return an HTML page of a template, with whatever comes from a model escaped."""
    return _environment(True).get_template(template).render(context)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _span(ends: Sequence[float] | None) -> str:
    return "–" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}"


def escaped(value: object) -> str:
    """Return a text that Markdown shows as it is."""
    return MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


@cache
def _environment(escape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("podium"),
        autoescape=escape,  # noqa: S701 - Markdown is escaped by its own filter
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=_number, span=_span, signed=_signed, bar=_bar, md=escaped, beyond=beyond_told)
    return environment
