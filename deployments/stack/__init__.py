"""The local stack of ``podium up``: an MLflow server, a Prefect server and a worker on one machine."""
