"""What `podium doctor` looks at, without importing Prefect or MLflow where a question to a server does."""
