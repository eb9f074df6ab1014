"""What surrounds the declared deployments: the reading and checking of ``prefect.yaml``."""
