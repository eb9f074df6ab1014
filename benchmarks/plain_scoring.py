"""The straightforward scoring of a file that Podium is compared with: a block of rows after the other.

``python -m benchmarks.plain_scoring ROWS OUTPUT`` loads the champion of the MLflow that ``MLFLOW_TRACKING_URI`` names,
in its own library's flavour, and writes its probabilities beside the rows' identifiers.
"""

import sys
from typing import Any

import mlflow
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.demo_models import IDENTIFIER

BLOCK = 100_000
CHAMPION = "models:/churn@champion"


def answers(model: Any, columns: list[str], batch: pa.RecordBatch) -> pa.Table:
    """Return the identifiers of some rows with the probability of each class."""
    rows = batch.to_pandas()
    found = model.predict_proba(rows[columns])
    named = {f"probability_{label}": found[:, place] for place, label in enumerate(model.classes_)}
    return pa.table({IDENTIFIER: rows[IDENTIFIER], "prediction": model.predict(rows[columns]), **named})


def main() -> None:
    """Score a file."""
    source, target = sys.argv[1:3]
    wrapped = mlflow.pyfunc.load_model(CHAMPION)
    model, columns = wrapped.get_raw_model(), wrapped.metadata.get_input_schema().input_names()
    with pq.ParquetFile(source) as file:
        writer = None
        for batch in file.iter_batches(BLOCK):
            table = answers(model, columns, batch)
            writer = writer or pq.ParquetWriter(target, table.schema)
            writer.write_table(table)
    if writer:
        writer.close()


if __name__ == "__main__":
    main()
