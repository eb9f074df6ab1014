"""Reads a recorded comparison as another policy would: at another confidence, or for another improvement.

A record holds each challenger's difference with its standard error, and how many of these the bounds lie below the
differences at some confidences. That gives the bounds which a comparison of then would have had. Between two of these
confidences what both say is certain, and what they say differently is not known.
"""

from collections.abc import Mapping
from typing import Any

from podium.shown import Asked
from podium.superiority import gain_of, is_more, least_differing_rows, sure_of

Row = Mapping[str, Any]


def shown_better(compared: Row, challengers: Mapping[str, Row], metric: str, asked: Asked) -> dict[str, str] | None:
    """Return who would have been shown to be better, with the reason, None if the record does not tell.

    ``compared`` is the recorded comparison, ``challengers`` what it says of each, by any name.
    """
    if compared["metric"] != metric:
        return None
    if (compared["confidence"], compared["minimum_improvement"]) == (asked.confidence, asked.minimum_improvement):
        return {name: one["reason"] for name, one in challengers.items() if one["verdict"] == "better"}
    known = _criticals(compared)
    above = min((c for c in known if c >= asked.confidence), default=None)
    below = max((c for c in known if c <= asked.confidence), default=None)
    surely = _at(above, known, compared, challengers, asked) if above else {}
    perhaps = _at(below, known, compared, challengers, asked) if below else _comparable(challengers)
    return surely if surely.keys() == perhaps.keys() else None


def _comparable(challengers: Mapping[str, Row]) -> dict[str, Row]:
    """Return those of whom anything was shown: of the others nothing would have been."""
    return {name: one for name, one in challengers.items() if one["difference"]}


def _criticals(compared: Row) -> dict[float, float]:
    """Return by confidence how many standard errors the bounds lie below the differences."""
    told = {float(confidence): found for confidence, found in compared.get("criticals", {}).items()}
    return told if compared["critical"] is None else told | {compared["confidence"]: compared["critical"]}


def _at(
    confidence: float, known: Mapping[float, float], compared: Row, challengers: Mapping[str, Row], asked: Asked
) -> dict[str, str]:
    """Return who is shown to be better at a confidence, with the reason."""
    count = sum(1 for one in compared["challengers"] if one["difference"])
    needed, least = least_differing_rows(confidence, max(count, 1)), max(asked.minimum_improvement, 0.0)
    found: dict[str, str] = {}
    for name, one in _comparable(challengers).items():
        estimate, error = one["difference"]["estimate"], one["difference"]["standard_error"]
        bound = float(estimate - known[confidence] * error)
        if one["differing_rows"] >= needed and is_more(estimate, least) and is_more(bound, least):
            gain = gain_of(one["candidate"], estimate, compared["metric"])
            found[name] = f"{gain}; {sure_of(confidence, count, bound)}"
    return found
