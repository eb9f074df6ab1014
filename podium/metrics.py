"""The names of metrics: an average is part of what a metric is; and which values a metric can have."""

import math

AVERAGED = ("precision", "recall", "f1_score")
"""Metrics that need an average over the classes."""
FROM_ZERO_TO_ONE = frozenset({*AVERAGED, "accuracy", "roc_auc"})


def metric_key(metric: str, average: str) -> str:
    """Return the name under which a metric is measured, its average included; ``weighted`` is the one unnamed."""
    return f"{metric}_{average}" if metric in AVERAGED and average != "weighted" else metric


def is_possible(metric: str, value: float) -> bool:
    """Whether a metric, by its name without average, can have a value: MLflow stores infinity as 1.8e308."""
    return 0 <= value <= 1 if metric in FROM_ZERO_TO_ONE else math.isfinite(value)
