"""Prefect tasks: the effects. The only place that touches MLflow, models, files, the network.

Whatever process works on tasks, be it of a deployment or a Dask worker, MLflow is quiet in it and quick to give up: by
default it asks its server for the address of each run that ends, only to print it, and draws a bar for each file.
"""

import os

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Five tries with growing pauses are a minute; MLflow's own default is four, for each call.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}

for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)
