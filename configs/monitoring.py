"""How the champion is watched, as a configuration states it."""

from pydantic import Field

from configs.addresses import Place
from configs.section import Section


class MonitoringSection(Section):
    """The rows of now, and from when on they or the champion's answers to them are not what they were."""

    batches: Place | None = Field(
        None, description="Parquet or CSV file of recent rows, or a folder of such files, of which the newest counts."
    )
    psi: float = Field(
        0.25, gt=0, le=10, description="Population stability index above which a column, or the predictions, drifted."
    )
    drop: float = Field(
        0.05, ge=0, description="How much worse than on the holdout the primary metric may be, in its own unit."
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="Confidence of the interval that must be worse altogether to count as degraded."
    )
    minimum_rows: int = Field(100, ge=30, le=1_000_000, description="Rows below which a batch tells nothing.")
    most_rows: int = Field(
        200_000, ge=1000, le=100_000_000, description="Rows of a larger batch that are looked at, evenly spread."
    )
    ignore: tuple[str, ...] = Field((), max_length=500, description="Columns that may drift, such as a date.")
