"""Summary statistics of a staging root per model type."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from podium.staged import StagedModel

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "model_type": pl.String,
    "f1_score": pl.Float64,
    "roc_auc": pl.Float64,
    "bytes": pl.Int64,
    "broken": pl.Boolean,
    "trained_at": pl.Datetime(time_zone="UTC"),
}


def summarise(models: Sequence[StagedModel]) -> list[dict[str, Any]]:
    """Return one row per model type, most models first: counts, recorded F1 and AUC, bytes, first and last trained."""
    frame = pl.DataFrame([_row(m) for m in models], schema=SCHEMA, orient="row")
    table = frame.group_by("model_type").agg(
        pl.len().alias("models"),
        pl.col("broken").sum(),
        pl.col("f1_score").max().alias("f1_max"),
        pl.col("f1_score").mean().alias("f1_mean"),
        pl.col("f1_score").std().alias("f1_std"),
        pl.col("roc_auc").mean().alias("roc_auc_mean"),
        pl.col("bytes").sum(),
        pl.col("trained_at").min().dt.to_string("iso:strict").alias("first_trained_at"),
        pl.col("trained_at").max().dt.to_string("iso:strict").alias("last_trained_at"),
    )
    return table.sort(["models", "model_type"], descending=[True, False]).to_dicts()


def _row(model: StagedModel) -> tuple[Any, ...]:
    metrics = model.claims
    return (
        model.model_type,
        metrics.get("f1_score"),
        metrics.get("roc_auc"),
        model.folder.size,
        model.status == "broken",
        model.trained_at,
    )
