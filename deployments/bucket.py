"""Makes the bucket for artifacts, unless it is there: ``python -m deployments.bucket NAME``.

The address of the object store and the access to it are in the environment, as MLflow and AWS name them.
"""

import os
import sys

import boto3
from botocore.exceptions import ClientError

THERE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


def main(name: str) -> None:
    """Make the bucket; twice is once."""
    client = boto3.client("s3", endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL"))
    try:
        client.create_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in THERE:
            raise


if __name__ == "__main__":
    main(sys.argv[1])
