"""The effects of Podium: the only place that touches MLflow, models, files and the network."""
